import { MAX_LINE_BYTES } from './bytes.js';

/** A line or record as it stands in the file, without its end; `bytes` is undefined where it was too long to keep. */
export interface RawLine {
  /** Of its beginning, from 1. */
  readonly line: number;
  readonly bytes: Uint8Array | undefined;
}

/** Gathers pieces up to a bound; past it the pieces are let go. */
export class BoundedBuffer {
  #pieces: Uint8Array[] = [];
  #length = 0;

  get isEmpty(): boolean {
    return this.#length === 0;
  }

  push(piece: Uint8Array): void {
    this.#length += piece.length;
    if (this.#length > MAX_LINE_BYTES) this.#pieces = [];
    else if (piece.length > 0) this.#pieces.push(piece);
  }

  /** What was gathered, or undefined where it was too much; empties the buffer. */
  take(): Uint8Array | undefined {
    const [pieces, length] = [this.#pieces, this.#length];
    this.#pieces = [];
    this.#length = 0;
    if (length > MAX_LINE_BYTES) return undefined;
    return pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
  }
}

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

/** Lines that end with LF or CRLF; the last may lack its end. Holds one line of at most `MAX_LINE_BYTES`. */
export async function* splitLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<RawLine> {
  const buffer = new BoundedBuffer();
  let line = 1;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, start)) {
      buffer.push(chunk.subarray(start, end));
      yield { line: line++, bytes: withoutReturn(buffer.take()) };
      start = end + 1;
    }
    buffer.push(chunk.subarray(start));
  }
  if (!buffer.isEmpty) yield { line, bytes: withoutReturn(buffer.take()) };
}

function withoutReturn(bytes: Uint8Array | undefined): Uint8Array | undefined {
  return bytes?.at(-1) === CARRIAGE_RETURN ? bytes.subarray(0, -1) : bytes;
}
