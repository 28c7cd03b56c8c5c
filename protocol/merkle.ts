import { sha256 } from './hash.js';
import { NiagaError } from './errors.js';

/**
 * The Merkle tree of RFC 6962 section 2.1 (Certificate Transparency) over 32-byte leaves, with proofs for several leaves at
 * once. A lease names its root, so that one signature speaks for all cards of a seller.
 */

const LEAF = 0;
const NODE = 1;
/** More leaves than any seller has cards; a proof that claims more is refused before anything is computed. */
export const MAX_LEAVES = 1_000_000;
/** More nodes than lie above one leaf. */
const DEEPEST = 64;

/** Root over the leaves in their order. An empty tree has the hash of nothing. */
export function merkleRoot(leaves: readonly Uint8Array[]): Uint8Array {
  return leaves.length === 0 ? sha256(new Uint8Array()) : rootOf(leaves, 0, leaves.length);
}

/**
 * The hashes that are needed, beside the leaves in these places, to compute the root: depth first, left before right.
 * @param places ascending, each once
 */
export function merkleProof(leaves: readonly Uint8Array[], places: readonly number[]): Uint8Array[] {
  const proof: Uint8Array[] = [];
  const wanted = [...places];
  const walk = (start: number, size: number, from: number, to: number): void => {
    if (from === to) {
      proof.push(rootOf(leaves, start, size));
    } else if (size > 1) {
      const left = leftSize(size);
      const cut = firstFrom(wanted, start + left, from, to);
      walk(start, left, from, cut);
      walk(start + left, size - left, cut, to);
    }
  };
  if (leaves.length > 0) walk(0, leaves.length, 0, wanted.length);
  return proof;
}

/** What a proof has shown: the root that it leads to, and shorter proofs for some of its leaves. */
export interface ProvenLeaves {
  readonly root: Uint8Array;
  /** The proof for fewer of the same places, ascending. */
  narrow(places: readonly number[]): Uint8Array[];
}

/**
 * Computes the root that a proof leads to; the caller compares it with the signed one.
 * @param count how many leaves the tree has
 * @param leaves those that are known, by place, ascending
 * @throws NiagaError RECORD_SCHEMA where places or number of hashes do not fit the tree
 */
export function openProof(
  count: number,
  leaves: readonly (readonly [place: number, leaf: Uint8Array])[],
  proof: readonly Uint8Array[],
): ProvenLeaves {
  checkPlaces(count, leaves);
  // The nodes that were met, in order, each before those under it: 32 bytes of hash, and how many nodes it is with those under it.
  // Index nodes keep this for thousands of leaves.
  const most = 2 * (leaves.length + proof.length) + DEEPEST;
  const hashes = new Uint8Array(32 * most);
  const sizes = new Uint32Array(most);
  let nodes = 0;
  let used = 0;
  const walk = (start: number, size: number, from: number, to: number): Uint8Array => {
    const node = nodes++;
    let hash: Uint8Array | undefined;
    if (from === to) {
      hash = proof[used++];
      if (hash?.length !== 32) throw misfit('has too few hashes, or one that is not 32 bytes long');
    } else if (size === 1) {
      hash = hashLeaf(leaves[from]?.[1] ?? new Uint8Array());
    } else {
      const left = leftSize(size);
      const cut = firstFrom(leaves, start + left, from, to, ([place]) => place);
      hash = hashNode(walk(start, left, from, cut), walk(start + left, size - left, cut, to));
    }
    hashes.set(hash, 32 * node);
    sizes[node] = nodes - node;
    return hash;
  };
  const root = count === 0 ? sha256(new Uint8Array()) : walk(0, count, 0, leaves.length);
  if (used !== proof.length) throw misfit('has more hashes than the tree needs');
  return { root, narrow: narrowing(count, hashes, sizes) };
}

/** Apart from the proof, so that nothing of it is kept in memory but these arrays. */
function narrowing(count: number, hashes: Uint8Array, sizes: Uint32Array): ProvenLeaves['narrow'] {
  return (places) => {
    const narrowed: Uint8Array[] = [];
    const again = (node: number, start: number, size: number, from: number, to: number): void => {
      if (from === to) {
        narrowed.push(hashes.slice(32 * node, 32 * node + 32));
      } else if (size > 1) {
        if (sizes[node] === 1) throw misfit('says nothing of one of these places');
        const left = leftSize(size);
        const cut = firstFrom(places, start + left, from, to);
        again(node + 1, start, left, from, cut);
        again(node + 1 + (sizes[node + 1] ?? 0), start + left, size - left, cut, to);
      }
    };
    if (count > 0) again(0, 0, count, 0, places.length);
    return narrowed;
  };
}

function checkPlaces(count: number, leaves: readonly (readonly [number, Uint8Array])[]): void {
  if (!Number.isInteger(count) || count < 0 || count > MAX_LEAVES) throw misfit('is for a tree of no possible size');
  let before = -1;
  for (const [place] of leaves) {
    if (!Number.isInteger(place) || place <= before || place >= count)
      throw misfit('names places that the tree does not have');
    before = place;
  }
}

function rootOf(leaves: readonly Uint8Array[], start: number, size: number): Uint8Array {
  if (size === 1) return hashLeaf(leaves[start] ?? new Uint8Array());
  const left = leftSize(size);
  return hashNode(rootOf(leaves, start, left), rootOf(leaves, start + left, size - left));
}

/** The largest power of two that is smaller than `size`. */
function leftSize(size: number): number {
  return 2 ** (31 - Math.clz32(size - 1));
}

/** The first of `items` between `from` and `to` that lies at `place` or behind it. */
function firstFrom<T>(
  items: readonly T[],
  place: number,
  from: number,
  to: number,
  placeOf: (item: T) => number = Number,
): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const item = items[middle];
    if (item !== undefined && placeOf(item) < place) low = middle + 1;
    else high = middle;
  }
  return low;
}

function hashLeaf(leaf: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(1 + leaf.length);
  bytes[0] = LEAF;
  bytes.set(leaf, 1);
  return sha256(bytes);
}

function hashNode(left: Uint8Array, right: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(1 + left.length + right.length);
  bytes[0] = NODE;
  bytes.set(left, 1);
  bytes.set(right, 1 + left.length);
  return sha256(bytes);
}

function misfit(what: string): NiagaError {
  return new NiagaError('RECORD_SCHEMA', `The proof ${what}.`);
}
