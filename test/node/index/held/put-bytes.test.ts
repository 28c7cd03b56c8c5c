import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readPut, readPutBytes } from '../../../../node/index/held/put-bytes.js';
import { PutBody } from '../../../../node/index/put-body.js';
import { putSchema } from '../../../../node/index/wire.js';
import { isNiagaError } from '../../../../protocol/errors.js';
import { readBody, writeBody } from '../../../../node/network/bodies.js';

const envelope = fc.uint8Array({ maxLength: 40 });
const put = fc.record({
  keys: fc.array(fc.string({ minLength: 1, maxLength: 30, unit: 'grapheme' }), { maxLength: 5 }),
  cards: fc.array(fc.tuple(envelope, fc.array(fc.nat(), { maxLength: 5 })), { maxLength: 5 }),
  delegations: fc.array(envelope, { maxLength: 3 }),
});

/** What the schema says of a body; undefined for a refusal. */
function slowly(body: Uint8Array) {
  try {
    return readBody(putSchema, body, 'index.put');
  } catch (error) {
    if (isNiagaError(error)) return undefined;
    throw error;
  }
}

/** As plain arrays: one reader gives views, the other copies. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return [...value];
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, plain(field)]));
}

describe('the quick reading of batches', () => {
  it('is that of the batches that publishers and index nodes write', () => {
    const body = new PutBody();
    body.add(new Uint8Array(300), ['term:payung', 'term:biru']);
    const written = body.write([new Uint8Array(200)]);
    expect(plain(readPutBytes(written))).toEqual(plain(slowly(written)));
    const handed = writeBody({
      keys: ['term:payung'],
      cards: [[new Uint8Array(300), [0]]],
      delegations: [],
      leases: [],
    });
    expect(readPutBytes(handed)).toBeDefined();
  });

  it('reads what publishers send as the schema does', () => {
    fc.assert(
      fc.property(put, (value) => {
        const body = writeBody(value);
        expect(readPutBytes(body)).toBeDefined();
        expect(plain(readPut(body))).toEqual(plain(slowly(body)));
      }),
    );
  });

  it('takes nothing that the schema would not, whatever is changed, cut or added', () => {
    fc.assert(
      fc.property(
        put,
        fc.nat(),
        fc.integer({ min: 0, max: 255 }),
        fc.constantFrom('byte', 'cut', 'add'),
        (value, at, byte, how) => {
          const body = writeBody(value);
          const place = at % body.length;
          const changed =
            how === 'cut' ? body.slice(0, place) : how === 'add' ? Uint8Array.of(...body, byte) : body.slice();
          if (how === 'byte') changed[place] = byte;
          const read = readPutBytes(changed);
          if (read !== undefined) expect(plain(read)).toEqual(plain(slowly(changed)));
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it('refuses what is too much of anything, and takes leases the long way', () => {
    const bytes = new Uint8Array(2);
    const bodies = [
      { keys: [], cards: Array(1_001).fill([bytes, []]), delegations: [] },
      { keys: ['x'.repeat(161)], cards: [], delegations: [] },
      { keys: [''], cards: [], delegations: [] },
      { keys: [], cards: [[bytes, Array(129).fill(0)]], delegations: [] },
      { keys: [], cards: [[new Uint8Array(2_049), []]], delegations: [] },
      { keys: [], cards: [], delegations: Array(65).fill(bytes) },
    ];
    for (const body of bodies.map(writeBody)) {
      expect([readPutBytes(body), slowly(body)]).toEqual([undefined, undefined]);
      expect(() => readPut(body)).toThrow(expect.objectContaining({ code: 'PEER_PROTOCOL' }));
    }
    const leased = writeBody({
      keys: [],
      cards: [],
      delegations: [],
      leases: [{ lease: bytes, cards: [], proof: [] }],
    });
    expect(readPutBytes(leased)).toBeUndefined();
    expect(readPut(leased).leases).toHaveLength(1);
  });
});
