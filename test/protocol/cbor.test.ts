import * as dagCbor from '@ipld/dag-cbor';
import fc from 'fast-check';
import { CID } from 'multiformats/cid';
import * as Digest from 'multiformats/hashes/digest';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from 'vitest';
import { decode, DEFAULT_MAX_BYTES, DEFAULT_MAX_DEPTH, encode } from '../../protocol/cbor.js';
import { expectRefused, refusal } from '../support/refusal.js';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'));

const sha256Cid = (digest: Uint8Array): CID => CID.createV1(0x71, Digest.create(0x12, digest));

const text = fc.string({ unit: 'binary', maxLength: 60 });
const key = fc
  .oneof(text, fc.constantFrom('', 'a', 'constructor', 'toString', 'bytes', '1', '\ufeff'))
  .filter((name) => name !== '__proto__');
const integer = fc.oneof(
  fc.integer({ min: -300, max: 300 }),
  fc.maxSafeInteger(),
  fc.bigInt({ min: 2n ** 53n, max: 2n ** 64n - 1n }),
  fc.bigInt({ min: -(2n ** 64n), max: -(2n ** 53n) }),
);
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 6, depthSize: 'small' },
    fc.constantFrom(null, false, true),
    integer,
    text,
    fc.uint8Array({ maxLength: 300 }),
    fc.uint8Array({ minLength: 32, maxLength: 32 }).map(sha256Cid),
    fc.array(tie('value'), { maxLength: 30 }),
    fc.dictionary(key, tie('value'), { maxKeys: 30 }),
  ),
}));

describe('a value is what it was after encoding and decoding', () => {
  test('for every value of the data model', () => {
    fc.assert(
      fc.property(value, (original) => {
        expect(decode(encode(original))).toEqual(original);
      }),
      { numRuns: 1_000 },
    );
  });

  test('the order in which keys were added does not matter', () => {
    fc.assert(
      fc.property(fc.dictionary(key, value), fc.func(fc.nat()), (map, rank) => {
        const shuffled = Object.fromEntries(Object.entries(map).sort(([a], [b]) => rank(a) - rank(b)));
        expect(hex(encode(shuffled))).toBe(hex(encode(map)));
      }),
    );
  });

  test('a text keeps its byte order mark and its normalisation', () => {
    for (const one of ['\ufeffx', '\ufeff', 'e\u0301', '\u00e9', '\u212b', `\ufeff${'x'.repeat(40)}`]) {
      expect(decode(encode(one))).toBe(one);
      expect(decode(encode({ [one]: one }))).toEqual({ [one]: one });
    }
  });

  test('the edges of the integers', () => {
    const safe = Number.MAX_SAFE_INTEGER;
    const edges = [0, 23, 24, 255, 256, 65535, 65536, 2 ** 32 - 1, 2 ** 32, safe, BigInt(safe) + 1n, 2n ** 64n - 1n];
    const below = [
      -1,
      -24,
      -25,
      -256,
      -257,
      -65536,
      -65537,
      -(2 ** 32),
      -(2 ** 32) - 1,
      -safe,
      -BigInt(safe) - 1n,
      -(2n ** 64n),
    ];
    for (const one of [...edges, ...below]) expect(decode(encode(one))).toBe(one);
    expect(hex(encode(5n))).toBe(hex(encode(5)));
    expect(hex(encode(-0))).toBe('00');
    expect(Object.is(decode(encode([-0])), -0)).toBe(false);
  });

  test('the result holds plain Uint8Arrays of its own, whatever the input was', () => {
    const encoded = Buffer.from(encode({ b: new Uint8Array(100), c: sha256Cid(new Uint8Array(32)) }));
    const decoded = decode(encoded) as { b: Uint8Array; c: CID };
    encoded.fill(0xff);
    expect(decoded.b).toEqual(new Uint8Array(100));
    expect(Object.getPrototypeOf(decoded.b)).toBe(Uint8Array.prototype);
    expect(decoded.c.toString()).toBe(sha256Cid(new Uint8Array(32)).toString());
  });

  test('what encode gives owns its memory and is no Buffer', () => {
    for (const one of [
      1,
      'x',
      'x'.repeat(300),
      new Uint8Array(5_000),
      Array.from({ length: 300 }, (_, index) => index),
    ]) {
      const bytes = encode(one);
      expect(Object.getPrototypeOf(bytes)).toBe(Uint8Array.prototype);
      expect(bytes.buffer.byteLength).toBe(bytes.length);
    }
  });
});

describe('one value has one encoding', () => {
  test('which decode takes, whatever the value', () => {
    fc.assert(
      fc.property(
        fc.anything({
          withBigInt: true,
          withDate: true,
          withMap: true,
          withSet: true,
          withTypedArray: true,
          withNullPrototype: true,
          withSparseArray: true,
        }),
        (anything) => {
          let bytes = new Uint8Array();
          if (refusal(() => (bytes = encode(anything) as Uint8Array<ArrayBuffer>)) !== undefined) return;
          expect(hex(encode(decode(bytes)))).toBe(hex(bytes));
        },
      ),
      { numRuns: 5_000 },
    );
  });

  test('it is the one of @ipld/dag-cbor, and its decoder reads the same', () => {
    fc.assert(
      fc.property(value, (original) => {
        const bytes = encode(original);
        expect(hex(bytes)).toBe(hex(dagCbor.encode(original)));
        // The library's decoder drops a byte order mark at the beginning of a text.
        if (!hex(bytes).includes('efbbbf')) expect(dagCbor.decode(bytes)).toEqual(decode(bytes));
      }),
    );
  });

  test('whatever bytes are accepted encode to themselves, and nothing but a NiagaError comes of the others', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.array(cborLike, { maxLength: 12 }).map((parts) => Uint8Array.from(parts.flat())),
    );
    let accepted = 0;
    fc.assert(
      fc.property(bytes, (input) => {
        let decoded: unknown;
        if (refusal(() => (decoded = decode(input))) !== undefined) return;
        accepted++;
        expect(hex(encode(decoded))).toBe(hex(input));
      }),
      // Seeded, so that the share of accepted ones is the same on every run.
      { numRuns: 20_000, seed: 1 },
    );
    expect(accepted).toBeGreaterThan(1_000);
  });

  test('a changed, lost or added byte is refused or says something else', () => {
    fc.assert(
      fc.property(value, fc.nat(), fc.integer({ min: 1, max: 255 }), (original, position, mask) => {
        const bytes = encode(original);
        const at = position % bytes.length;
        const changed = bytes.slice();
        changed[at] = (changed[at] ?? 0) ^ mask;
        const shorter = bytes.slice(0, at);
        const without = Uint8Array.from([...bytes.slice(0, at), ...bytes.slice(at + 1)]);
        const longer = Uint8Array.from([...bytes, mask]);
        expectRefused(() => decode(shorter), 'RECORD_MALFORMED');
        expectRefused(() => decode(longer), 'RECORD_MALFORMED');
        for (const mutant of [changed, without]) {
          let decoded: unknown;
          if (refusal(() => (decoded = decode(mutant))) !== undefined) continue;
          expect(isDeepStrictEqual(decoded, original)).toBe(false);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('every single bit of a record counts', () => {
    const record = {
      kind: 'listing',
      trader: new Uint8Array(32).fill(7),
      item: { title: 'Beras é', price: { amount: 15_000_000 }, of: [sha256Cid(new Uint8Array(32))] },
    };
    const bytes = encode(record);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = bytes.slice();
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      let decoded: unknown;
      if (refusal(() => (decoded = decode(changed))) === undefined) expect(decoded).not.toEqual(record);
    }
  });
});

/** Pieces of CBOR, right and wrong, so that random sequences are often accepted. */
const cborLike = fc.oneof(
  { weight: 4, arbitrary: value.map((one) => [...encode(one)]).filter((bytes) => bytes.length < 60) },
  fc.constantFrom(
    [0x80],
    [0x81],
    [0x82],
    [0x98, 0x02],
    [0xa0],
    [0xa1],
    [0xa2],
    [0x61, 0x61],
    [0x61, 0x62],
    [0x62, 0xc3, 0xa9],
    [0xd8, 0x2a],
  ),
  fc.uint8Array({ minLength: 1, maxLength: 2 }).map((bytes) => [...bytes]),
);

describe('limits', () => {
  const nested = (depth: number): Uint8Array => Uint8Array.from([...Array.from({ length: depth }, () => 0x81), 0x00]);
  const nestedMaps = (depth: number): Uint8Array =>
    Uint8Array.from([...Array.from({ length: depth }, () => [0xa1, 0x60]).flat(), 0x00]);
  const nestedValue = (depth: number): unknown => (depth === 0 ? 0 : [nestedValue(depth - 1)]);

  test('arrays and maps may stand as deep as said and no deeper, both ways', () => {
    for (const make of [nested, nestedMaps]) {
      expect(refusal(() => decode(make(DEFAULT_MAX_DEPTH)))).toBeUndefined();
      expectRefused(() => decode(make(DEFAULT_MAX_DEPTH + 1)), 'RECORD_TOO_LARGE');
      expect(refusal(() => decode(make(3), { maxDepth: 3 }))).toBeUndefined();
      expectRefused(() => decode(make(4), { maxDepth: 3 }), 'RECORD_TOO_LARGE');
    }
    expect(decode(bytesOf('00'), { maxDepth: 0 })).toBe(0);
    expectRefused(() => decode(bytesOf('80'), { maxDepth: 0 }), 'RECORD_TOO_LARGE');
    expect(refusal(() => encode(nestedValue(DEFAULT_MAX_DEPTH)))).toBeUndefined();
    expectRefused(() => encode(nestedValue(DEFAULT_MAX_DEPTH + 1)), 'RECORD_TOO_LARGE');
  });

  test('the size holds both ways', () => {
    const head = 5;
    const largest = new Uint8Array(DEFAULT_MAX_BYTES - head);
    const bytes = encode(largest);
    expect(bytes.length).toBe(DEFAULT_MAX_BYTES);
    expect(Buffer.compare(decode(bytes) as Uint8Array, largest)).toBe(0);
    expectRefused(() => encode(new Uint8Array(largest.length + 1)), 'RECORD_TOO_LARGE');
    expectRefused(() => decode(new Uint8Array(DEFAULT_MAX_BYTES + 1)), 'RECORD_TOO_LARGE');
    expectRefused(() => decode(bytesOf('820000'), { maxBytes: 2 }), 'RECORD_TOO_LARGE');
  });

  test('a mebibyte of hostile bytes is refused or read at once', () => {
    const started = performance.now();
    const fill = (byte: number): Uint8Array => new Uint8Array(DEFAULT_MAX_BYTES).fill(byte);
    for (const byte of [0x81, 0xa1, 0x9a, 0xba, 0xd8, 0xff, 0x1b, 0x7f, 0x61])
      expect(refusal(() => decode(fill(byte)))).toBeDefined();
    // Each level declares as many elements as bytes are left: nothing may be allocated on the strength of that.
    const greedy = Uint8Array.from(Array.from({ length: 30 }, () => [0x99, 0xff, 0xff]).flat());
    const padded = new Uint8Array(70_000);
    padded.set(greedy);
    expect(refusal(() => decode(padded))).toBeDefined();
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});
