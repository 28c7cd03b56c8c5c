import { createBoundedCache } from '../../protocol/bounded-cache.js';
import type { KeyPlace } from '../../protocol/search/posting-keys.js';
import type { Logger } from '../logger.js';
import { LOOKUP_SIZE, type Network, type PeerRef } from '../network/index.js';

/** A place of the key space that was looked up this recently is not looked up again. */
const FRESH_FOR = 10 * 60 * 1000;
/** One that failed, or met nobody, is tried again by the next search after so many milliseconds. */
const AGAIN_AFTER = 5_000;
/** Who is near to a place may be taken for known so long after it was looked up: the next look-up is on its way by then. */
const KNOWN_FOR = 2 * FRESH_FOR;
/** With somebody known, a search waits so many milliseconds for the node to be in the network. */
const JOINING = 500;
/** With so many peers known from before it does not wait: they are asked at once, and what answers counts. */
const ENOUGH_KNOWN = 3;
/** Places remembered, with their nodes, at some 3 KB each. */
const REMEMBERED = 4_000;
/** Nodes kept of a place: those that hold it and some that would take their place. */
const KEPT = 10;
/** Look-ups in the background at once: each dials, and a search must not wait behind them. */
const CONCURRENT = 2;

/**
 * Keeps the peer directory's knowledge of the asked-for places fresh, in the background: a search asks the nodes that are
 * known at once, and what the look-up finds serves the next one.
 */
export class Freshness {
  readonly #deps: { readonly network: Network; readonly now: () => number; readonly logger: Logger };
  readonly #seen = createBoundedCache<number>(REMEMBERED);
  /** Who was found near to a place, and until when that is taken for known. */
  readonly #found = createBoundedCache<{ readonly peers: readonly PeerRef[]; readonly until: number }>(REMEMBERED);
  readonly #queue: KeyPlace[] = [];
  #running = 0;

  constructor(deps: { readonly network: Network; readonly now: () => number; readonly logger: Logger }) {
    this.#deps = deps;
  }

  /**
   * Waits while the node is still joining and knows too few to ask. True where it has not joined yet: if none of those asked
   * answers, they may all be gone since it last ran, and it is worth asking again after {@link ready}.
   */
  async begin(most: number, signal?: AbortSignal): Promise<boolean> {
    const { network } = this.#deps;
    if (network.directory.size < ENOUGH_KNOWN) await this.ready(most, signal);
    return !network.ready && network.directory.size > 0;
  }

  /** Waits while the node is still joining, for so long at most; a moment only where it knows somebody to ask already. */
  async ready(most: number, signal?: AbortSignal): Promise<void> {
    const { network } = this.#deps;
    if (network.ready) return;
    const limit = network.directory.size > 0 ? Math.min(most, JOINING) : most;
    await new Promise<void>((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        off();
        signal?.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, limit);
      const off = network.on('ready', end);
      signal?.addEventListener('abort', end, { once: true });
    });
    signal?.throwIfAborted();
  }

  /** Whether the nodes nearest to a place are known, and not only some that are near: it was looked up, or all nodes are known. */
  isKnown(place: KeyPlace): boolean {
    const { network, now } = this.#deps;
    if (network.ready && network.directory.size < LOOKUP_SIZE) return true;
    return (this.#found.get(nameOf(place))?.until ?? 0) > now();
  }

  /** Who was found near to a place not long ago, whether or not the directory has had room for all of them. */
  found(place: KeyPlace): readonly PeerRef[] {
    const found = this.#found.get(nameOf(place));
    return found !== undefined && found.until > this.#deps.now() ? found.peers : [];
  }

  /** These are the nodes of a place. */
  remember(place: KeyPlace, peers: readonly PeerRef[]): void {
    this.#found.set(nameOf(place), { peers: peers.slice(0, KEPT), until: this.#deps.now() + KNOWN_FOR });
  }

  /** Looks a place up some time soon, unless that was done not long ago. */
  look(place: KeyPlace): void {
    const now = this.#deps.now();
    const last = this.#seen.get(nameOf(place)) ?? Number.NEGATIVE_INFINITY;
    if (now - last < FRESH_FOR || this.#queue.length >= REMEMBERED) return;
    this.#seen.set(nameOf(place), now);
    this.#queue.push(place);
    this.#next();
  }

  #next(): void {
    if (this.#running >= CONCURRENT) return;
    const place = this.#queue.shift();
    if (place === undefined) return;
    this.#running++;
    void this.#lookUp(place).finally(() => {
      this.#running--;
      this.#next();
    });
  }

  async #lookUp(place: KeyPlace): Promise<void> {
    try {
      const found = await this.#deps.network.lookup(place.preimage);
      // Only itself: the look-up met nobody, and says nothing of who is near.
      if (found.some(({ self }) => !self)) return this.remember(place, found);
    } catch (error) {
      this.#deps.logger.debug({ error: String(error) }, 'a look-up in the background failed');
    }
    this.#seen.set(nameOf(place), this.#deps.now() - FRESH_FOR + AGAIN_AFTER);
  }
}

function nameOf(place: KeyPlace): string {
  return Buffer.from(place.kadId).toString('base64');
}
