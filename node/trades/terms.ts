import type { CID } from 'multiformats/cid';
import { listingSlotOfCard, type Listing, type Summary } from '../../protocol/catalog/card.js';
import { NiagaError } from '../../protocol/errors.js';
import { parseMoney, type Money } from '../../protocol/money.js';
import type { SignedRecord } from '../../protocol/record.js';
import { DEFAULT_DURATIONS, totalOf, type Line, type Terms } from '../../protocol/trade/index.js';
import type { FoundListing } from '../search/index.js';

const day = 24 * 60 * 60 * 1000;
/** How long an offer stands unless it is answered: over a weekend, for a seller who has no power for two days. */
const OFFER_LIFETIME = 3 * day;

/** What an offer needs to know of a listing: from the listing itself or, while its seller sleeps, from its card. */
export interface Offered {
  readonly version: CID;
  readonly slot: string;
  readonly title: string;
  readonly price: Money | null;
  /** Pieces that one may order; null where that is not known or has no limit. */
  readonly least: number | null;
  readonly most: number | null;
  readonly soldOut: boolean;
}

/**
 * @param summary what the card, with its delta, says
 * @throws NiagaError LISTING_CHANGED where card and listing name different prices: what was seen is not what is sold
 */
export function offeredByListing(listing: SignedRecord<Listing>, summary?: Summary): Offered {
  const { slot, item } = listing.payload;
  if (summary !== undefined && !samePrice(summary.price, item.price)) {
    throw new NiagaError('LISTING_CHANGED', 'The seller’s card and the listing itself name different prices.', {
      where: 'price',
      next: 'Look at it with niaga listing show, and do not trust the seller before that is explained.',
    });
  }
  const limits = [item.eligibleQuantity?.maxValue, item.inventoryLevel].filter(
    (limit) => limit !== undefined && limit !== null,
  );
  return {
    version: listing.id,
    slot,
    title: item.title,
    price: item.price,
    least: item.eligibleQuantity?.minValue ?? null,
    most: limits.length === 0 ? null : Math.min(...limits),
    soldOut: summary?.availability === 'OutOfStock',
  };
}

/** @throws NiagaError RECORD_SCHEMA where the card's slot is not a card's */
export function offeredByCard({ card, summary, version }: FoundListing): Offered {
  const listingSlot = listingSlotOfCard(card.payload.slot);
  if (listingSlot === undefined) throw new NiagaError('RECORD_SCHEMA', 'The card does not belong to a listing.');
  return {
    version,
    slot: listingSlot,
    title: summary.title,
    price: summary.price,
    least: null,
    most: null,
    soldOut: summary.availability === 'OutOfStock',
  };
}

export interface Wish {
  readonly quantity?: number | undefined;
  readonly price?: string | undefined;
  readonly note?: string | undefined;
}

/** A buyer's first terms. @throws NiagaError LISTING_ON_REQUEST, INPUT_INVALID, MONEY_INVALID, STOCK_SHORT */
export function firstTerms(offered: Offered, wish: Wish, now: number): Terms {
  if (offered.soldOut) throw new NiagaError('STOCK_SHORT', 'The listing is sold out.', { next: 'Search again later.' });
  const quantity = checkQuantity(wish.quantity ?? offered.least ?? 1, offered);
  const price =
    wish.price === undefined
      ? offered.price
      : parseMoney(wish.price, { fallbackCurrency: offered.price?.currency, where: 'price' });
  if (price === null) {
    throw new NiagaError('LISTING_ON_REQUEST', 'The listing has no fixed price.', {
      where: 'price',
      next: 'Name what you offer: --price "150000 IDR"',
    });
  }
  const line: Line = { listing: offered.version, slot: offered.slot, title: offered.title, quantity, price };
  return {
    lines: [line],
    total: totalOf([line]),
    settlement: { method: 'direct' },
    deadlines: DEFAULT_DURATIONS,
    expires: now + OFFER_LIFETIME,
    ...(wish.note === undefined || wish.note === '' ? {} : { note: wish.note }),
  };
}

/** The same terms with another price or quantity; an order of several lines is changed line by line in a later version. */
export function changedTerms(terms: Terms, wish: Wish, author: 'buyer' | 'seller', now: number): Terms {
  const [line, ...more] = terms.lines;
  if (line === undefined || more.length > 0)
    throw new NiagaError('TRADE_TERMS', 'An order of several lines cannot be changed this way.');
  if (wish.price === undefined && wish.quantity === undefined) {
    throw new NiagaError('INPUT_MISSING', 'A counter-offer changes the price or the quantity.', {
      where: 'price',
      next: 'Add --price "90000 IDR" or --quantity 2',
    });
  }
  const changed: Line = {
    ...line,
    quantity: wish.quantity === undefined ? line.quantity : checkQuantity(wish.quantity, { least: null, most: null }),
    price:
      wish.price === undefined
        ? line.price
        : parseMoney(wish.price, { fallbackCurrency: line.price.currency, where: 'price' }),
  };
  const { note: _note, stock: _stock, ...kept } = terms;
  return {
    ...kept,
    lines: [changed],
    total: totalOf([changed], terms.shipping),
    expires: now + OFFER_LIFETIME,
    ...(author === 'seller' ? { stock: 'reserved' as const } : {}),
    ...(wish.note === undefined || wish.note === '' ? {} : { note: wish.note }),
  };
}

/** Whether an offer that came fits the listing that it names. @throws NiagaError TRADE_TERMS, STOCK_SHORT */
export function checkLine(line: Line, listing: SignedRecord<Listing>): void {
  const { item, slot } = listing.payload;
  if (slot !== line.slot)
    throw new NiagaError('TRADE_TERMS', 'A line names one listing and the slot of another.', { where: 'terms.lines' });
  if (item.price !== null && item.price.currency !== line.price.currency) {
    throw new NiagaError('TRADE_TERMS', `The listing is sold in ${item.price.currency}.`, { where: 'terms.lines' });
  }
  checkQuantity(line.quantity, offeredByListing(listing));
}

function samePrice(a: Money | null, b: Money | null): boolean {
  return a === null || b === null ? a === b : a.amount === b.amount && a.currency === b.currency;
}

function checkQuantity(quantity: number, { least, most }: Pick<Offered, 'least' | 'most'>): number {
  if (!Number.isSafeInteger(quantity) || quantity < 1) {
    throw new NiagaError('INPUT_INVALID', `A quantity is a whole number from 1 up, not ${String(quantity)}.`, {
      where: 'quantity',
    });
  }
  if (least !== null && quantity < least)
    throw new NiagaError('TRADE_TERMS', `The seller sells ${least} or more at a time.`, { where: 'quantity' });
  if (most !== null && quantity > most) {
    throw new NiagaError('STOCK_SHORT', `At most ${most} can be ordered; ${quantity} were asked for.`, {
      where: 'quantity',
    });
  }
  return quantity;
}
