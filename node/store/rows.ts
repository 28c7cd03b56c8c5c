import { hash } from 'node:crypto';
import { NiagaError } from '../../protocol/errors.js';

/**
 * How rows lie in the LevelDB.
 *
 *     !<table>!<key>     checksum (16 bytes) ‖ value     the rows of the tables
 *     #head, #table!<t>  checksum (16 bytes) ‖ figures   what the store says about itself, see digest.ts
 *
 * The checksum is the first half of SHA-256 over the length of the whole key (uint32, big endian), the key, and the
 * value: a changed value does not match it, nor does a value that stands under another key or table.
 */
export const CHECKSUM_BYTES = 16;

const TABLE_NAME = /^[a-z][a-z0-9-]{0,31}$/;
/** With the `u` flag a pair counts as one character, so only a surrogate that stands alone matches. */
const LONE_SURROGATE = /[\uD800-\uDFFF]/u;

const TABLE_MARK = 0x21; // "!"
/** No byte of UTF-8 is as large, so this ends a range after every key with the prefix before it. */
const AFTER_ALL_KEYS = Buffer.of(0xff);

export function checkTableName(table: string): void {
  if (!TABLE_NAME.test(table)) {
    throw new NiagaError('INTERNAL', `"${table}" cannot be the name of a table`, { where: 'table' });
  }
}

/** @throws NiagaError INPUT_INVALID for text that UTF-8 cannot hold: two such keys would become one. */
export function rowKey(table: string, key: string): string {
  if (LONE_SURROGATE.test(key)) {
    throw new NiagaError('INPUT_INVALID', 'A key of the store is not well-formed text', { where: `${table}: key` });
  }
  return `!${table}!${key}`;
}

/** Table and key of a row; undefined when the key is none that {@link rowKey} makes. */
export function splitRowKey(rowKeyBytes: Buffer): { table: string; key: string } | undefined {
  const end = rowKeyBytes.indexOf(TABLE_MARK, 1);
  if (rowKeyBytes[0] !== TABLE_MARK || end === -1) return undefined;
  const table = rowKeyBytes.toString('latin1', 1, end);
  if (!TABLE_NAME.test(table)) return undefined;
  return { table, key: rowKeyBytes.toString('utf8', end + 1) };
}

/** Keys before and after all of a table, and after and before all of others; no row ever has them. */
export function tableEnds(table: string): { start: Buffer; end: Buffer } {
  checkTableName(table);
  return { start: Buffer.from(`!${table}`), end: Buffer.concat([Buffer.from(`!${table}!`), AFTER_ALL_KEYS]) };
}

/** Keys of a table are compared as UTF-8 bytes. Bounds that contradict each other give an empty range. */
export interface KeyRange {
  /** Only keys that begin with this. */
  readonly prefix?: string | undefined;
  readonly gt?: string | undefined;
  readonly gte?: string | undefined;
  readonly lt?: string | undefined;
  readonly lte?: string | undefined;
}

/** The bounds of a range of a table, as the LevelDB wants them: from inclusive, to exclusive. */
export function rowRange(table: string, range: KeyRange): { gte: Buffer; lt: Buffer } {
  const bytes = (key: string): Buffer => Buffer.from(rowKey(table, key));
  const prefix = bytes(range.prefix ?? '');
  const lower: Buffer[] = [prefix];
  const upper: Buffer[] = [Buffer.concat([prefix, AFTER_ALL_KEYS])];
  // The next key after `k` in byte order is `k` and a zero byte.
  const after = (key: string): Buffer => Buffer.concat([bytes(key), Buffer.of(0)]);
  if (range.gt !== undefined) lower.push(after(range.gt));
  if (range.gte !== undefined) lower.push(bytes(range.gte));
  if (range.lt !== undefined) upper.push(bytes(range.lt));
  if (range.lte !== undefined) upper.push(after(range.lte));
  return {
    gte: lower.reduce((a, b) => (Buffer.compare(a, b) >= 0 ? a : b)),
    lt: upper.reduce((a, b) => (Buffer.compare(a, b) <= 0 ? a : b)),
  };
}

/** One buffer for all hashing: to hash in one call is half again as fast as in three, and this code is synchronous. */
let scratch = Buffer.allocUnsafe(64 * 1024);

/** @param rowKey as text or as its bytes @returns a byte a character, which costs no memory of its own as bytes would */
function checksum(rowKey: string | Uint8Array, value: Uint8Array): string {
  const isText = typeof rowKey === 'string';
  const keyLength = isText ? Buffer.byteLength(rowKey) : rowKey.length;
  const length = 4 + keyLength + value.length;
  if (scratch.length < length) scratch = Buffer.allocUnsafe(length * 2);
  scratch.writeUInt32BE(keyLength, 0);
  if (isText) scratch.write(rowKey, 4);
  else scratch.set(rowKey, 4);
  scratch.set(value, 4 + keyLength);
  return hash('sha256', scratch.subarray(0, length), 'binary');
}

/** The stored form of a value under a key. */
export function seal(key: string, value: Uint8Array): Uint8Array {
  // Out of Node's pool: memory of its own costs more than the rest, and the row goes to LevelDB at once.
  const row = Buffer.allocUnsafe(CHECKSUM_BYTES + value.length);
  row.write(checksum(key, value), 0, CHECKSUM_BYTES, 'latin1');
  row.set(value, CHECKSUM_BYTES);
  return row;
}

/** The value of a stored row, or undefined when it is not what was written under this key. */
export function unseal(key: string | Uint8Array, row: Uint8Array): Uint8Array | undefined {
  if (row.length < CHECKSUM_BYTES) return undefined;
  // LevelDB gives Buffers, whose `slice` does not copy: readers get the plain kind.
  const value = new Uint8Array(row.buffer, row.byteOffset + CHECKSUM_BYTES, row.length - CHECKSUM_BYTES);
  return sameChecksum(checksum(key, value), row) ? value : undefined;
}

function sameChecksum(checksum: string, row: Uint8Array): boolean {
  for (let i = 0; i < CHECKSUM_BYTES; i++) if (checksum.charCodeAt(i) !== row[i]) return false;
  return true;
}
