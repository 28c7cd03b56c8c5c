import { CHECKSUM_BYTES } from './rows.js';

/**
 * What a set of rows adds up to: their number, and the sum of their checksums modulo 2^128. The sum does not depend on
 * an order, so that one row can be added or taken away without reading the others (an additive multiset hash: Clarke
 * et al., "Incremental Multiset Hash Functions", ASIACRYPT 2003). It is there for disks that lose or change rows, not
 * against somebody who writes into the database on purpose: he could write the digest too.
 */
export interface Digest {
  readonly rows: number;
  readonly sum: bigint;
}

export const EMPTY_DIGEST: Digest = { rows: 0, sum: 0n };

/** The row in which the store keeps what it says about all tables. It is part of every batch. */
export const HEAD_KEY = '#head';
const TABLE_DIGEST_PREFIX = '#table!';

export const tableDigestKey = (table: string): string => `${TABLE_DIGEST_PREFIX}${table}`;

/** The table whose digest stands under this key; undefined for another key. */
export function tableOfDigestKey(key: string): string | undefined {
  return key.startsWith(TABLE_DIGEST_PREFIX) ? key.slice(TABLE_DIGEST_PREFIX.length) : undefined;
}

/** What the newest batch says about the whole store. */
export interface Head {
  /** How many batches were written before and with this one. */
  readonly batch: number;
  /** How many batches were found missing at the end when the store was opened, ever, and not yet accepted. */
  readonly lost: number;
  /** Of the rows of all tables together: this is what tells that a whole batch, digests and all, is missing in the middle. */
  readonly all: Digest;
}

export const EMPTY_HEAD: Head = { batch: 0, lost: 0, all: EMPTY_DIGEST };

/** The checksum at the beginning of a stored row, as a number. Rows too short to have one count as 0. */
export function checksumOf(row: Uint8Array): bigint {
  if (row.length < CHECKSUM_BYTES) return 0n;
  return readSum(new DataView(row.buffer, row.byteOffset, row.byteLength), 0);
}

export function addDigests(a: Digest, b: Digest): Digest {
  return { rows: a.rows + b.rows, sum: BigInt.asUintN(128, a.sum + b.sum) };
}

export const sameDigest = (a: Digest, b: Digest): boolean => a.rows === b.rows && a.sum === b.sum;

const DIGEST_BYTES = 8 + CHECKSUM_BYTES;

/** Number of rows (uint64, big endian) ‖ sum (16 bytes, big endian). */
export function encodeDigest(digest: Digest): Uint8Array {
  const bytes = new Uint8Array(DIGEST_BYTES);
  writeDigest(new DataView(bytes.buffer), 0, digest);
  return bytes;
}

export function decodeDigest(bytes: Uint8Array): Digest | undefined {
  return bytes.length === DIGEST_BYTES ? readDigest(viewOf(bytes), 0) : undefined;
}

/** Batches (uint64, big endian) ‖ lost batches (uint64) ‖ digest. */
export function encodeHead(head: Head): Uint8Array {
  const bytes = new Uint8Array(16 + DIGEST_BYTES);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(head.batch));
  view.setBigUint64(8, BigInt(head.lost));
  writeDigest(view, 16, head.all);
  return bytes;
}

export function decodeHead(bytes: Uint8Array): Head | undefined {
  if (bytes.length !== 16 + DIGEST_BYTES) return undefined;
  const view = viewOf(bytes);
  return { batch: Number(view.getBigUint64(0)), lost: Number(view.getBigUint64(8)), all: readDigest(view, 16) };
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function writeDigest(view: DataView, offset: number, { rows, sum }: Digest): void {
  // Rows can be fewer than none when rows that were lost are deleted: kept, so that the loss stays visible.
  view.setBigInt64(offset, BigInt(rows));
  view.setBigUint64(offset + 8, sum >> 64n);
  view.setBigUint64(offset + 16, BigInt.asUintN(64, sum));
}

function readDigest(view: DataView, offset: number): Digest {
  return { rows: Number(view.getBigInt64(offset)), sum: readSum(view, offset + 8) };
}

function readSum(view: DataView, offset: number): bigint {
  return (view.getBigUint64(offset) << 64n) | view.getBigUint64(offset + 8);
}
