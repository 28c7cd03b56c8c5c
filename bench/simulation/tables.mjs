// Who knows whom: routing tables, and the directories that nodes start with, worked out from the sorted ids whenever they
// are needed instead of stored.

/** kad-dht's `kBucketSize`: peers of one bucket, and peers that an answer names. */
const BUCKET = 20;
/** Purposes of {@link Space.draw}. */
const PICK = 1;
const JOINED = 2;

/**
 * The tables of Kademlia as published: for each number of leading bits that another node can share with this one, at most
 * 20 of those that do; its own neighbourhood a node knows whole.
 */
export class KademliaTables {
  constructor(space) {
    this.space = space;
  }

  /** The at most 20 nodes that `node` names for a place, nearest first; neither itself nor the one who asks. */
  closest(node, place, asker = -1) {
    const { space } = this;
    const shared = space.commonPrefix(node, place);
    // All who share more bits with the place than the node does are nearer to it than anybody else.
    const found = shared >= 64 ? [] : this.#bucket(node, shared, BUCKET);
    // Then those between the node and them, then ever wider circles; one more than needed, since the asker is left out.
    if (found.length <= BUCKET) {
      for (let level = shared + 1; this.#size(node, level) > 1; level++)
        found.push(...this.#bucket(node, level, BUCKET));
    }
    for (let level = Math.min(shared, 64) - 1; level >= 0 && found.length <= BUCKET; level--)
      found.push(...this.#bucket(node, level, BUCKET));
    return nearest(space, found, place, asker);
  }

  /** At most `count` peers that a node knows: 40 neighbours, and of the rest of the space as many a bucket. */
  acquaintances(node, count) {
    const { space } = this;
    const known = new Set(space.nearest(space.placeOf(node), 2 * BUCKET + 1));
    known.delete(node);
    let levels = 0;
    while (this.#size(node, levels + 1) > 2 * BUCKET) levels++;
    const each = Math.ceil((count - known.size) / Math.max(1, levels));
    for (let level = 0; level < levels; level++) for (const other of this.#bucket(node, level, each)) known.add(other);
    return [...known].slice(0, count);
  }

  /** How many nodes share at least so many bits with the node, itself included. */
  #size(node, bits) {
    const [from, to] = this.space.range(this.space.placeOf(node), bits);
    return bits > 64 ? 1 : to - from;
  }

  /** Of the nodes that share exactly so many bits with the node, those that it knows. */
  #bucket(node, bits, count) {
    const { high, low } = this.space.placeOf(node);
    const other =
      bits < 32 ? { high: (high ^ (1 << (31 - bits))) >>> 0, low } : { high, low: (low ^ (1 << (63 - bits))) >>> 0 };
    return picks(this.space, node, this.space.range(other, bits + 1), bits, count);
  }
}

/**
 * The tables of @libp2p/kad-dht: a trie over the whole space, split where a leaf has more than 20 peers, but never deeper
 * than `prefixLength` bits. A full leaf keeps those who were met first. Of a far leaf these are any 20; its own leaf a node
 * fills when it joins, by looking itself up: with those nearest to it of the nodes that were there by then.
 */
export class TrieTables {
  #own = new Map();

  constructor(space, prefixLength) {
    this.space = space;
    this.prefixLength = prefixLength;
  }

  closest(node, place, asker = -1) {
    const { space, prefixLength } = this;
    const shift = 32 - prefixLength;
    const own = space.placeOf(node).high >>> shift;
    const wanted = place.high >>> shift;
    const found = [];
    // Leaves in the order of their distance from the place.
    for (let step = 0; step < 2 ** prefixLength && found.length <= BUCKET; step++) {
      const leaf = wanted ^ step;
      if (leaf === own) found.push(...this.#ownLeaf(node));
      else {
        const range = space.range({ high: (leaf << shift) >>> 0, low: 0 }, prefixLength);
        found.push(...picks(space, node, range, leaf, BUCKET));
      }
    }
    return nearest(space, found, place, asker);
  }

  acquaintances(node, count) {
    return new KademliaTables(this.space).acquaintances(node, count);
  }

  #ownLeaf(node) {
    let known = this.#own.get(node);
    if (known === undefined) {
      known = this.#join(node);
      this.#own.set(node, known);
    }
    return known;
  }

  #join(node) {
    const { space } = this;
    const place = space.placeOf(node);
    const [from, to] = space.range(place, this.prefixLength);
    const members = [];
    for (let other = from; other < to; other++) if (other !== node) members.push(other);
    if (members.length <= BUCKET) return members;
    const joined = (other) => space.draw(other, JOINED);
    const there = members.filter((other) => joined(other) < joined(node));
    if (there.length < BUCKET) return members.sort((a, b) => joined(a) - joined(b)).slice(0, BUCKET);
    return there.sort((a, b) => space.compare(a, b, place)).slice(0, BUCKET);
  }
}

function nearest(space, nodes, place, asker) {
  const others = asker < 0 ? nodes : nodes.filter((other) => other !== asker);
  return others.sort((a, b) => space.compare(a, b, place)).slice(0, BUCKET);
}

/** Up to `count` nodes of a range without the node itself, the same whenever it is asked. */
function picks(space, node, [from, to], purpose, count) {
  const picked = [];
  if (to - from <= count) {
    for (let other = from; other < to; other++) if (other !== node) picked.push(other);
    return picked;
  }
  for (let drawn = 0; picked.length < count; drawn++) {
    const other = from + (space.draw(node, PICK + 16 * purpose, drawn) % (to - from));
    if (other !== node && !picked.includes(other)) picked.push(other);
  }
  return picked;
}
