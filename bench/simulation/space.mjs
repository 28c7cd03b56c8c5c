// The nodes' places in the key space: one sorted array of ids, from which everything else is worked out.
import { createHash } from 'node:crypto';
import { base58btc } from 'multiformats/bases/base58';
import { mix } from './random.mjs';

const ID_BYTES = 32;
const KEY_BYTES = 32;
/** What an Ed25519 peer id starts with (protocol/ids.ts). */
const PEER_ID_PREFIX = Buffer.from([0x00, 0x24, 0x08, 0x01, 0x12, 0x20]);
const INDEX_BITS = 16;

/** A set of nodes; a node is its place in the order of ids. */
export class Space {
  /**
   * @param count nodes
   * @param devices public keys of the first ones, in order of creation; the others get bytes of the seed, as nobody checks
   *   a signature of theirs
   */
  constructor(count, seed, devices = []) {
    this.count = count;
    this.seed = seed;
    const keys = new Uint8Array(count * KEY_BYTES);
    const ids = new Uint8Array(count * ID_BYTES);
    for (let at = 0; at < count; at++) {
      const key = devices[at] ?? createHash('sha256').update(`node ${seed} ${at}`).digest();
      keys.set(key, at * KEY_BYTES);
      ids.set(createHash('sha256').update(PEER_ID_PREFIX).update(key).digest(), at * ID_BYTES);
    }
    this.#sort(ids, keys);
    this.#names = new Array(count);
  }

  /** The node of each device, by order of creation. */
  places;
  #keys;
  #ids;
  /** The first and second 32 bits of each id: enough to tell a million nodes apart. */
  #high;
  #low;
  /** Where ids with given first 16 bits begin. */
  #starts = new Uint32Array(2 ** INDEX_BITS + 1);
  #names;
  #nodes = new Map();

  kadId(node) {
    return this.#ids.subarray(node * ID_BYTES, (node + 1) * ID_BYTES);
  }

  device(node) {
    return this.#keys.subarray(node * KEY_BYTES, (node + 1) * KEY_BYTES);
  }

  /** `12D3Koo…` */
  peerId(node) {
    let name = this.#names[node];
    if (name === undefined) {
      name = base58btc.encode(Buffer.concat([PEER_ID_PREFIX, this.device(node)])).slice(1);
      this.#names[node] = name;
      this.#nodes.set(name, node);
    }
    return name;
  }

  /** The node of a peer id that {@link peerId} gave; every id in the simulation comes from there. */
  nodeOf(peer) {
    return this.#nodes.get(peer);
  }

  /** A place given as 32 bytes, for the other methods: its first 64 bits. */
  place(kadId) {
    return { high: wordAt(kadId, 0), low: wordAt(kadId, 4) };
  }

  placeOf(node) {
    return { high: this.#high[node], low: this.#low[node] };
  }

  /** Negative where node `a` is nearer to the place than `b`. */
  compare(a, b, { high, low }) {
    const first = ((this.#high[a] ^ high) >>> 0) - ((this.#high[b] ^ high) >>> 0);
    return first !== 0 ? first : ((this.#low[a] ^ low) >>> 0) - ((this.#low[b] ^ low) >>> 0);
  }

  /** Leading bits that a node's id shares with a place. */
  commonPrefix(node, { high, low }) {
    const first = this.#high[node] ^ high;
    return first !== 0 ? Math.clz32(first) : 32 + Math.clz32(this.#low[node] ^ low);
  }

  /** From which node to which (not included) ids share so many bits with a place. */
  range({ high, low }, bits) {
    if (bits <= 0) return [0, this.count];
    if (bits <= 32) {
      const start = bits === 32 ? high : (high >>> (32 - bits)) * 2 ** (32 - bits);
      return [this.#lowerBound(start, 0), this.#lowerBound(start + 2 ** (32 - bits), 0)];
    }
    const rest = 64 - Math.min(bits, 64);
    const start = Math.floor(low / 2 ** rest) * 2 ** rest;
    const end = start + 2 ** rest;
    return [this.#lowerBound(high, start), end < 2 ** 32 ? this.#lowerBound(high, end) : this.#lowerBound(high + 1, 0)];
  }

  /** The `count` nodes nearest to a place, nearest first. */
  nearest(place, count) {
    let bits = Math.max(0, Math.min(32, Math.floor(Math.log2(this.count / count)) + 1));
    let range = this.range(place, bits);
    while (bits > 0 && range[1] - range[0] < count) range = this.range(place, --bits);
    const nodes = [];
    for (let node = range[0]; node < range[1]; node++) nodes.push(node);
    return nodes.sort((a, b) => this.compare(a, b, place)).slice(0, count);
  }

  /** A number of 32 bits that belongs to a node and a purpose. */
  draw(node, purpose, more = 0) {
    return mix(this.seed, purpose, node, more);
  }

  #lowerBound(high, low) {
    if (high >= 2 ** 32) return this.count;
    const slot = Math.floor(high / 2 ** (32 - INDEX_BITS));
    let from = this.#starts[slot];
    let to = this.#starts[slot + 1];
    while (from < to) {
      const middle = (from + to) >> 1;
      const isLess = this.#high[middle] < high || (this.#high[middle] === high && this.#low[middle] < low);
      if (isLess) from = middle + 1;
      else to = middle;
    }
    return from;
  }

  #sort(ids, keys) {
    const { count } = this;
    const high = new Uint32Array(count);
    const low = new Uint32Array(count);
    for (let at = 0; at < count; at++) {
      high[at] = wordAt(ids, at * ID_BYTES);
      low[at] = wordAt(ids, at * ID_BYTES + 4);
    }
    const order = Uint32Array.from({ length: count }, (_, at) => at).sort(
      (a, b) => high[a] - high[b] || low[a] - low[b],
    );
    this.#ids = new Uint8Array(ids.length);
    this.#keys = new Uint8Array(keys.length);
    this.#high = new Uint32Array(count);
    this.#low = new Uint32Array(count);
    this.places = new Uint32Array(count);
    order.forEach((from, node) => {
      this.#ids.set(ids.subarray(from * ID_BYTES, (from + 1) * ID_BYTES), node * ID_BYTES);
      this.#keys.set(keys.subarray(from * KEY_BYTES, (from + 1) * KEY_BYTES), node * KEY_BYTES);
      this.#high[node] = high[from];
      this.#low[node] = low[from];
      this.places[from] = node;
    });
    for (let slot = 0, node = 0; slot <= 2 ** INDEX_BITS; slot++) {
      while (node < count && Math.floor(this.#high[node] / 2 ** (32 - INDEX_BITS)) < slot) node++;
      this.#starts[slot] = node;
    }
  }
}

function wordAt(bytes, at) {
  return ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
}
