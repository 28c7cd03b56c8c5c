// Counting what goes over the wire, in all and at each node.
import { DIAL_BYTES, FIND_NODE_BYTES, MESSAGE_BYTES, NAMED_PEER_BYTES } from './links.mjs';

const NAMED = 20;
/** A question to the DHT and its answer. */
const FIND_NODE_ROUND = FIND_NODE_BYTES + NAMED * NAMED_PEER_BYTES + 2 * MESSAGE_BYTES;

export class Meter {
  /** Requests of the index that each node got, and questions to the DHT. */
  served;
  walked;
  #counts = new Map();
  #watched;

  constructor(count) {
    this.served = new Uint32Array(count);
    this.walked = new Uint32Array(count);
  }

  /** Only what these nodes send and ask is counted in {@link take}; undefined for everybody. */
  watch(nodes) {
    this.#watched = nodes === undefined ? undefined : new Set(nodes);
  }

  request(from, to, method, bytes) {
    this.served[to]++;
    this.#add(from, method, 1);
    this.#add(from, 'indexRequests', 1);
    this.#add(from, 'indexMessages', 1);
    this.#add(from, 'indexBytes', bytes + MESSAGE_BYTES);
  }

  answer(asker, bytes) {
    this.#add(asker, 'indexMessages', 1);
    this.#add(asker, 'indexBytes', bytes + MESSAGE_BYTES);
  }

  /** @param purpose `index` or `routing` */
  dial(from, worked, purpose) {
    this.#add(from, worked ? `${purpose}Dials` : `${purpose}DialsFailed`, 1);
    if (worked) this.#add(from, `${purpose}Bytes`, DIAL_BYTES);
  }

  findNode(from, to, alive) {
    this.walked[to]++;
    this.#add(from, 'findNode', 1);
    this.#add(from, 'routingMessages', alive ? 2 : 1);
    this.#add(from, 'routingBytes', alive ? FIND_NODE_ROUND : FIND_NODE_BYTES + MESSAGE_BYTES);
  }

  lookup(from, { answered, steps, asked, took, cut }) {
    this.#add(from, 'lookups', 1);
    this.#add(from, 'lookupAsked', asked);
    this.#add(from, 'lookupMs', took);
    this.#add(from, 'lookupsCut', cut ? 1 : 0);
    this.#add(
      from,
      'lookupHops',
      answered.reduce((most, node) => Math.max(most, steps.get(node) ?? 0), 0),
    );
  }

  /** Everything counted since the last time, by name. */
  take() {
    const counts = Object.fromEntries(this.#counts);
    this.#counts.clear();
    return counts;
  }

  #add(from, name, by) {
    if (this.#watched !== undefined && !this.#watched.has(from)) return;
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + by);
  }
}

/** Sums of what {@link Meter.take} gave. */
export function addCounts(total, counts) {
  for (const [name, count] of Object.entries(counts)) total[name] = (total[name] ?? 0) + count;
  return total;
}
