import { once } from 'node:events';
import { basename, relative } from 'node:path';
import type { z } from 'zod';
import type { NiagaNode } from '../../node/index.js';
import { DEFAULT_HOST } from '../../node/api/address.js';
import { resolveHome } from '../../node/home/locate.js';
import { typeNext, type Context } from '../context.js';
import type { Command, startInput } from '../forms.js';
import { note, print } from '../output.js';
import { safeJson } from '../safe-text.js';
import { withSettings } from '../settings.js';

/** Runs a node until SIGINT or SIGTERM; a second one ends the process at once (cli/main.ts). */
export const start: Command<z.output<typeof startInput>> = async (input, context) => {
  const { api, bootstrap, keepMedia, readReceipts, listen, logLevel, mdns } = await withSettings(
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
    logger: await createLogger(logLevel),
    // A host without a port: the usual one, or a free one when that is taken.
    api: api ?? DEFAULT_HOST,
  });
  if (!signal.aborted) {
    const ready = {
      event: 'ready',
      trader: node.trader,
      peerId: node.peerId,
      addresses: node.addresses(),
      api: node.apiUrl,
    };
    await print(context, context.json ? safeJson(ready) : whatToType(context));
    // In a file or a journal a link would be read by others, and is too old when somebody finds it.
    if (!context.json && context.stdout.isTTY === true) await print(context, await link(node));
    if (!context.json) note(context, `The node runs: trader ${node.trader}, API ${node.apiUrl ?? ''}.`);
    if (!context.json) note(context, `The page, in a browser on this machine: ${typeNext(context, 'open')}`);
    if (!context.json && !isOnPath())
      note(context, `Where the shell does not know niaga, type: node ${relative('', self())}`);
    if (!signal.aborted) await once(signal, 'abort');
  }
  return 0;
};

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
async function createLogger(level: string) {
  const { pino } = await import('pino');
  return pino({ level }, pino.destination({ fd: 2, sync: true }));
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
