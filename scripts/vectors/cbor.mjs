import { CID } from 'multiformats/cid';
import { blobId, decode, recordId } from '../../dist/protocol/index.js';
import { compactHex, hex, unhex } from '../lib/bytes.mjs';

/** Strict DAG-CBOR: what a decoder must take, and what it must refuse. */

const BLOB = blobId(Uint8Array.of(1, 2, 3));
const MiB = 1024 * 1024;

/** [description, hex] */
const VALID = [
  ['zero', '00'],
  ['the largest integer in the first byte', '17'],
  ['the smallest integer in a second byte', '1818'],
  ['255', '18ff'],
  ['256', '190100'],
  ['65535', '19ffff'],
  ['65536', '1a00010000'],
  ['2^32 - 1', '1affffffff'],
  ['2^32', '1b0000000100000000'],
  ['2^53 - 1, the largest that every language has', '1b001fffffffffffff'],
  ['2^53', '1b0020000000000000'],
  ['2^64 - 1', '1bffffffffffffffff'],
  ['minus one', '20'],
  ['-2^64', '3bffffffffffffffff'],
  ['false', 'f4'],
  ['true', 'f5'],
  ['null', 'f6'],
  ['empty bytes', '40'],
  ['two bytes', '4200ff'],
  ['empty text', '60'],
  ['text in UTF-8', '6b4b6f70692047617920c3a9'],
  ['text that begins with a byte order mark, which stays', '64efbbbf61'],
  ['text in a normal form and text in another are two texts', '8262c3a96365cc81'],
  ['an empty list', '80'],
  ['a list in a list', '818101'],
  ['an empty map', 'a0'],
  ['a map: shorter keys first, then by bytes', 'a361610161620262616103'],
  ['an empty key', 'a16001'],
  ['the key "constructor"', 'a16b636f6e7374727563746f7201'],
  ['an id of a record', `d82a5825${hex(Uint8Array.of(0, ...recordId(Uint8Array.of(0xa0)).bytes))}`],
  ['an id of a blob', `d82a5825${hex(Uint8Array.of(0, ...BLOB.bytes))}`],
  ['an id with an identity hash: whether it may stand in a record, the schema says', 'd82a450001550000'],
  ['lists 32 deep', `${'81'.repeat(31)}80`],
];

/** [description, hex, code] */
const INVALID = [
  ['nothing', ''],
  ['a byte after the value', '0000'],
  ['an integer below 24 in two bytes', '1817'],
  ['an integer below 256 in three bytes', '1900ff'],
  ['an integer below 65536 in five bytes', '1a0000ffff'],
  ['an integer below 2^32 in nine bytes', '1b00000000ffffffff'],
  ['a negative integer in two bytes that fits one', '3817'],
  ['a length of bytes in two bytes that fits one', '580100'],
  ['a length of text in two bytes that fits one', '780161'],
  ['a length of a list in two bytes that fits one', '980100'],
  ['a length of a map in two bytes that fits one', 'b801616100'],
  ['a reserved head', '1c'],
  ['a float of 16 bits', 'f93c00'],
  ['a float of 32 bits', 'fa3f800000'],
  ['a float of 64 bits', 'fb3ff0000000000000'],
  ['a float that is not a number', 'fb7ff8000000000000'],
  ['an infinite float', 'fb7ff0000000000000'],
  ['undefined', 'f7'],
  ['a simple value', 'e0'],
  ['a simple value in two bytes', 'f8ff'],
  ['a break with nothing to end', 'ff'],
  ['bytes without a length', '5f4100ff'],
  ['text without a length', '7f6161ff'],
  ['a list without a length', '9f00ff'],
  ['a map without a length', 'bf616100ff'],
  ['an integer that ends early', '19'],
  ['bytes that end early', '4200'],
  ['text that ends early', '6261'],
  ['a list that ends early', '8200'],
  ['a map that ends early', 'a16161'],
  ['a list of 2^32 - 1 values in five bytes', '9affffffff'],
  ['bytes of 2^64 - 1 bytes', '5bffffffffffffffff'],
  ['keys of one length out of order', 'a2616201616102'],
  ['a longer key first', 'a262616101616102'],
  ['a key twice', 'a2616101616102'],
  ['a key that is a number', 'a10100'],
  ['a key that is bytes', 'a1416100'],
  ['the key "__proto__"', 'a1695f5f70726f746f5f5f01'],
  ['text with a byte that is not UTF-8', '61ff'],
  ['text with a lone surrogate', '63eda080'],
  ['text with an overlong form', '62c080'],
  ['text with a code point above U+10FFFF', '64f4908080'],
  ['text with a sequence that ends early', '62e282'],
  ['a key that is not UTF-8', 'a161ff00'],
  ['a tag for a date', 'c11a514b67b0'],
  ['a tag for a large integer', 'c2420100'],
  ['tag 42 around text', 'd82a6161'],
  ['tag 42 in a longer head', 'd9002a450001550000'],
  ['tag 42 around nothing', 'd82a40'],
  ['tag 42 without the zero before the id', `d82a5824${hex(BLOB.bytes)}`],
  ['tag 42 around a CIDv0', `d82a5823${hex(Uint8Array.of(0, ...BLOB.multihash.bytes))}`],
  ['tag 42 around an id that ends early', `d82a5824${hex(Uint8Array.of(0, ...BLOB.bytes.slice(0, -1)))}`],
  ['tag 42 around an id and one byte more', `d82a5826${hex(Uint8Array.of(0, ...BLOB.bytes, 0))}`],
  ['tag 42 around an id with a padded number', 'd82a460001d5000000'],
  ['tag 42 in tag 42', 'd82ad82a450001550000'],
  ['lists 33 deep', `${'81'.repeat(32)}80`, 'RECORD_TOO_LARGE'],
  ['maps 33 deep', `${'a16161'.repeat(32)}a0`, 'RECORD_TOO_LARGE'],
  ['lists 100000 deep, which must not exhaust the stack', '81'.repeat(100_000), 'RECORD_TOO_LARGE'],
  ['a value of one byte more than 1 MiB', `5a000ffffc${'00'.repeat(MiB - 4)}`, 'RECORD_TOO_LARGE'],
];

export function cborVectors() {
  return {
    about: 'cbor',
    limits: { maxBytes: MiB, maxDepth: 32 },
    cases: [
      ...VALID.map(([description, text]) => {
        return { description, valid: true, bytes: text, value: diagnostic(decode(unhex(text))) };
      }),
      ...INVALID.map(([description, text, code = 'RECORD_MALFORMED']) => {
        return { description, valid: false, code, bytes: compactHex(unhex(text)) };
      }),
    ],
  };
}

/** A value in CBOR's diagnostic notation (RFC 8949 section 8), which also has integers of 64 bits. */
function diagnostic(value) {
  const cid = CID.asCID(value);
  if (cid !== null) return `42(h'00${hex(cid.bytes)}')`;
  if (value instanceof Uint8Array) return `h'${hex(value)}'`;
  if (Array.isArray(value)) return `[${value.map(diagnostic).join(', ')}]`;
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value !== 'object' || value === null) return String(value);
  const entries = Object.entries(value).map(([name, field]) => `${JSON.stringify(name)}: ${diagnostic(field)}`);
  return `{${entries.join(', ')}}`;
}
