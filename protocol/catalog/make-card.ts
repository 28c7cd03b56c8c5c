import { encodedLength } from '../cbor.js';
import { traderToText, slotId } from '../ids.js';
import { MAX_CARD_PAYLOAD } from '../kinds.js';
import type { Draft, SignedRecord } from '../record.js';
import { indexOf, isPosted } from '../search/index-terms.js';
import { browseKeys, listingKey, sellerKey, termKey } from '../search/posting-keys.js';
import { cardSlot, listingSlotOfCard, type Card, type Listing } from './card.js';
import { summaryOf } from './summary.js';

/** Header fields, field names and lengths around summary and index. */
const CARD_FRAME = 220;
/**
 * Kept free for price and availability, whatever they are: a delta changes them, and the index must not depend on their length.
 * An ISO currency and the longest amount and word take 50.
 */
const CHANGEABLE = 52;

export interface CardOptions {
  readonly seq: number;
  /** Pieces left, null where there is no limit. */
  readonly available: number | null;
  readonly validUntil: number;
}

/** What is signed as a card. */
export type CardDraft = Draft<'card'> & Pick<Card, 'summary' | 'index' | 'validUntil'>;

/** What a seller signs as the card of a listing. The index takes what the summary leaves of the card's size. */
export function cardDraft(listing: SignedRecord<Listing>, options: CardOptions): CardDraft {
  const { item } = listing.payload;
  const summary = summaryOf(item, options.available);
  const slot = cardSlot(item.sku);
  const { price, availability, ...rest } = summary;
  const taken = encodedLength(rest) + Math.max(CHANGEABLE, encodedLength({ price, availability }));
  const room = MAX_CARD_PAYLOAD - CARD_FRAME - slot.length - listing.payload.network.length - taken;
  return {
    slot,
    seq: options.seq,
    listing: listing.id,
    summary,
    index: indexOf(item, { maxBytes: room }),
    validUntil: options.validUntil,
  };
}

/**
 * The keys under which a card is held: its posted terms, its listing's id and its seller, its categories and places.
 * @param known the listing's id and the seller in text, where the caller has them: making them takes as long as all the rest
 */
export function cardKeys(card: Card, known: { readonly listing?: string; readonly seller?: string } = {}): string[] {
  const keys: string[] = [];
  for (const [fields, , text] of card.index)
    if (isPosted(fields)) for (const term of text.split(' ')) keys.push(termKey(term));
  const listing = known.listing ?? listingIdOfCard(card);
  if (listing !== undefined) keys.push(listingKey(listing));
  keys.push(sellerKey(known.seller ?? traderToText(card.trader)));
  keys.push(...browseKeys(card.summary));
  return [...new Set(keys)];
}

/** The id of the listing that a card stands for; undefined where its slot is not a card's. */
export function listingIdOfCard(card: { network: string; trader: Uint8Array; slot: string }): string | undefined {
  const slot = listingSlotOfCard(card.slot);
  return slot === undefined ? undefined : slotId(card.network, card.trader, slot).toString();
}
