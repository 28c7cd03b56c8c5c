import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { createClient, type Client } from '../node/api/client.js';
import { resolveHome } from '../node/home/locate.js';
import { isNiagaError, NiagaError } from '../protocol/errors.js';
import { typeNext, type Context } from './context.js';

const apiFileSchema = z.object({
  url: z.url(),
  token: z.string().min(16),
  pid: z.int().positive(),
  trader: z.string(),
});

type RunningNode = z.infer<typeof apiFileSchema>;

/**
 * A client of the node that runs on the chosen home.
 * @throws NiagaError NODE_UNREACHABLE, IDENTITY_MISSING
 */
export function connect(context: Context): Client {
  return createClient(running(context));
}

/** What the node that runs on the chosen home says of itself. @throws NiagaError NODE_UNREACHABLE, IDENTITY_MISSING */
export function running(context: Context): RunningNode {
  const folder = folderOf(context);
  const file = readApiFile(join(folder, 'api.json'));
  if (file === undefined || !isAlive(file.pid)) throw nobodyThere(context, folder);
  return file;
}

/** Where all that is of this home and network lies. */
export function folderOf({ home, network, env }: Pick<Context, 'home' | 'network' | 'env'>): string {
  return join(resolveHome({ home, env }), network);
}

/** A client that has forgotten which input belongs to which key: for who goes through the table by keys. */
interface LooseClient {
  call(key: string, input: unknown, options: object): Promise<unknown>;
  stream(key: string, input: unknown, options: object): AsyncIterable<unknown>;
}

/** @returns the same client; its inputs must be checked by the row of their key */
export function loosened(client: Client): LooseClient {
  return client;
}

/** What a command failed with, said for this home: a client knows an address only. */
export function explain(error: unknown, context: Context): unknown {
  if (!isNiagaError(error, 'NODE_UNREACHABLE')) return error;
  const home = resolveHome({ home: context.home, env: context.env });
  return new NiagaError('NODE_UNREACHABLE', error.message, {
    where: home,
    next: `Start one with: ${typeNext(context, 'start')}`,
    cause: error,
  });
}

function readApiFile(path: string): RunningNode | undefined {
  let text: string;
  try {
    // Synchronous: waking the thread pool would cost more than the reading.
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new NiagaError('HOME_UNUSABLE', `The file of the running node cannot be read (${String(code)}).`, {
      where: path,
      next: 'Run the command as the user who started the node, or choose another home with --home.',
      cause: error,
    });
  }
  try {
    return apiFileSchema.parse(JSON.parse(text));
  } catch {
    // Written at once or not at all, so a damaged one is not of a node that runs.
    return undefined;
  }
}

/** Whether there is such a process: a node that was killed leaves its file. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function nobodyThere(context: Context, folder: string): NiagaError {
  const next = `Start one with: ${typeNext(context, 'start')}`;
  return existsSync(join(folder, 'identity'))
    ? new NiagaError('NODE_UNREACHABLE', `No node runs on this home (${folder}).`, { where: folder, next })
    : new NiagaError('IDENTITY_MISSING', `No node runs on this home, and it has no identity yet (${folder}).`, {
        where: folder,
        next,
      });
}
