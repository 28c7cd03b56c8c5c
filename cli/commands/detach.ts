import { spawn, type ChildProcess } from 'node:child_process';
import { open, readFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { z } from 'zod';
import { createClient } from '../../node/api/client.js';
import { programPath } from '../../node/version.js';
import { isNiagaError, NiagaError, type ErrorBody } from '../../protocol/errors.js';
import { connect, folderOf, running } from '../connect.js';
import { typeNext, type Context } from '../context.js';
import { fieldsOf, flagName } from '../fields.js';
import { startInput } from '../forms.js';
import { boundLog, LOG_FILE } from '../log-file.js';
import { note, print, printOne } from '../output.js';

/** Of the log it is the end that says why a node did not start. */
const MAX_LINES = 50;
const LOOK_AGAIN = 50;

type StartInput = z.output<typeof startInput>;

/**
 * Starts a node in a process of its own, and resolves once it answers. What it logs goes to the end of a file in its home.
 * @throws NiagaError what the node could not start with; HOME_LOCKED where one runs already; HOME_…
 */
export async function startDetached(input: StartInput, context: Context): Promise<number> {
  await refuseSecond(context);
  const { openHome, resolveHome } = await import('../../node/home/index.js');
  await openHome(resolveHome({ home: context.home, env: context.env }), context.network);
  const path = join(folderOf(context), LOG_FILE);
  await using log = await open(path, 'a', 0o600);
  // One that is full is put aside before what this start writes is looked for in it.
  boundLog(log.fd, path);
  const { size } = await log.stat();
  const child = launch(input, context, log);
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()).once('error', () => resolve()));
  const ready = await answering(child, ended, context).catch((error: unknown) => {
    // Who is not waited for any more is not left behind.
    child.kill();
    throw error;
  });
  if (ready === undefined) throw await reasonIn(path, size);
  child.unref();
  await printOne('start', { event: 'ready', ...ready, pid: child.pid, log: path }, context);
  if (!context.json) await print(context, `\nTo stop it: ${typeNext(context, 'stop')}`);
  note(context, `The node runs in the background (process ${String(child.pid)}) and logs into ${path}`);
  return 0;
}

/** @throws NiagaError HOME_LOCKED */
async function refuseSecond(context: Context): Promise<void> {
  try {
    await connect(context).call('status', {}, { signal: context.signal });
  } catch (error) {
    if (isNiagaError(error, 'NODE_UNREACHABLE') || isNiagaError(error, 'IDENTITY_MISSING')) return;
    throw error;
  }
  const { pid } = running(context);
  throw new NiagaError('HOME_LOCKED', `A node runs on this home already (process ${pid}).`, {
    where: folderOf(context),
    next: `To stop it: ${typeNext(context, 'stop')}`,
  });
}

function launch(input: StartInput, context: Context, log: FileHandle): ChildProcess {
  const where = context.home === undefined ? [] : ['--home', context.home];
  const words = ['start', ...optionsOf(input, context.given), ...where, '--network', context.network, '--json'];
  return spawn(process.execPath, [...process.execArgv, programPath(), ...words], {
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
    env: { ...context.env },
    windowsHide: true,
  });
}

/** The options as they were typed: what was not comes from environment, file or default there as here. */
function optionsOf(input: StartInput, given: readonly string[]): string[] {
  const values: Readonly<Record<string, unknown>> = input;
  return fieldsOf(startInput).flatMap(({ name }) => {
    const value = values[name];
    const flag = flagName(name);
    if (!given.includes(name)) return [];
    if (typeof value === 'boolean') return [value ? `--${flag}` : `--no-${flag}`];
    return (Array.isArray(value) ? value : [value]).map((one) => `--${flag}=${String(one)}`);
  });
}

/** What the node of this process says of itself; undefined: the process has ended. @throws the signal's reason */
async function answering(child: ChildProcess, ended: Promise<void>, context: Context) {
  const { signal } = context;
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return undefined;
    try {
      const { pid, ...where } = running(context);
      if (pid === child.pid) {
        const { trader, peerId, addresses, api, lan } = await createClient(where).call('status', {}, { signal });
        return { trader, peerId, addresses, api, ...(lan === undefined ? {} : { lan }) };
      }
    } catch (error) {
      if (!isNiagaError(error, 'NODE_UNREACHABLE') && !isNiagaError(error, 'IDENTITY_MISSING')) throw error;
    }
    await Promise.race([ended, setTimeout(LOOK_AGAIN, undefined, { signal })]);
  }
}

/** Why a node did not start: the error that it wrote last. */
async function reasonIn(path: string, from: number): Promise<NiagaError> {
  const lines = (await readFile(path)).subarray(from).toString().trimEnd().split('\n').slice(-MAX_LINES);
  for (const line of lines.toReversed()) {
    try {
      const { error } = JSON.parse(line) as { readonly error?: Partial<ErrorBody> };
      if (error?.code !== undefined) return NiagaError.from(error);
    } catch {
      // Not every line of a log is JSON.
    }
  }
  return new NiagaError('INTERNAL', `The node ended before it answered: ${lines.at(-1) ?? ''}`, { where: path });
}
