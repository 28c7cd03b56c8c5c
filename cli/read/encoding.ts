import { NiagaError } from '../../protocol/errors.js';
import { decodeUtf8 } from '../../protocol/utf8.js';

const SAVE_AS = 'Save the file as UTF-8 and try again.';

/** Bytes of a file's beginning that `bomLength` looks at. */
export const ENCODING_HEAD_BYTES = 4;

/**
 * How many bytes of a byte order mark to skip: 3 for UTF-8's, else 0.
 *
 * @throws NiagaError INPUT_ENCODING for UTF-16 and UTF-32, with or without their mark: no text that Niaga reads has a
 * NUL among its first characters.
 */
export function bomLength(head: Uint8Array): number {
  const [first, second, third] = head;
  const isUtf16 = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  if (isUtf16 || head.subarray(0, ENCODING_HEAD_BYTES).includes(0)) {
    const message = `The text is encoded as ${isUtf16 ? 'UTF-16' : 'UTF-16 or something else'}, not as UTF-8.`;
    throw new NiagaError('INPUT_ENCODING', message, { where: 'line 1', next: SAVE_AS, details: { line: 1 } });
  }
  return first === 0xef && second === 0xbb && third === 0xbf ? 3 : 0;
}

/** The text of a part of a file that begins on `line`. @throws NiagaError INPUT_ENCODING with the place of the first wrong byte */
export function decodeLines(bytes: Uint8Array, line: number): string {
  try {
    return decodeUtf8(bytes);
  } catch (cause) {
    const at = firstInvalidByte(bytes);
    const before = bytes.subarray(0, at);
    const lineStart = before.lastIndexOf(0x0a) + 1;
    const wrongLine = line + before.reduce((count, byte) => count + (byte === 0x0a ? 1 : 0), 0);
    const hex = (bytes[at] ?? 0).toString(16).toUpperCase().padStart(2, '0');
    const message = `Line ${wrongLine} is not UTF-8: byte 0x${hex} at byte ${at - lineStart + 1} of the line.`;
    const details = { line: wrongLine };
    throw new NiagaError('INPUT_ENCODING', message, { where: `line ${wrongLine}`, next: SAVE_AS, details, cause });
  }
}

/** Where well-formed UTF-8 ends (Unicode 16, table 3-7): the offset of the first byte that no character begins at. */
function firstInvalidByte(bytes: Uint8Array): number {
  let at = 0;
  while (at < bytes.length) {
    const length = characterLength(bytes, at);
    if (length === 0) return at;
    at += length;
  }
  return at;
}

function characterLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return 1;
  const second = bytes[at + 1] ?? 0;
  const [low, high] = [SECOND_FROM.get(first) ?? 0x80, SECOND_TO.get(first) ?? 0xbf];
  if (first < 0xc2 || first > 0xf4 || second < low || second > high) return 0;
  const length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
  for (let index = 2; index < length; index++) if (((bytes[at + index] ?? 0) & 0xc0) !== 0x80) return 0;
  return length;
}

/** Narrower bounds of the second byte: no overlong forms, no surrogates, nothing past U+10FFFF. */
const SECOND_FROM: ReadonlyMap<number, number> = new Map([
  [0xe0, 0xa0],
  [0xf0, 0x90],
]);
const SECOND_TO: ReadonlyMap<number, number> = new Map([
  [0xed, 0x9f],
  [0xf4, 0x8f],
]);
