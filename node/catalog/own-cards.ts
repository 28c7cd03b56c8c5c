import { cardSlot, listingSlot, type Card, type Listing } from '../../protocol/catalog/card.js';
import { cardDraft, cardKeys } from '../../protocol/catalog/make-card.js';
import { signRecord, type SignedRecord } from '../../protocol/record.js';
import type { Identity } from '../identity/index.js';
import type { Logger } from '../logger.js';
import type { Placed, Posting } from '../index/index.js';
import { cborCodec, type Store, type Table, type Write } from '../store/index.js';
import type { Rows } from './rows.js';

const day = 24 * 60 * 60 * 1000;
/** A card stands this long unless its listing ends sooner (DESIGN section 5). */
const CARD_LIFETIME = 30 * day;
/** A card with less left than this is signed anew when it is brought out again. */
export const CARD_RENEWAL = 15 * day;

export interface OwnCardsDeps {
  readonly store: Store;
  readonly identity: Identity;
  readonly rows: Rows;
  readonly publish: (postings: readonly Posting[], signal?: AbortSignal) => Promise<Placed[]>;
  readonly now: () => number;
  readonly logger: Logger;
}

/** The cards that stand for own listings: made, kept, and brought to the nodes that hold them for everybody. */
export class OwnCards {
  readonly #deps: OwnCardsDeps;
  /** By listing's slot: the newest card or tombstone. */
  readonly #table: Table<Posting>;

  constructor(deps: OwnCardsDeps) {
    this.#deps = deps;
    this.#table = deps.store.table('own-cards', cborCodec<Posting>());
  }

  /** Until when a card for the listing would stand that was signed now. */
  validUntil(listing: SignedRecord<Listing>): number {
    const { identity, now } = this.#deps;
    return Math.min(
      now() + CARD_LIFETIME,
      identity.delegation.payload.expires,
      listing.payload.item.validThrough ?? Number.POSITIVE_INFINITY,
    );
  }

  /** Signs a card for a listing. `available`: pieces left, null where there is no limit. */
  make(
    listing: SignedRecord<Listing>,
    seq: number,
    available: number | null,
  ): { card: SignedRecord<Card>; write: Write } {
    const { identity, now } = this.#deps;
    const draft = cardDraft(listing, { seq, available, validUntil: this.validUntil(listing) });
    const card = signRecord('card', draft, identity, { network: identity.network, created: now() });
    const write = this.#table.put(listing.payload.slot, { bytes: card.bytes, keys: cardKeys(card.payload) });
    return { card, write };
  }

  /** Signs the end of a card. It goes to wherever the card went. */
  async end(slot: string, seq: number): Promise<Write> {
    const { identity, now } = this.#deps;
    const before = await this.#table.get(slot);
    const draft = { slot: cardSlot(slot.slice(listingSlot('').length)), seq };
    const tombstone = signRecord('tombstone', draft, identity, { network: identity.network, created: now() });
    return this.#table.put(slot, { bytes: tombstone.bytes, keys: before?.keys ?? [] });
  }

  /** Brings the cards of these slots out and notes how many hold them. */
  async bringOut(slots: readonly string[], signal?: AbortSignal): Promise<void> {
    const { rows, store, publish } = this.#deps;
    const jobs: { slot: string; posting: Posting; seq: number | undefined }[] = [];
    for (const slot of slots) {
      const own = await this.#table.get(slot);
      if (own === undefined) continue;
      jobs.push({ slot, seq: rows.get(slot)?.cardSeq, posting: own });
    }
    if (jobs.length === 0) return;
    const placed = await publish(
      jobs.map(({ posting }) => posting),
      signal,
    );
    this.#tellRefused(placed);
    const writes = jobs.flatMap(({ slot, seq }, at) => {
      const result = placed[at];
      // A newer card came up meanwhile: how the older one was placed says nothing of it.
      if (result === undefined || rows.get(slot)?.cardSeq !== seq) return [];
      return [rows.change(slot, { replicas: result.replicas, quorum: result.quorum })];
    });
    await store.write(writes, { sync: false });
  }

  #tellRefused(placed: readonly Placed[]): void {
    const cards: Record<string, number> = {};
    for (const { refused } of placed) for (const code of refused) cards[code] = (cards[code] ?? 0) + 1;
    if (Object.keys(cards).length === 0) return;
    this.#deps.logger.warn(
      { cards },
      'nodes refused cards; LISTING_CHANGED: they hold a newer one, as after a home was restored from a backup',
    );
  }
}
