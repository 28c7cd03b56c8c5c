import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import type { Surroundings } from '../../cli/context.js';
import { run } from '../../cli/run.js';
import type { Handlers } from '../../node/api/handlers.js';
import { serve, type Served } from '../node/api/serve.js';

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly env?: Record<string, string>;
  readonly stdin?: string | Readable;
  /** Columns of a terminal on standard output; without it, it is none. */
  readonly columns?: number;
  /** Columns of a terminal on standard error; without it, it is none. */
  readonly errColumns?: number;
  readonly signal?: AbortSignal;
  readonly onOut?: (text: string) => void;
  readonly onErr?: (text: string) => void;
}

class Sink extends Writable {
  text = '';
  isTTY?: boolean;
  columns?: number;

  constructor(readonly onText: (text: string) => void = () => undefined) {
    super();
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    this.onText(chunk.toString());
    done();
  }
}

/** Runs a command in this process with streams of its own. */
export async function niaga(words: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const stdout = new Sink(options.onOut);
  const stderr = new Sink(options.onErr);
  if (options.columns !== undefined) Object.assign(stdout, { isTTY: true, columns: options.columns });
  if (options.errColumns !== undefined) Object.assign(stderr, { isTTY: true, columns: options.errColumns });
  const { stdin = '' } = options;
  const surroundings: Surroundings = {
    stdin: typeof stdin === 'string' ? Readable.from([Buffer.from(stdin)]) : stdin,
    stdout,
    stderr,
    env: options.env ?? {},
    signal: options.signal ?? new AbortController().signal,
  };
  return { code: await run(words, surroundings), out: stdout.text, err: stderr.text };
}

export interface ServedHome extends AsyncDisposable {
  readonly home: string;
  readonly served: Served;
}

/** A home on which a server with these handlers runs. */
export async function serveHome(given: Partial<Handlers> = {}): Promise<ServedHome> {
  const home = await mkdtemp(join(tmpdir(), 'niaga-cli-'));
  await mkdir(join(home, 'main', 'identity'), { recursive: true });
  const served = await serve(given, { home: { apiFile: join(home, 'main', 'api.json') } });
  return {
    home,
    served,
    async [Symbol.asyncDispose]() {
      await served[Symbol.asyncDispose]();
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** A folder that goes away with the test, with these files in it. */
export async function folderWith(
  files: Record<string, string | Uint8Array> = {},
): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'niaga-cli-'));
  for (const [name, content] of Object.entries(files)) await writeFile(join(path, name), content);
  return {
    path,
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

export function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
