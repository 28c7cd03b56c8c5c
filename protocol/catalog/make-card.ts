import { traderToText, slotId } from '../ids.js';
import { MAX_CARD_PAYLOAD } from '../kinds.js';
import type { Draft, SignedRecord } from '../record.js';
import { isPosted, ItemTerms } from '../search/index-terms.js';
import { browseKeys, listingKey, sellerKey, termKey } from '../search/posting-keys.js';
import { utf8Length } from '../search/utf8.js';
import { cardSlot, listingSlotOfCard, type Card, type Listing } from './card.js';
import { summaryBytes, summaryOf } from './summary.js';

/** All of a card but its slot, network, summary and index, where its numbers and the lengths of slot and network take the most. */
const CARD_FRAME = 223;
/** What a summary may take at least: words that are found are no use where a hit does not show what it is. */
const LEAST_SUMMARY = 300;

export interface CardOptions {
  readonly seq: number;
  /** Pieces left, null where there is no limit. */
  readonly available: number | null;
  readonly validUntil: number;
}

/** What is signed as a card. */
export type CardDraft = Draft<'card'> & Pick<Card, 'summary' | 'index' | 'validUntil'>;

/** A card to be signed, and the words of its listing that it has no room for and is not found by. */
export interface MadeCard {
  readonly draft: CardDraft;
  readonly left: readonly string[];
}

/**
 * What a seller signs as the card of a listing. Of the card's size the words that a listing is found by come first, then its summary,
 * then those of its description.
 */
export function makeCard(listing: SignedRecord<Listing>, options: CardOptions): MadeCard {
  const { item, network } = listing.payload;
  const slot = cardSlot(item.sku);
  const terms = new ItemTerms(item);
  const room = MAX_CARD_PAYLOAD - CARD_FRAME - utf8Length(slot) - utf8Length(network);
  const summary = summaryOf(item, options.available, Math.max(LEAST_SUMMARY, room - terms.postedBytes));
  const index = terms.index(room - summaryBytes(summary));
  const kept = index.reduce((sum, [fields, , text]) => sum + (isPosted(fields) ? text.split(' ').length : 0), 0);
  const { seq, validUntil } = options;
  return {
    draft: { slot, seq, listing: listing.id, summary, index, validUntil },
    left: terms.posted.slice(kept),
  };
}

export function cardDraft(listing: SignedRecord<Listing>, options: CardOptions): CardDraft {
  return makeCard(listing, options).draft;
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
