import { PassThrough, type Readable } from 'node:stream';

type Terminal = Readable & { readonly isRaw?: boolean; setRawMode?(raw: boolean): unknown };

/** What ends a line: keys send the first, some terminals both. */
const ENDS = [0x0d, 0x0a] as const;

/**
 * A terminal up to the end of one line. What comes after it, as when several lines are pasted, stays in the terminal: for the next line, or
 * for the command that this line begins.
 */
export class TypedLine extends PassThrough {
  readonly #terminal: Terminal;
  readonly isTTY = true;
  #released = false;
  readonly #take = (chunk: Buffer | string): void => this.#upToEnd(Buffer.from(chunk));
  readonly #finish = (): void => void this.end();

  constructor(terminal: Readable) {
    super();
    this.#terminal = terminal;
    if (terminal.readableEnded || terminal.destroyed) {
      this.end();
      return;
    }
    terminal.on('data', this.#take).once('end', this.#finish).once('close', this.#finish);
    terminal.resume();
  }

  get isRaw(): boolean {
    return this.#terminal.isRaw === true;
  }

  setRawMode(raw: boolean): this {
    this.#terminal.setRawMode?.(raw);
    return this;
  }

  /** Leaves the terminal to others. */
  release(): void {
    this.#released = true;
    this.#terminal.off('data', this.#take).off('end', this.#finish).off('close', this.#finish);
    this.#terminal.pause();
  }

  #upToEnd(chunk: Buffer): void {
    const at = chunk.findIndex((byte) => ENDS.some((end) => byte === end));
    if (at < 0) return void this.write(chunk);
    const after = at + (chunk[at] === ENDS[0] && chunk[at + 1] === ENDS[1] ? 2 : 1);
    this.#terminal.pause();
    if (after < chunk.length) this.#terminal.unshift(chunk.subarray(after));
    this.write(chunk.subarray(0, after));
    // With Alt the key ends no line: who reads this has not released it by then.
    setImmediate(() => this.#released || this.#terminal.resume());
  }
}
