import type { KeyPlace } from '../../protocol/search/posting-keys.js';
import type { Logger } from '../logger.js';
import type { Network } from '../network/index.js';

/** A place of the key space that was looked up this recently is not looked up again. */
const FRESH_FOR = 10 * 60 * 1000;
/** Places remembered. */
const REMEMBERED = 10_000;
/** Look-ups in the background at once: each dials, and a search must not wait behind them. */
const CONCURRENT = 2;

/**
 * Keeps the peer directory's knowledge of the asked-for places fresh, in the background: a search asks the nodes that are
 * known at once, and what the look-up finds serves the next one.
 */
export class Freshness {
  readonly #deps: { readonly network: Network; readonly now: () => number; readonly logger: Logger };
  readonly #seen = new Map<string, number>();
  readonly #queue: KeyPlace[] = [];
  #running = 0;

  constructor(deps: { readonly network: Network; readonly now: () => number; readonly logger: Logger }) {
    this.#deps = deps;
  }

  /** Waits while the node is still joining, for so long at most. */
  async ready(most: number, signal?: AbortSignal): Promise<void> {
    const { network } = this.#deps;
    if (network.ready || network.directory.size > 0) return;
    await new Promise<void>((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        off();
        signal?.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, most);
      const off = network.on('ready', end);
      signal?.addEventListener('abort', end, { once: true });
    });
    signal?.throwIfAborted();
  }

  /** Looks a place up some time soon, unless that was done not long ago. */
  look(place: KeyPlace): void {
    const name = Buffer.from(place.kadId).toString('base64');
    const now = this.#deps.now();
    if (now - (this.#seen.get(name) ?? Number.NEGATIVE_INFINITY) < FRESH_FOR || this.#queue.length >= REMEMBERED)
      return;
    this.#seen.delete(name);
    this.#seen.set(name, now);
    const oldest = this.#seen.size > REMEMBERED ? this.#seen.keys().next().value : undefined;
    if (oldest !== undefined) this.#seen.delete(oldest);
    this.#queue.push(place);
    this.#next();
  }

  #next(): void {
    if (this.#running >= CONCURRENT) return;
    const place = this.#queue.shift();
    if (place === undefined) return;
    this.#running++;
    this.#deps.network
      .lookup(place.preimage)
      .catch((error: unknown) =>
        this.#deps.logger.debug({ error: String(error) }, 'a look-up in the background failed'),
      )
      .finally(() => {
        this.#running--;
        this.#next();
      });
  }
}
