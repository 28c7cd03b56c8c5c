import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PutBody } from '../../../node/index/put-body.js';
import { putSchema } from '../../../node/index/wire.js';
import { readBody, writeBody } from '../../../node/network/bodies.js';

const bytes = fc.uint8Array({ minLength: 1, maxLength: 400 });
const name = fc.string({ minLength: 1, maxLength: 60, unit: 'binary' }).filter((text) => text.isWellFormed());

describe('the body of a put', () => {
  it('is byte for byte what the plain encoder writes, and never longer than was said', () => {
    const body = fc.record({
      cards: fc.array(fc.tuple(bytes, fc.array(name, { maxLength: 12 })), { maxLength: 40 }),
      delegations: fc.array(bytes, { maxLength: 3 }),
    });
    fc.assert(
      fc.property(body, ({ cards, delegations }) => {
        const written = new PutBody();
        for (const [card, names] of cards) written.add(card, names);
        const keys = [...new Set(cards.flatMap(([, names]) => names))];
        const plain = {
          keys,
          cards: cards.map(([card, names]) => [card, names.map((one) => keys.indexOf(one))]),
          delegations,
          leases: [],
        };
        const out = written.write(delegations);
        expect(Buffer.from(out).equals(writeBody(plain))).toBe(true);
        expect(out.length).toBeLessThanOrEqual(written.size + 2_000);
        expect(written.names).toEqual(keys);
      }),
      { numRuns: 200 },
    );
  });

  it('is what a node reads, with more names than one byte counts and a lease', () => {
    const names = Array.from({ length: 70_000 }, (_, at) => `term:${at}`);
    const written = new PutBody();
    for (let at = 0; at < 1_000; at++) written.add(new Uint8Array(300).fill(at), names.slice(70 * at, 70 * at + 70));
    const proof = { lease: new Uint8Array(200), cards: [[0, 3] as [number, number]], proof: [new Uint8Array(32)] };
    const read = readBody(putSchema, written.write([new Uint8Array(100)], [proof]), 'index.put');
    expect(read.cards[999]?.[1]).toEqual(Array.from({ length: 70 }, (_, at) => 69_930 + at));
    expect(read.keys.at(-1)).toBe('term:69999');
    expect(read.leases).toEqual([proof]);
  });
});
