import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { jsonLines, niaga } from '../cli/cli.js';

/** The built command line; test/support/build.ts has built it before any test runs. */
const CLI = fileURLToPath(new URL('../../dist/bin/niaga.js', import.meta.url));

/** How often a node is asked whether it shows something, and after how many milliseconds again: a minute and a half in all. */
const [TRIES, PAUSE] = [900, 100];

interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one command to its end, in a process of its own. The one of cli/cli.ts needs none, and is many times faster. */
export function niagaProcess(args: readonly string[]): Promise<Finished> {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, NO_COLOR: '1' } };
    execFile(process.execPath, [CLI, ...args], options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : null;
      resolve({ code, stdout, stderr });
    }).stdin?.end();
  });
}

/** A node in a process of its own. */
export class NodeProcess {
  readonly home: string;
  addresses: string[] = [];
  /** Where the API listens; a free port of this machine unless set before the start. */
  api = '127.0.0.1:0';
  #child: ChildProcess | undefined;
  readonly #bootstrap: readonly string[];

  constructor(home: string, bootstrap: readonly string[] = []) {
    this.home = home;
    this.#bootstrap = bootstrap;
  }

  async start(): Promise<this> {
    // A node that comes back listens where it did before, as one with a fixed port in its configuration does.
    const port = /tcp\/(\d+)/.exec(this.addresses[0] ?? '')?.[1] ?? '0';
    const args = [
      'start',
      '--home',
      this.home,
      '--listen',
      `/ip4/127.0.0.1/tcp/${port}`,
      '--api',
      this.api,
      '--no-mdns',
      '--json',
    ];
    const child = spawn(
      process.execPath,
      [CLI, ...args, ...this.#bootstrap.flatMap((address) => ['--bootstrap', address])],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    this.#child = child;
    let errors = '';
    child.stderr.on('data', (chunk) => (errors += String(chunk)));
    for await (const line of createInterface({ input: child.stdout })) {
      this.addresses = (JSON.parse(line) as { addresses: string[] }).addresses;
      return this;
    }
    throw new Error(`the node in ${this.home} ended before it was ready: ${errors}`);
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<number | null> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
    return child.exitCode;
  }

  /** Runs a command against this node and gives its (first) output. */
  async run(...args: string[]): Promise<Record<string, unknown>> {
    const { code, out, err } = await niaga([...args, '--home', this.home, '--json']);
    const [first] = code === 0 ? jsonLines(out) : [];
    if (first === undefined) throw new Error(`niaga ${args.join(' ')}: exit ${code}: ${err}`);
    return first;
  }

  /** Waits until a trade shows a state here. */
  async shows(trade: string, state: string): Promise<void> {
    let last: unknown;
    for (let tries = 0; tries < TRIES; tries++) {
      last = await this.run('trade', 'show', trade).catch(String);
      if (typeof last === 'object' && last !== null && 'state' in last && last.state === state) return;
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
    throw new Error(`${this.home} does not show ${state}: ${JSON.stringify(last)}`);
  }
}

/** A folder that is gone when the tests are. */
export async function temporaryFolder(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'niaga-test-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
