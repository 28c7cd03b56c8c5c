import { concat, encode } from '../../dist/protocol/index.js';

/** CBOR (RFC 8949) as nobody should write it: for the vectors of what a strict reader must refuse. */

/** Major types of RFC 8949 section 3.1. */
export const UNSIGNED = 0;
export const BYTES = 2;
export const TEXT = 3;
const ARRAY = 4;
export const MAP = 5;
const TAG = 6;
const SIMPLE = 7;

/** An item already in bytes, to stand among values. */
export class Raw {
  constructor(bytes) {
    this.bytes = bytes;
  }
}

/** An item's head. `size`: in how many bytes the argument is written, 0 to 8; the fewest unless said. */
export function head(major, argument, size = fewest(argument)) {
  if (size === 0) return Uint8Array.of((major << 5) | Number(argument));
  const bytes = new Uint8Array(1 + size);
  bytes[0] = (major << 5) | (24 + Math.log2(size));
  for (let at = size, rest = BigInt(argument); at > 0; at--, rest >>= 8n) bytes[at] = Number(rest & 0xffn);
  return bytes;
}

function fewest(argument) {
  if (argument < 24) return 0;
  if (argument < 0x100) return 1;
  if (argument < 0x1_0000) return 2;
  return argument < 0x1_0000_0000 ? 4 : 8;
}

/** The bytes of an item; a list may have {@link Raw} ones among its values. */
export function item(value) {
  if (value instanceof Raw) return value.bytes;
  return Array.isArray(value) && value.some((one) => one instanceof Raw) ? array(value).bytes : encode(value);
}

/** A map with its entries in the order given, keys of any kind. */
export function map(entries) {
  return new Raw(concat(head(MAP, entries.length), ...entries.flatMap(([key, value]) => [item(key), item(value)])));
}

function array(values) {
  return new Raw(concat(head(ARRAY, values.length), ...values.map(item)));
}

/** The entries of an object in the one right order: shorter keys first, then by bytes. */
export function canonicalEntries(object) {
  const weight = ([key]) => String.fromCharCode(...item(key));
  return Object.entries(object).sort((a, b) => (weight(a) < weight(b) ? -1 : 1));
}

export function float64(number) {
  const bytes = new Uint8Array(9);
  new DataView(bytes.buffer).setFloat64(1, number);
  bytes[0] = (SIMPLE << 5) | 27;
  return new Raw(bytes);
}

/** Tag 42 around bytes that need not be a CID. */
export function link(bytes) {
  return new Raw(concat(head(TAG, 42), item(Uint8Array.of(0, ...bytes))));
}
