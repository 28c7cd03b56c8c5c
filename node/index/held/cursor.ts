import { FORBIDDEN_CHARACTERS } from '../../../protocol/schema.js';
import { decodeUtf8 } from '../../../protocol/utf8.js';

const UNSIGNED = 0;
const BYTES = 2;
const TEXT = 3;
const ARRAY = 4;
const MAP = 5;

/** How a text is written: printable ASCII, tabs and line feeds; or also other characters of ASCII; or also others. */
const PLAIN = 0;
const CONTROL = 1;
const WIDE = 2;

/**
 * Reads strict DAG-CBOR whose shape is known, without making anything of what need not be kept. It knows no reasons: after anything
 * unexpected `failed` is true, what it gives is of no meaning, and the bytes are for the general reader to judge.
 */
export class Cursor {
  failed = false;
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  /** Goes on behind these bytes. @returns false, and stays, where others stand here */
  skip(expected: Uint8Array): boolean {
    const end = this.#at + expected.length;
    if (end > this.#bytes.length) return false;
    for (let index = 0; index < expected.length; index++)
      if (this.#bytes[this.#at + index] !== expected[index]) return false;
    this.#at = end;
    return true;
  }

  /** {@link skip}, where nothing else may stand. */
  expect(expected: Uint8Array): void {
    if (!this.skip(expected)) this.failed = true;
  }

  /** A safe integer that is not negative. */
  uint(): number {
    return this.#head(UNSIGNED);
  }

  arrayLength(most: number): number {
    return this.#length(ARRAY, most);
  }

  mapSize(most: number): number {
    return this.#length(MAP, most);
  }

  /** A view. */
  bytes(most: number): Uint8Array {
    const length = this.#length(BYTES, most);
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** So many bytes without a head; a view. */
  raw(length: number): Uint8Array {
    const at = this.#take(length);
    if (this.#at > this.#bytes.length) this.failed = true;
    return this.#bytes.subarray(at, at + length);
  }

  /** A text as its record's schema wants it: 1 to `most` UTF-16 units without control characters. */
  line(most: number): string {
    const length = this.#length(TEXT, 3 * most);
    const at = this.#take(length);
    const written = this.#look(at, length);
    // Beyond ASCII there are more characters that are refused, and more bytes than units.
    if (length === 0 || written !== PLAIN || length > most) {
      const text = written === WIDE ? this.#wide(at, length) : '';
      if (text.length < 1 || text.length > most || FORBIDDEN_CHARACTERS.test(text)) this.failed = true;
      return text;
    }
    return this.#bytes.toString('latin1', at, at + length);
  }

  /** {@link line} for what is not kept. @param least UTF-16 units */
  skipLine(most: number, least = 1): void {
    const length = this.#length(TEXT, 3 * most);
    const at = this.#take(length);
    if (length >= least && length <= most && this.#look(at, length) === PLAIN) return;
    const text = this.#wide(at, length);
    if (text.length < least || text.length > most || FORBIDDEN_CHARACTERS.test(text)) this.failed = true;
  }

  /** Any text of so many bytes. */
  text(most: number): string {
    const length = this.#length(TEXT, most);
    const at = this.#take(length);
    if (this.#look(at, length) !== WIDE) return this.#bytes.toString('latin1', at, at + length);
    return this.#wide(at, length);
  }

  #wide(at: number, length: number): string {
    try {
      return decodeUtf8(this.#bytes.subarray(at, at + length));
    } catch {
      this.failed = true;
      return '';
    }
  }

  #look(at: number, length: number): number {
    let written: number = PLAIN;
    for (let index = at; index < at + length; index++) {
      const byte = this.#bytes[index] ?? 0;
      if (byte >= 0x80) return WIDE;
      if (byte < 0x20 ? byte !== 0x09 && byte !== 0x0a : byte === 0x7f) written = CONTROL;
    }
    return written;
  }

  #length(major: number, most: number): number {
    const length = this.#head(major);
    if (length > most || length > this.#bytes.length - this.#at) this.failed = true;
    return this.failed ? 0 : length;
  }

  /** The argument of an item of this major type, written in the shortest way. */
  #head(major: number): number {
    const initial = this.#bytes[this.#at] ?? 0xff;
    const info = initial & 0x1f;
    if (initial >> 5 !== major || info > 27) {
      this.failed = true;
      return 0;
    }
    this.#at++;
    if (info < 24) return info;
    const size = 1 << (info - 24);
    let argument = 0;
    for (let index = 0; index < size; index++) argument = argument * 256 + (this.#bytes[this.#at + index] ?? 0);
    this.#at += size;
    const least = size === 1 ? 24 : 2 ** (4 * size);
    if (argument < least || argument > Number.MAX_SAFE_INTEGER || this.#at > this.#bytes.length) this.failed = true;
    return argument;
  }

  #take(length: number): number {
    const at = this.#at;
    this.#at += length;
    return at;
  }
}
