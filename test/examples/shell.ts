import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { EventEmitter, once } from 'node:events';

const ENDED = '::ended::';

export interface Typed {
  readonly code: number;
  readonly text: string;
}

/** A terminal: what is typed into it runs one after the other, with the jobs in the background that an earlier line started. */
export class Shell implements AsyncDisposable {
  readonly #child: ChildProcessWithoutNullStreams;
  #shown = '';
  readonly #output = new EventEmitter();

  constructor(cwd: string, env: NodeJS.ProcessEnv) {
    this.#child = spawn('bash', ['--noprofile', '--norc', '-s'], { cwd, env });
    for (const output of [this.#child.stdout, this.#child.stderr]) {
      output.setEncoding('utf8').on('data', (text: string) => {
        this.#shown += text;
        this.#output.emit('more');
      });
    }
    this.#child.on('close', () => this.#output.emit('error', new Error(`The shell has ended: ${this.#shown}`)));
    this.#output.on('error', () => undefined);
    // As in a terminal: aliases, and jobs with numbers.
    this.#child.stdin.write('shopt -s expand_aliases; set -m\n');
  }

  /** All that was shown so far. */
  get shown(): string {
    return this.#shown;
  }

  /** Types a line and waits for its end; one in the background has ended at once. */
  async type(line: string): Promise<Typed> {
    const from = this.#shown.length;
    this.#child.stdin.write(`${line}\necho "${ENDED}$?"\n`);
    const [, text = '', code] = await this.waitFor(new RegExp(`^([^]*?)${ENDED}(\\d+)\n`), from);
    return { code: Number(code), text };
  }

  /** Waits until what is shown after `from` matches. */
  async waitFor(pattern: RegExp, from = 0): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.#shown.slice(from));
      if (found !== null) return found;
      await once(this.#output, 'more');
    }
  }

  /** Closes the terminal, and with it what still runs in it. */
  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#child, 'close');
    this.#child.stdin.end('kill $(jobs -p) 2>/dev/null; wait\n');
    await closed;
  }
}
