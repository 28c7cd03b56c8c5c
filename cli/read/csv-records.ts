import { BoundedBuffer, type RawLine } from './lines.js';

/** A record of a CSV file as it stands there; `openQuote` where the file ends inside a quoted field. */
export interface RawRecord extends RawLine {
  readonly openQuote?: true;
}

const QUOTE = 0x22;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

type State = 'field start' | 'plain' | 'quoted' | 'after quote';

/**
 * Records of RFC 4180: a line break inside a quoted field belongs to it. A quote opens only at the beginning of a field,
 * so that `10" pipe` is no trap. Records end with LF, CRLF or CR; one of at most `MAX_LINE_BYTES` is held at a time.
 * All bytes that matter are ASCII, so UTF-8 needs no decoding here.
 */
export async function* splitRecords(chunks: AsyncIterable<Uint8Array>, delimiter: number): AsyncGenerator<RawRecord> {
  const buffer = new BoundedBuffer();
  let state: State = 'field start';
  let line = 1;
  let begun = 1;
  let previous = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at] ?? 0;
      const isBreak = byte === CARRIAGE_RETURN || (byte === LINE_FEED && previous !== CARRIAGE_RETURN);
      const isSecondHalf = byte === LINE_FEED && previous === CARRIAGE_RETURN;
      previous = byte;
      if (isBreak) line++;
      if (state === 'quoted') {
        if (byte === QUOTE) state = 'after quote';
      } else if (isBreak) {
        buffer.push(chunk.subarray(start, at));
        yield { line: begun, bytes: buffer.take() };
        state = 'field start';
        begun = line;
        start = at + 1;
      } else if (isSecondHalf && start === at) {
        start = at + 1;
      } else if (byte === delimiter) {
        state = 'field start';
      } else if (byte === QUOTE && state !== 'plain') {
        state = 'quoted';
      } else {
        state = 'plain';
      }
    }
    buffer.push(chunk.subarray(start));
  }
  if (state === 'quoted') yield { line: begun, bytes: buffer.take(), openQuote: true };
  else if (!buffer.isEmpty) yield { line: begun, bytes: buffer.take() };
}
