import { latin1 } from '../../bytes.js';
import type { HeldCard } from './card.js';
import type { Grant } from './grants.js';
import type { HeldLease } from './lease.js';

/** What is held of one trader. */
export class Seller {
  readonly key: Uint8Array;
  /** Cards and ends. */
  count = 0;
  /** The listings of the ends. */
  readonly ends = new Set<string>();
  /** The cards by {@link tagOf} of their newest record. */
  readonly byRecord = new Map<number, HeldCard>();
  /** The newest lease. */
  lease: HeldLease | undefined;

  constructor(key: Uint8Array) {
    this.key = Uint8Array.from(key);
  }
}

/** The first 48 bits of a digest as a number, to find a record by. Who makes two of one seller alike hides one of them from its own lease. */
export function tagOf(digest: Uint8Array): number {
  let tag = 0;
  for (let index = 0; index < 6; index++) tag = tag * 256 + (digest[index] ?? 0);
  return tag;
}

/** The traders of whom something is held, each once. */
export class Sellers {
  readonly #sellers = new Map<string, Seller>();

  get size(): number {
    return this.#sellers.size;
  }

  find(key: Uint8Array): Seller | undefined {
    return this.#sellers.get(latin1(key));
  }

  /** The trader whose device a delegation is for. */
  of(grant: Grant): Seller | undefined {
    return this.#sellers.get(grant.trader);
  }

  /** Counts one more card or end. */
  add(key: Uint8Array): Seller {
    const name = latin1(key);
    let seller = this.#sellers.get(name);
    if (seller === undefined) this.#sellers.set(name, (seller = new Seller(key)));
    seller.count++;
    return seller;
  }

  /** Counts one less; a seller without any is forgotten. @returns false if it is */
  remove(seller: Seller): boolean {
    seller.count--;
    if (seller.count > 0) return true;
    this.#sellers.delete(latin1(seller.key));
    return false;
  }

  [Symbol.iterator](): IterableIterator<Seller> {
    return this.#sellers.values();
  }
}
