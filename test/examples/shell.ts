import { spawn, type ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import type { Writable } from 'node:stream';

const ENDED = '::ended::';
const TIME_LIMIT = 90_000;

export interface Typed {
  readonly code: number;
  readonly text: string;
}

/** A terminal: what is typed into it runs one after the other, with the jobs in the background that an earlier line started. */
export class Shell implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #lines: Writable;
  #shown = '';
  readonly #output = new EventEmitter();

  constructor(cwd: string, env: NodeJS.ProcessEnv) {
    // The lines come on a pipe of their own: node makes its standard input non-blocking, and bash could not read on from it.
    const read = 'exec 2>&1; shopt -s expand_aliases; set -m; while IFS= read -r -u 3 line; do eval "$line"; done';
    this.#child = spawn('bash', ['--noprofile', '--norc', '-c', read], {
      cwd,
      env,
      stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
    });
    this.#lines = this.#child.stdio[3] as Writable;
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#shown += text;
      this.#output.emit('more');
    });
  }

  /** All that was shown so far. */
  get shown(): string {
    return this.#shown;
  }

  /** Types a line and waits for its end; one in the background has ended at once. */
  async type(line: string): Promise<Typed> {
    const from = this.#shown.length;
    this.#lines.write(`${line}\necho "${ENDED}$?"\n`);
    const [, text = '', code] = await this.waitFor(new RegExp(`^([^]*?)${ENDED}(\\d+)\n`), from);
    return { code: Number(code), text };
  }

  /** Waits until what is shown after `from` matches. */
  async waitFor(pattern: RegExp, from = 0): Promise<RegExpExecArray> {
    const limit = AbortSignal.timeout(TIME_LIMIT);
    for (;;) {
      const found = pattern.exec(this.#shown.slice(from));
      if (found !== null) return found;
      await once(this.#output, 'more', { signal: limit }).catch(() => {
        throw new Error(`The terminal never showed ${String(pattern)}:\n${this.#shown}`);
      });
    }
  }

  /** Closes the terminal, and with it what still runs in it. */
  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#child, 'close');
    this.#lines.end('kill $(jobs -p) 2>/dev/null; wait; exit\n');
    await closed;
  }
}
