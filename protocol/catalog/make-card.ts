import { encode } from '../cbor.js';
import { traderToText, slotId } from '../ids.js';
import { MAX_CARD_PAYLOAD } from '../kinds.js';
import type { Draft, SignedRecord } from '../record.js';
import { indexOf, postedTerms } from '../search/index-terms.js';
import { listingKey, sellerKey, termKey } from '../search/posting-keys.js';
import { cardSlot, listingSlotOfCard, type Card, type Listing } from './card.js';
import { summaryOf } from './summary.js';

/** Header fields, field names and lengths around summary and index. */
const CARD_FRAME = 220;

export interface CardOptions {
  readonly seq: number;
  /** Pieces left, null where there is no limit. */
  readonly available: number | null;
  readonly validUntil: number;
}

/** What a seller signs as the card of a listing. The index takes what the summary leaves of the card's size. */
export function cardDraft(listing: SignedRecord<Listing>, options: CardOptions): Draft<'card'> {
  const { item } = listing.payload;
  const summary = summaryOf(item, options.available);
  const slot = cardSlot(item.sku);
  const room = MAX_CARD_PAYLOAD - CARD_FRAME - slot.length - listing.payload.network.length - encode(summary).length;
  return {
    slot,
    seq: options.seq,
    listing: listing.id,
    summary,
    index: indexOf(item, { maxBytes: room }),
    validUntil: options.validUntil,
  };
}

/** The keys under which a card is held: its posted terms, its listing's id and its seller. */
export function cardKeys(card: Card): string[] {
  const keys = postedTerms(card.index).map(termKey);
  const listing = listingIdOfCard(card);
  if (listing !== undefined) keys.push(listingKey(listing));
  keys.push(sellerKey(traderToText(card.trader)));
  return keys;
}

/** The id of the listing that a card stands for; undefined where its slot is not a card's. */
export function listingIdOfCard(card: { network: string; trader: Uint8Array; slot: string }): string | undefined {
  const slot = listingSlotOfCard(card.slot);
  return slot === undefined ? undefined : slotId(card.network, card.trader, slot).toString();
}
