import { merkleProof, merkleRoot, sha256 } from '../../dist/protocol/index.js';
import { hex } from '../lib/bytes.mjs';

/** Roots of trees of some sizes, and proofs for some of their leaves: rightly and wrongly. */

const leavesOf = (count) => Array.from({ length: count }, (_, at) => sha256(Uint8Array.of(at & 255, at >> 8)));

const RIGHT = [
  [1, []],
  [1, [0]],
  [2, [1]],
  [3, [2]],
  [7, [0, 6]],
  [8, [0, 1, 2, 3, 4, 5, 6, 7]],
  [100, [3, 4, 64, 99]],
  [1_000, [512]],
];

/** Changes to the proof of leaves 2 and 5 of 11. */
const WRONG = [
  ['another leaf', ({ leaves, ...rest }) => ({ ...rest, leaves: [[2, leavesOf(11)[3]], leaves[1]] })],
  ['a leaf in another place', ({ leaves, ...rest }) => ({ ...rest, leaves: [[3, leaves[0][1]], leaves[1]] })],
  ['leaves that do not ascend', ({ leaves, ...rest }) => ({ ...rest, leaves: [...leaves].reverse() })],
  [
    'a leaf behind the end of the tree',
    ({ leaves, ...rest }) => ({ ...rest, leaves: [leaves[0], [11, leaves[1][1]]] }),
  ],
  ['a hash too few', ({ proof, ...rest }) => ({ ...rest, proof: proof.slice(1) })],
  ['a hash too many', ({ proof, ...rest }) => ({ ...rest, proof: [...proof, proof[0]] })],
  ['two hashes exchanged', ({ proof, ...rest }) => ({ ...rest, proof: [proof[1], proof[0], ...proof.slice(2)] })],
  ['a tree of another size', ({ count, ...rest }) => ({ ...rest, count: 2 * count })],
  ['the root of another tree', (row) => ({ ...row, root: merkleRoot(leavesOf(12)) })],
];

export function merkleVectors() {
  const row = (count, places) => {
    const leaves = leavesOf(count);
    return {
      count,
      leaves: places.map((place) => [place, leaves[place]]),
      proof: merkleProof(leaves, places),
      root: merkleRoot(leaves),
    };
  };
  const written = ({ count, leaves, proof, root }) => ({
    count,
    leaves: leaves.map(([place, leaf]) => [place, hex(leaf)]),
    proof: proof.map(hex),
    root: hex(root),
  });
  return {
    about: 'merkle',
    cases: [
      ...RIGHT.map(([count, places]) => ({
        description: `${places.length} of ${count} leaves`,
        valid: true,
        ...written(row(count, places)),
      })),
      ...WRONG.map(([description, change]) => ({ description, valid: false, ...written(change(row(11, [2, 5]))) })),
    ],
  };
}
