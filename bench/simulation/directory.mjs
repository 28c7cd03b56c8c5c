// The peer directories. People who search or publish have the node's own `Directory`, limited to so many peers. Nodes that
// only answer have this small one, for there can be hundreds of thousands of them: whom they know is worked out once.

/** As in node/network/directory.ts: after a failure a peer is left alone for so long. */
const BACKOFF = 2_000;

/** `PeerDirectory` over nodes that are known from the beginning; what it hears of others it forgets. */
export class SmallDirectory {
  #world;
  #node;
  #known;
  #failedUntil = new Map();

  constructor(world, node, known) {
    this.#world = world;
    this.#node = node;
    this.#known = Uint32Array.from(known);
  }

  get size() {
    return this.#known.length;
  }

  all() {
    return Array.from(this.#known, (node) => this.#world.ref(node, this.#node));
  }

  get(id) {
    const node = this.#world.space.nodeOf(id);
    const isKnown = node !== undefined && (node === this.#node || this.#known.includes(node));
    return isKnown ? this.#world.ref(node, this.#node) : undefined;
  }

  closest(kadId, count, { unfailed = false } = {}) {
    const { space, clock } = this.#world;
    const place = space.place(kadId);
    const isLeftOut = (node) => {
      const until = this.#failedUntil.get(node);
      return until !== undefined && (unfailed || until > clock.now);
    };
    if (count > this.#known.length) {
      const all = [this.#node, ...Array.from(this.#known).filter((node) => !isLeftOut(node))];
      return all
        .sort((a, b) => space.compare(a, b, place))
        .slice(0, count)
        .map((node) => this.#world.ref(node, this.#node));
    }
    const best = [this.#node];
    for (const node of this.#known) {
      const last = best[best.length - 1];
      if (best.length >= count && space.compare(node, last, place) > 0) continue;
      if (isLeftOut(node)) continue;
      let at = best.length;
      while (at > 0 && space.compare(best[at - 1], node, place) > 0) at--;
      best.splice(at, 0, node);
      if (best.length > count) best.pop();
    }
    return best.map((node) => this.#world.ref(node, this.#node));
  }

  markSeen(id) {
    this.#failedUntil.delete(this.#world.space.nodeOf(id));
  }

  markFailed(id) {
    const node = this.#world.space.nodeOf(id);
    if (node !== undefined) this.#failedUntil.set(node, this.#world.clock.now + BACKOFF);
  }

  isResting(id) {
    return (this.#failedUntil.get(this.#world.space.nodeOf(id)) ?? 0) > this.#world.clock.now;
  }

  learn() {}
  connected() {}
  disconnected() {}
  answered(id) {
    this.markSeen(id);
  }
}
