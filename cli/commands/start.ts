import { once } from 'node:events';
import { basename, join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { z } from 'zod';
import type { NiagaNode } from '../../node/index.js';
import { DEFAULT_HOST } from '../../node/api/address.js';
import { resolveHome } from '../../node/home/locate.js';
import { takesWrites } from '../../node/home/takes-writes.js';
import { isNiagaError, type NiagaError } from '../../protocol/errors.js';
import { typeNext, type Context } from '../context.js';
import { folderOf } from '../connect.js';
import { reportError } from '../errors.js';
import type { Command, startForm } from '../forms.js';
import { boundLog, LOG_FILE } from '../log-file.js';
import { note, print } from '../output.js';
import { safeJson } from '../safe-text.js';
import { withSettings } from '../settings.js';

/** Milliseconds before the first look at a disk that refused to write; twice as long each time, and a minute at most. */
const LOOK_AGAIN = 2_000;
const MOST_PAUSE = 60_000;
const STDERR = 2;

/**
 * Runs a node until SIGINT or SIGTERM; a second one ends the process at once (cli/main.ts). Where the disk refuses to write, it goes on
 * once the disk takes writes again. Or has another process do it.
 */
export const start: Command<z.output<typeof startForm>> = async ({ detach, ...input }, context) => {
  if (detach) return (await import('./detach.js')).startDetached(input, context);
  let failed = await runOnce(input, context);
  while (failed !== undefined) {
    try {
      failed = await runOnce(input, context);
    } catch (error) {
      // Full again while it starts: no reason to end a node that ran.
      if (!isNiagaError(error) || !isOfDisk(error)) throw error;
      failed = await waitForDisk(error, context);
    }
  }
  return 0;
};

const NO_ROOM: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT']);

function isOfDisk({ code, cause }: NiagaError): boolean {
  return code === 'STORE_FAILED' || (cause instanceof Error && 'code' in cause && NO_ROOM.has(cause.code));
}

/** One life of the node. Gives the failure of the disk after which it can begin another; undefined: it was told to end. */
async function runOnce(
  input: Omit<z.output<typeof startForm>, 'detach'>,
  context: Context,
): Promise<NiagaError | undefined> {
  const { api, bootstrap, keepMedia, lan, readReceipts, listen, logLevel, mdns, tlsCert, tlsKey } = await withSettings(
    input,
    context.given,
    context,
  );
  const { signal } = context;
  const { createNode } = await import('../../node/index.js');
  await using node = await createNode({
    home: resolveHome({ home: context.home, env: context.env }),
    network: context.network,
    listen,
    bootstrap,
    mdns,
    keepMedia,
    readReceipts,
    logger: await createLogger(logLevel, folderOf(context)),
    // A host without a port: the usual one, or a free one when that is taken.
    api: api ?? DEFAULT_HOST,
    lan,
    tlsCert,
    tlsKey,
  });
  if (!signal.aborted) {
    const ready = {
      event: 'ready',
      trader: node.trader,
      peerId: node.peerId,
      addresses: node.addresses(),
      api: node.apiUrl,
      ...(node.lanUrl === undefined ? {} : { lan: node.lanUrl }),
    };
    await print(context, context.json ? safeJson(ready) : whatToType(context));
    // In a file or a journal a link would be read by others, and is too old when somebody finds it.
    if (!context.json && context.stdout.isTTY === true) await print(context, await link(node));
    if (!context.json) note(context, `The node runs: trader ${node.trader}, API ${node.apiUrl ?? ''}.`);
    if (!context.json) note(context, `The page, in a browser on this machine: ${typeNext(context, 'open')}`);
    if (!context.json && node.lanUrl !== undefined)
      note(context, `Phones reach it at ${node.lanUrl}; pair one: ${typeNext(context, 'pair')}`);
    if (!context.json && !isOnPath())
      note(context, `Where the shell does not know niaga, type: node ${relative('', self())}`);
    if (!signal.aborted)
      return await Promise.race([ended(signal), node.failed.then((error) => waitForDisk(error, context))]);
  }
  return undefined;
}

async function ended(signal: AbortSignal): Promise<undefined> {
  await once(signal, 'abort');
}

/** Says what is wrong, and resolves when the disk takes writes again; undefined: the command was told to end. */
async function waitForDisk(error: NiagaError, context: Context): Promise<NiagaError | undefined> {
  reportError(error, context.json, context);
  note(context, 'Nothing can be changed until then; what is there can be read.');
  const folder = folderOf(context);
  let pause = LOOK_AGAIN;
  do {
    await sleep(pause, undefined, { signal: context.signal }).catch(() => undefined);
    if (context.signal.aborted) return undefined;
    pause = Math.min(MOST_PAUSE, 2 * pause);
  } while (!(await takesWrites(folder)));
  note(context, 'The disk takes writes again: the node goes on.');
  return error;
}

async function link(node: NiagaNode): Promise<string> {
  return `\nThe page, in a browser on this machine, once: ${(await node.open({})).url}`;
}

function self(): string {
  return process.argv[1] ?? '';
}

/** An installed command is called by its own name, a clone by the name of its main file. */
function isOnPath(): boolean {
  return basename(self()) !== 'main.js';
}

/** Synchronous writing to standard error: what was logged before a crash is seen. */
async function createLogger(level: string, folder: string) {
  const { pino } = await import('pino');
  const destination = pino.destination({ fd: STDERR, sync: true });
  const bounded = boundLog(STDERR, join(folder, LOG_FILE));
  if (bounded === undefined) return pino({ level }, destination);
  const write = (line: string): void => {
    bounded.makeRoom(Buffer.byteLength(line));
    destination.write(line);
  };
  return pino({ level }, { write });
}

function whatToType(context: Context): string {
  const lines: [string, string][] = [
    [typeNext(context, 'status'), 'who and where this node is'],
    [typeNext(context, 'publish FILE'), 'offer what stands in a JSON, NDJSON or CSV file'],
    [typeNext(context, 'search WORDS'), 'find things in the whole network'],
    [typeNext(context, 'offer LISTING'), 'buy what was found, by its id'],
    ['Ctrl-C', 'stop this node'],
  ];
  const width = Math.max(...lines.map(([command]) => command.length));
  return lines.map(([command, what]) => `${command.padEnd(width)}  ${what}`).join('\n');
}
