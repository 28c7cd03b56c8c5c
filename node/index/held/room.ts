import { createBoundedCache } from '../../../protocol/bounded-cache.js';
import type { HeldSet } from './held-set.js';
import { Largest, MAX_CARDS } from './quotas.js';
import type { Seller } from './sellers.js';

const second = 1000;
/** When room is needed, cards are looked through for one that is far, for so many milliseconds, ... */
const LOOK = 1;
/** ... a twentieth of the time at most, ... */
const PAUSE = 19;
/** ... and when there was none among all of them, not again for so long. */
const LOOK_AGAIN = 60 * second;
/** Listings that had to go, or were not taken, while this node was full: whoever offers them to it once more brings them for nothing. */
const REMEMBERED = 20_000;

export interface RoomParts {
  readonly set: HeldSet;
  /** Whether this node is near enough to a name to keep cards under it. */
  readonly isNear: (name: string) => boolean;
  /** Default {@link MAX_CARDS}. */
  readonly maxCards?: number | undefined;
}

/**
 * What goes where a node is full: first cards that it is far from by now, which the nodes nearer to them hold, then one of the seller of
 * whom it keeps most (quotas.ts).
 */
export class Room {
  readonly maxCards: number;
  readonly #set: HeldSet;
  readonly #isNear: RoomParts['isNear'];
  readonly #largest: Largest;
  readonly #turnedAway = createBoundedCache<true>(REMEMBERED);
  #ids: Iterator<string> | undefined;
  #restUntil = Number.NEGATIVE_INFINITY;
  /** One that is far, found before and not needed until now. */
  #far: string | undefined;

  constructor({ set, isNear, maxCards = MAX_CARDS }: RoomParts) {
    this.maxCards = maxCards;
    this.#set = set;
    this.#isNear = isNear;
    this.#largest = new Largest(set.sellers);
  }

  get isFull(): boolean {
    return this.#set.size >= this.maxCards;
  }

  /** Where the node is full, what makes room for one more of a seller; undefined where nothing may go for it, or nothing has to. */
  for(seller: Seller | undefined): (() => void) | undefined {
    if (!this.isFull) return undefined;
    const far = this.#findFar();
    if (far !== undefined) return () => this.#drop(far);
    const larger = this.#largest.above(seller, this.maxCards);
    return larger === undefined
      ? undefined
      : () => {
          for (const listing of this.#set.dropOneOf(larger)) this.#turnedAway.set(listing, true);
        };
  }

  /** A listing that was not taken for want of room. */
  turnAway(listing: string): void {
    if (this.isFull) this.#turnedAway.set(listing, true);
  }

  /** Whether a listing of which nothing is held may be offered: its seller is not known before it is here. */
  wants(listing: string): boolean {
    return !this.isFull || (this.#turnedAway.get(listing) === undefined && this.for(undefined) !== undefined);
  }

  #drop(listing: string): void {
    this.#far = undefined;
    this.#turnedAway.set(listing, true);
    this.#set.drop(listing);
  }

  #isFar(listing: string): boolean {
    const names = this.#set.index.keysOf(listing);
    return names.length > 0 && !names.some((name) => this.#isNear(name));
  }

  #findFar(): string | undefined {
    if (this.#far !== undefined && this.#isFar(this.#far)) return this.#far;
    this.#far = undefined;
    const begun = performance.now();
    if (begun < this.#restUntil) return undefined;
    this.#ids ??= this.#set.index.ids()[Symbol.iterator]();
    do {
      const next = this.#ids.next();
      if (next.done === true) {
        this.#ids = undefined;
        this.#restUntil = begun + LOOK_AGAIN;
        return undefined;
      }
      if (this.#isFar(next.value)) return (this.#far = next.value);
    } while (performance.now() - begun < LOOK);
    this.#restUntil = performance.now() + PAUSE;
    return undefined;
  }
}
