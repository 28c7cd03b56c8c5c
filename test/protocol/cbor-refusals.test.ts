import { CID } from 'multiformats/cid';
import * as Digest from 'multiformats/hashes/digest';
import { describe, expect, test } from 'vitest';
import { decode, encode } from '../../protocol/cbor.js';
import type { ErrorCode } from '../../protocol/errors.js';
import { expectRefused } from '../support/refusal.js';

const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'));

const cid = CID.createV1(0x71, Digest.create(0x12, new Uint8Array(32)));
const CID_HEX = `0171 1220 ${'ab'.repeat(32)}`;

describe('decode refuses', () => {
  const cases: readonly (readonly [name: string, bytes: string, reason: string])[] = [
    ['nothing', '', 'end in the middle'],
    ['two values', '01 01', 'something after'],
    ['an integer of 1 byte that fits the head', '18 17', 'shortest'],
    ['an integer of 2 bytes that fits 1', '19 00ff', 'shortest'],
    ['an integer of 4 bytes that fits 2', '1a 0000ffff', 'shortest'],
    ['an integer of 8 bytes that fits 4', '1b 00000000ffffffff', 'shortest'],
    ['a negative integer that is not shortest', '38 17', 'shortest'],
    ['a negative integer of 8 bytes that fits 4', '3b 00000000ffffffff', 'shortest'],
    ['an integer that ends in the middle', '19 01', 'end in the middle'],
    ['a reserved head', '1c', 'reserved'],
    ['an indefinite integer', '1f', 'indefinite'],
    ['the length of bytes not shortest', '58 01 00', 'shortest'],
    ['the length of text not shortest', '78 01 61', 'shortest'],
    ['the length of an array not shortest', '98 01 00', 'shortest'],
    ['the length of a map not shortest', 'b8 01 6161 00', 'shortest'],
    ['indefinite bytes', '5f 4100 ff', 'indefinite'],
    ['indefinite text', '7f 6161 ff', 'indefinite'],
    ['an indefinite array', '9f 00 ff', 'indefinite'],
    ['an indefinite map', 'bf 6161 00 ff', 'indefinite'],
    ['a break alone', 'ff', 'major type 7'],
    ['bytes longer than what is left', '42 00', 'beyond the end'],
    ['bytes of 4 GiB', '5a ffffffff 00', 'beyond the end'],
    ['bytes of 2^64-1', '5b ffffffffffffffff 00', 'beyond the end'],
    ['text of 2^53', '7b 0020000000000000 61', 'beyond the end'],
    ['an array of 2^32-1', '9a ffffffff 00', 'beyond the end'],
    ['an array of 2^64-1', '9b ffffffffffffffff 00', 'beyond the end'],
    ['a map of 2^32-1', 'ba ffffffff 6161 00', 'beyond the end'],
    ['a map of more pairs than half the bytes left', 'a3 6161 00 6162', 'beyond the end'],
    ['an array that ends early', '82 00', 'beyond the end'],
    ['an array in an array that ends early', '82 82 00 00', 'end in the middle'],
    ['a map without its last value', 'a1 6161', 'end in the middle'],
    ['unsorted keys', 'a2 6162 00 6161 00', 'not sorted or not unique'],
    ['keys sorted by bytes and not by length', 'a2 626161 00 6162 00', 'not sorted or not unique'],
    ['a key twice', 'a2 6161 00 6161 01', 'not sorted or not unique'],
    ['the empty key twice', 'a2 60 00 60 01', 'not sorted or not unique'],
    ['an integer as a key', 'a1 00 00', 'not text'],
    ['bytes as a key', 'a1 4161 00', 'not text'],
    ['an array as a key', 'a1 80 00', 'not text'],
    ['a tagged key', `a1 d82a 5825 00${CID_HEX} 00`, 'not text'],
    ['the key __proto__', 'a1 69 5f5f70726f746f5f5f a0', '__proto__'],
    ['the key __proto__ deep inside', 'a1 6161 81 a1 69 5f5f70726f746f5f5f 01', '__proto__'],
    ['a map that looks like a CID', 'a2 612f 6178 656279746573 6178', 'looks like a CID'],
    ['a float of 16 bits', 'f9 3c00', 'major type 7'],
    ['a float of 32 bits', 'fa 3f800000', 'major type 7'],
    ['a float of 64 bits', 'fb 3ff0000000000000', 'major type 7'],
    ['NaN', 'f9 7e00', 'major type 7'],
    ['Infinity', 'fb 7ff0000000000000', 'major type 7'],
    ['undefined', 'f7', 'major type 7'],
    ['another simple value', 'e0', 'major type 7'],
    ['a simple value of 1 byte', 'f8 14', 'major type 7'],
    ['false written long', 'f8 f4', 'major type 7'],
    ['ill-formed UTF-8', '61 ff', 'not UTF-8'],
    ['ill-formed UTF-8 in a longer text', `78 28 ${'61'.repeat(39)} c3`, 'not UTF-8'],
    ['ill-formed UTF-8 in a key', 'a1 61 80 00', 'not UTF-8'],
    ['overlong UTF-8', '62 c080', 'not UTF-8'],
    ['a surrogate in UTF-8', '63 eda080', 'not UTF-8'],
    ['a pair of surrogates in UTF-8', '66 eda080 edb080', 'not UTF-8'],
    ['UTF-8 beyond U+10FFFF', '64 f4908080', 'not UTF-8'],
    ['tag 0', 'c0 6161', 'other than 42'],
    ['tag 2, a large integer', 'c2 49 010000000000000000', 'other than 42'],
    ['tag 43', `d8 2b 5825 00${CID_HEX}`, 'other than 42'],
    ['tag 42 not shortest', `d9 002a 5825 00${CID_HEX}`, 'shortest'],
    ['tag 42 twice', `d82a d82a 5825 00${CID_HEX}`, 'not followed by bytes'],
    ['tag 42 on text', 'd8 2a 61 00', 'not followed by bytes'],
    ['tag 42 on nothing', 'd8 2a', 'end in the middle'],
    ['tag 42 on empty bytes', 'd8 2a 40', 'not 0x00 and a CIDv1'],
    ['a CID without 0x00', `d8 2a 5824 ${CID_HEX}`, 'not 0x00 and a CIDv1'],
    ['a CID with something behind', `d8 2a 5826 00${CID_HEX}00`, 'not 0x00 and a CIDv1'],
    ['a CID cut short', `d8 2a 5824 00 0171 1220 ${'ab'.repeat(31)}`, 'not 0x00 and a CIDv1'],
    ['a CIDv0', `d8 2a 5823 00 1220 ${'ab'.repeat(32)}`, 'not 0x00 and a CIDv1'],
    ['a CID of version 2', `d8 2a 5825 00 0271 1220 ${'ab'.repeat(32)}`, 'not 0x00 and a CIDv1'],
    ['a CID with a padded version', `d8 2a 5826 00 8100 71 1220 ${'ab'.repeat(32)}`, 'not 0x00 and a CIDv1'],
    ['a CID with a padded codec', `d8 2a 5826 00 01 f100 1220 ${'ab'.repeat(32)}`, 'not 0x00 and a CIDv1'],
    ['a CID with a padded hash code', `d8 2a 5826 00 0171 9200 20 ${'ab'.repeat(32)}`, 'not 0x00 and a CIDv1'],
    ['a CID with a padded hash length', `d8 2a 5826 00 0171 12 a000 ${'ab'.repeat(32)}`, 'not 0x00 and a CIDv1'],
    [
      'a CID with a hash code of 63 bits',
      `d8 2a 582d 00 0171 ffffffffffffffff7f 20 ${'ab'.repeat(32)}`,
      'not 0x00 and a CIDv1',
    ],
    [
      'a CID with a codec of 63 bits',
      `d8 2a 582d 00 01 ffffffffffffffff7f 1220 ${'ab'.repeat(32)}`,
      'not 0x00 and a CIDv1',
    ],
    ['a CID with an endless varint', `d8 2a 5828 00 ${'ff'.repeat(39)}`, 'not 0x00 and a CIDv1'],
  ];

  test.each(cases)('%s', (_name, bytes, reason) => {
    const error = expectRefused(() => decode(bytesOf(bytes)), 'RECORD_MALFORMED');
    expect(error.message).toContain(reason);
    expect(error.where).toMatch(/^byte \d+$/);
  });

  test('what is no bytes at all', () => {
    for (const one of [undefined, null, 'a0', [0xa0], new ArrayBuffer(1), new Uint16Array(1)]) {
      expectRefused(() => decode(one as unknown as Uint8Array), 'RECORD_MALFORMED');
    }
  });

  test('a key __proto__ without touching any prototype', () => {
    expectRefused(() => decode(bytesOf('a1 69 5f5f70726f746f5f5f a1 66 706f6c6c7465 01')), 'RECORD_MALFORMED');
    expect(({} as Record<string, unknown>)['pollte']).toBeUndefined();
  });
});

describe('encode refuses', () => {
  class Thing {
    readonly a = 1;
  }
  const cyclic: Record<string, unknown> = {};
  cyclic['again'] = cyclic;
  const same = new Uint8Array(3);
  const cases: readonly (readonly [reason: string, value: unknown, code?: ErrorCode])[] = [
    ['a fraction', 1.5],
    ['NaN', Number.NaN],
    ['Infinity', Number.POSITIVE_INFINITY],
    ['a number beyond 53 bits', 2 ** 53],
    ['a negative number beyond 53 bits', -(2 ** 53)],
    ['a bigint of 65 bits', 2n ** 64n],
    ['a negative bigint of 65 bits', -(2n ** 64n) - 1n],
    ['undefined', undefined],
    ['a function', () => 1],
    ['a symbol', Symbol('x')],
    ['a lone high surrogate', 'a\ud83d'],
    ['a lone low surrogate', '\ude00a'],
    ['surrogates in the wrong order', '\ude00\ud83d'],
    ['a lone surrogate in a key', { 'a\ud800': 1 }],
    ['a hole', new Array<unknown>(2)],
    ['a symbol key', { [Symbol('x')]: 1 }],
    ['a hidden property', Object.defineProperty({}, 'x', { value: 1, enumerable: false })],
    ['the key __proto__', JSON.parse('{"__proto__": 1}')],
    ['a map that looks like a CID', { '/': same, bytes: same }],
    ['a map that looks like a CID made of text', { '/': 'x', bytes: 'x' }],
    ['a clone of a CID', structuredClone({ ...cid })],
    ['a Date', new Date(0)],
    ['a Map', new Map([['a', 1]])],
    ['a Set', new Set([1])],
    ['a RegExp', /x/],
    ['an Error', new Error('x')],
    ['an instance of a class', new Thing()],
    ['an object with another prototype', Object.create({ a: 1 })],
    ['a boxed number', Object(1)],
    ['an ArrayBuffer', new ArrayBuffer(2)],
    ['a DataView', new DataView(new ArrayBuffer(2))],
    ['a typed array of another width', new Uint16Array(2)],
    ['clamped bytes', new Uint8ClampedArray(2)],
    ['a CIDv0', CID.createV0(Digest.create(0x12, new Uint8Array(32)))],
    ['what contains itself', cyclic, 'RECORD_TOO_LARGE'],
  ];

  test.each(cases.map(([reason, one, code]) => ({ reason, one, code: code ?? 'RECORD_ENCODING' })))(
    '$reason, at the top and deep inside',
    ({ one, code }) => {
      expectRefused(() => encode(one), code);
      expectRefused(() => encode({ a: [one] }), code);
    },
  );

  test('and says where', () => {
    expect(expectRefused(() => encode({ item: { lines: [1, { quantity: 1.5 }] } }), 'RECORD_ENCODING').where).toBe(
      'item.lines[1].quantity',
    );
  });
});
