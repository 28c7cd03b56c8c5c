import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../protocol/hash.js';
import { merkleProof, merkleRoot, openProof } from '../../protocol/merkle.js';

const leavesOf = (count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, at) => sha256(Uint8Array.of(at & 255, at >> 8)));
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const some = fc.integer({ min: 1, max: 300 }).chain((count) =>
  fc.record({
    count: fc.constant(count),
    places: fc
      .uniqueArray(fc.integer({ min: 0, max: count - 1 }), { maxLength: 40 })
      .map((all) => all.sort((a, b) => a - b)),
  }),
);
const known = (leaves: Uint8Array[], places: readonly number[]) =>
  places.map((place) => [place, leaves[place] ?? new Uint8Array()] as const);

describe('merkle tree', () => {
  it('has the roots of RFC 6962 for its own test vectors of no and one leaf', () => {
    expect(hex(merkleRoot([]))).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    expect(hex(merkleRoot([new Uint8Array()]))).toBe(
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    );
  });

  it('proves any set of leaves, and any part of a proven set with a narrower proof', () => {
    fc.assert(
      fc.property(some, fc.infiniteStream(fc.boolean()), ({ count, places }, keep) => {
        const leaves = leavesOf(count);
        const root = hex(merkleRoot(leaves));
        const proven = openProof(count, known(leaves, places), merkleProof(leaves, places));
        expect(hex(proven.root)).toBe(root);
        const part = places.filter(() => keep.next().value);
        const narrowed = proven.narrow(part);
        expect(narrowed.map(hex)).toEqual(merkleProof(leaves, part).map(hex));
        expect(hex(openProof(count, known(leaves, part), narrowed).root)).toBe(root);
      }),
    );
  });

  it('leads to another root when a leaf, its place or a hash is another', () => {
    fc.assert(
      fc.property(some, fc.nat(), fc.nat(), ({ count, places }, which, bit) => {
        fc.pre(places.length > 0);
        const leaves = leavesOf(count);
        const proof = merkleProof(leaves, places).map((hash) => hash.slice());
        const shown = known(leaves, places).map(([place, leaf]) => [place, leaf.slice()] as const);
        const parts = [...shown.map(([, leaf]) => leaf), ...proof];
        const part = parts[which % parts.length];
        if (part !== undefined) part[bit % 32] = (part[bit % 32] ?? 0) ^ 1;
        expect(hex(openProof(count, shown, proof).root)).not.toBe(hex(merkleRoot(leaves)));
      }),
    );
  });

  it('refuses proofs with a hash too many or too few, and places that are not in the tree or out of order', () => {
    const leaves = leavesOf(20);
    const proof = merkleProof(leaves, [3, 7]);
    const shown = known(leaves, [3, 7]);
    for (const [count, leafs, hashes] of [
      [20, shown, proof.slice(1)],
      [20, shown, [...proof, sha256(new Uint8Array())]],
      [20, shown, [new Uint8Array(31), ...proof.slice(1)]],
      [20, [...shown].reverse(), proof],
      [7, shown, proof],
      [2 ** 40, shown, proof],
      [20, [shown[0], shown[0]], proof],
    ] as [number, typeof shown, Uint8Array[]][]) {
      expect(() => openProof(count, leafs, hashes)).toThrow(/proof/);
    }
  });
});
