import type { CID } from 'multiformats/cid';
import { listingSlotOfCard, type Listing, type Summary } from '../../protocol/catalog/card.js';
import { isCardTitle } from '../../protocol/catalog/summary.js';
import { NiagaError } from '../../protocol/errors.js';
import { parseId } from '../../protocol/ids.js';
import { formatMoney, parseMoney, type Money } from '../../protocol/money.js';
import { quote } from '../../protocol/quote.js';
import type { SignedRecord } from '../../protocol/record.js';
import {
  DEFAULT_DURATIONS,
  totalOf,
  type DELIVERY_METHODS,
  type Line,
  type Side,
  type Terms,
} from '../../protocol/trade/index.js';
import type { ChosenArbiter } from '../arbiters/index.js';
import type { FoundListing } from '../search/index.js';
import { chosenVariant } from './variants.js';

const hour = 60 * 60 * 1000;
const day = 24 * hour;
/** How long an offer stands unless it is answered: over a weekend, for a seller who has no power for two days. */
const OFFER_LIFETIME = 3 * day;

type DeliveryMethod = (typeof DELIVERY_METHODS)[number];

/** What an offer needs to know of a listing, or of one variant of it: from the listing itself or, while its seller sleeps, from its card. */
export interface Offered {
  readonly version: CID;
  readonly slot: string;
  readonly title: string;
  /** Its sku. */
  readonly variant?: string;
  /** Null: on request, or not known. */
  readonly price: Money | null;
  /** Pieces that one may order; null where that is not known or has no limit. */
  readonly least: number | null;
  readonly most: number | null;
  readonly soldOut: boolean;
}

/**
 * @param sku of the variant that is wished for; a listing that has variants needs one
 * @param summary what the card, with its delta, says
 * @throws NiagaError LISTING_CHANGED where card and listing name different prices: what was seen is not what is sold; TRADE_TERMS
 */
export function offeredByListing(listing: SignedRecord<Listing>, sku?: string, summary?: Summary): Offered {
  const { slot, item } = listing.payload;
  if (summary !== undefined && !samePrice(summary.price, item.price)) {
    throw new NiagaError('LISTING_CHANGED', 'The seller’s card and the listing itself name different prices.', {
      where: 'price',
      next: 'Look at it with niaga listing show, and do not trust the seller before that is explained.',
    });
  }
  const variant = chosenVariant(item.hasVariant ?? [], sku);
  const limits = [item.eligibleQuantity?.maxValue, item.inventoryLevel, variant?.inventoryLevel].filter(
    (limit) => limit !== undefined && limit !== null,
  );
  return {
    version: listing.id,
    slot,
    title: item.title,
    ...(variant === undefined ? {} : { variant: variant.sku }),
    price: variant?.price ?? item.price,
    least: item.eligibleQuantity?.minValue ?? null,
    most: limits.length === 0 ? null : Math.min(...limits),
    soldOut: summary?.availability === 'OutOfStock',
  };
}

/** A card says nothing of variants: which there are, and at what price, is the seller's to judge. @throws NiagaError RECORD_SCHEMA where the card's slot is not a card's */
export function offeredByCard({ card, summary, version }: FoundListing, variant?: string): Offered {
  const listingSlot = listingSlotOfCard(card.payload.slot);
  if (listingSlot === undefined) throw new NiagaError('RECORD_SCHEMA', 'The card does not belong to a listing.');
  return {
    version,
    slot: listingSlot,
    title: summary.title,
    ...(variant === undefined ? {} : { variant }),
    price: variant === undefined ? summary.price : null,
    least: null,
    most: null,
    soldOut: summary.availability === 'OutOfStock',
  };
}

/** What may be said of the order as a whole, by whoever proposes it. */
interface OrderWish {
  readonly note?: string | undefined;
  readonly delivery?: DeliveryMethod | undefined;
  /** Steps of a service, as in {@link parseMilestone}; they take the place of those that were named before. */
  readonly milestone?: readonly string[] | undefined;
  /** Hours for which the proposal stands. */
  readonly hours?: number | undefined;
}

export interface OfferWish extends OrderWish {
  readonly quantity?: number | undefined;
  /** Price of one, as text. */
  readonly price?: string | undefined;
  /** The arbiter's key, as text. */
  readonly arbiter?: string | undefined;
  /** Commitments of the buyer's address, phone number and pick-up code (node/private). */
  readonly address?: Uint8Array | undefined;
  readonly phone?: Uint8Array | undefined;
  readonly code?: Uint8Array | undefined;
}

export interface CounterWish extends OfferWish {
  /** Lines that change, as in {@link parseLine}. */
  readonly line?: readonly string[] | undefined;
  readonly shipping?: string | undefined;
  /** Of the seller: promise no stock; an accept binds once it is confirmed. */
  readonly subjectToStock?: boolean | undefined;
}

/** A listing and how much of it is wished for at what price. */
export interface OfferedLine {
  readonly offered: Offered;
  readonly quantity?: number | undefined;
  readonly price?: string | undefined;
}

const MILESTONE = /^(.{1,300})=([^=]{1,40})$/;
/** A sku may hold `=` and `@` itself: where the quantity is said, it ends at the last of them. */
const ALSO = /^([a-z0-9]{1,100})(?:#(.{1,128}?))?(?:=(\d{1,9}))?(?:@([^=@]{1,40}))?$/;
const LINE = /^(\d{1,3})=(\d{1,9})(?:@(.{1,40}))?$/;

/**
 * Another listing of the same order: `LISTING`, `LISTING=2`, `LISTING=2@80000 IDR`, `LISTING#SKU=2` of one variant.
 * @throws NiagaError INPUT_INVALID, ID_INVALID
 */
export function parseAlso(text: string): { listing: CID; variant?: string; quantity?: number; price?: string } {
  const [, listing, variant, quantity, price] = ALSO.exec(text) ?? [];
  if (listing === undefined) {
    throw new NiagaError('INPUT_INVALID', `${quote(text)} names no listing of an order.`, {
      where: 'also',
      next: 'Write it as LISTING=2, with a price of one: "LISTING=2@80000 IDR", or of one variant: "LISTING#SKU=2"',
    });
  }
  return {
    listing: parseId(listing, 'also'),
    ...(variant === undefined ? {} : { variant }),
    ...(quantity === undefined ? {} : { quantity: Number(quantity) }),
    ...(price === undefined ? {} : { price }),
  };
}

/** A step of a service and what it costs: `Rancangan=500000 IDR`. @throws NiagaError INPUT_INVALID, MONEY_INVALID */
function parseMilestone(text: string, currency: string): Milestone {
  const [, title, amount] = MILESTONE.exec(text) ?? [];
  if (title === undefined || amount === undefined) {
    throw new NiagaError('INPUT_INVALID', `${quote(text)} names no milestone.`, {
      where: 'milestone',
      next: 'Write what is done and what it costs: "Design=500000 IDR"',
    });
  }
  return { title: title.trim(), amount: parseMoney(amount, { fallbackCurrency: currency, where: 'milestone' }) };
}

/** A line that changes, counted from 1: `2=5` or `2=5@90000 IDR`; `2=0` leaves it out. @throws NiagaError INPUT_INVALID */
function parseLine(text: string): { place: number; quantity: number; price?: string } {
  const [, line, quantity, price] = LINE.exec(text) ?? [];
  if (line === undefined || line === '0') {
    throw new NiagaError('INPUT_INVALID', `${quote(text)} names no line of the order.`, {
      where: 'line',
      next: 'Write the number of the line and how many: 2=5, or with a price of one: "2=5@90000 IDR"',
    });
  }
  return { place: Number(line) - 1, quantity: Number(quantity), ...(price === undefined ? {} : { price }) };
}

/**
 * A buyer's first terms. `price` and `quantity` of a line are those of its listing unless they are named.
 * @param arbiter who was chosen, looked up
 * @throws NiagaError LISTING_ON_REQUEST, INPUT_INVALID, MONEY_INVALID, STOCK_SHORT
 */
export function firstTerms(
  wished: readonly OfferedLine[],
  wish: Omit<OfferWish, 'quantity' | 'price' | 'arbiter'>,
  now: number,
  arbiter?: ChosenArbiter,
): Terms {
  const lines = wished.map(firstLine);
  const total = totalOf(lines);
  return {
    lines,
    total,
    settlement: { method: 'direct' },
    ...deliveryOf(undefined, wish, total.currency),
    deadlines: DEFAULT_DURATIONS,
    ...(arbiter === undefined ? {} : { arbiter: arbiter(total) }),
    ...proposed(wish, now),
  };
}

function firstLine({ offered, ...wish }: OfferedLine): Line {
  if (offered.soldOut)
    throw new NiagaError('STOCK_SHORT', 'The listing is sold out.', {
      next: 'Be told when it is back: niaga watch WORDS',
    });
  const quantity = checkQuantity(wish.quantity ?? offered.least ?? 1, offered);
  const price =
    wish.price === undefined
      ? offered.price
      : parseMoney(wish.price, { fallbackCurrency: offered.price?.currency, where: 'price' });
  if (price === null) {
    const what =
      offered.variant === undefined ? 'The listing has no fixed price.' : 'No price of that variant is known.';
    throw new NiagaError('LISTING_ON_REQUEST', what, {
      where: 'price',
      next: 'Name what you offer: --price "150000 IDR"',
    });
  }
  checkCurrency(price, offered.price);
  const { version: listing, slot, title, variant } = offered;
  return { listing, slot, title, ...(variant === undefined ? {} : { variant }), quantity, price };
}

/** @param listed the listing's own price; null: none */
function checkCurrency(offered: Money, listed: Money | null): void {
  if (listed === null || listed.currency === offered.currency) return;
  throw new NiagaError('TRADE_TERMS', `The listing is sold in ${listed.currency}.`, {
    where: 'price',
    next: `Name a price of one in that: --price "${formatMoney(listed)}"`,
  });
}

function proposed({ note, hours }: OrderWish, now: number): Pick<Terms, 'expires' | 'note'> {
  return {
    expires: now + (hours === undefined ? OFFER_LIFETIME : hours * hour),
    ...(note === undefined || note === '' ? {} : { note }),
  };
}

/**
 * The same terms with what is named changed.
 * @param arbiter who was chosen, looked up; undefined: it stays as it was
 * @throws NiagaError INPUT_MISSING, INPUT_INVALID, MONEY_INVALID, TRADE_TERMS
 */
export function changedTerms(
  terms: Terms,
  wish: CounterWish,
  author: Side,
  now: number,
  arbiter?: ChosenArbiter,
): Terms {
  const { note: _note, stock: _stock, shipping: before, delivery: way, ...kept } = terms;
  const lines = changedLines(terms.lines, wish);
  const { currency } = terms.total;
  const shipping =
    wish.shipping === undefined ? before : parseMoney(wish.shipping, { fallbackCurrency: currency, where: 'shipping' });
  const total = totalOf(lines, shipping);
  const { price, quantity, hours, address, phone, code } = wish;
  const changes = [price, quantity, wish.shipping, wish.delivery, hours, wish.arbiter, address, phone, code];
  const lists = [wish.line, wish.milestone];
  if (changes.every((change) => change === undefined) && lists.every((list = []) => list.length === 0)) {
    throw new NiagaError(
      'INPUT_MISSING',
      'A counter-offer changes something: price, quantity, lines, delivery, time.',
      {
        where: 'price',
        next: 'Add --price "90000 IDR" or --quantity 2',
      },
    );
  }
  return {
    ...kept,
    lines,
    total,
    ...(shipping === undefined ? {} : { shipping }),
    ...deliveryOf(way, wish, currency),
    ...(arbiter === undefined ? {} : { arbiter: arbiter(total) }),
    ...(author === 'seller' ? { stock: wish.subjectToStock === true ? 'subject-to-stock' : 'reserved' } : {}),
    ...proposed(wish, now),
  };
}

/** The lines of an order with what is named changed; none of them may be left out. @throws as {@link changedTerms} */
export function changedLines<One extends Pick<Line, 'quantity' | 'price'>>(
  lines: readonly One[],
  { price, quantity, line = [] }: CounterWishOfLines,
): One[] {
  if ((price !== undefined || quantity !== undefined) && lines.length > 1) {
    throw new NiagaError('TRADE_TERMS', 'Of an order of several lines it must be said which one changes.', {
      where: price === undefined ? 'quantity' : 'price',
      next: 'Name the line, how many, and the price of one: --line "2=5@90000 IDR"',
    });
  }
  const changed = new Map(line.map(parseLine).map((one) => [one.place, one]));
  for (const place of changed.keys()) {
    if (lines[place] === undefined)
      throw new NiagaError('INPUT_INVALID', `The order has no line ${place + 1}.`, { where: 'line' });
  }
  const left = lines.flatMap((one, place): One[] => {
    const wish = changed.get(place) ?? { price, quantity };
    if (wish.quantity === 0) return [];
    return [
      {
        ...one,
        quantity:
          wish.quantity === undefined ? one.quantity : checkQuantity(wish.quantity, { least: null, most: null }),
        price:
          wish.price === undefined
            ? one.price
            : parseMoney(wish.price, { fallbackCurrency: one.price.currency, where: 'price' }),
      },
    ];
  });
  if (left.length > 0) return left;
  throw new NiagaError('TRADE_TERMS', 'Nothing is left of the order.', {
    where: 'line',
    next: 'To end the trade instead: niaga trade decline',
  });
}

type CounterWishOfLines = Pick<CounterWish, 'price' | 'quantity' | 'line'>;

/** Whether an offer that came fits the listing that it names. @throws NiagaError TRADE_TERMS, STOCK_SHORT */
export function checkLine(line: Line, listing: SignedRecord<Listing>): void {
  const { slot, title, price, ...limits } = offeredByListing(listing, line.variant);
  if (slot !== line.slot)
    throw new NiagaError('TRADE_TERMS', 'A line names one listing and the slot of another.', { where: 'terms.lines' });
  // Whoever only had the card says it as that does.
  if (!isCardTitle(line.title, title))
    throw new NiagaError('TRADE_TERMS', `A line calls the listing ${quote(line.title)}: that is not its title.`, {
      where: 'terms.lines',
    });
  checkCurrency(line.price, price);
  checkQuantity(line.quantity, limits);
}

type Delivery = NonNullable<Terms['delivery']>;
type Milestone = NonNullable<Delivery['milestones']>[number];

/** How the goods come: as before, with what is wished for changed. @throws NiagaError INPUT_INVALID, MONEY_INVALID */
function deliveryOf(
  before: Delivery | undefined,
  { delivery, milestone = [], address, phone, code }: Omit<OfferWish, 'quantity' | 'price'>,
  currency: string,
): Pick<Terms, 'delivery'> {
  const named = {
    ...(address === undefined ? {} : { address }),
    ...(phone === undefined ? {} : { phone }),
    ...(code === undefined ? {} : { code }),
    ...(milestone.length === 0 ? {} : { milestones: milestone.map((text) => parseMilestone(text, currency)) }),
  };
  if (before === undefined && delivery === undefined && Object.keys(named).length === 0) return {};
  const usual = milestone.length > 0 ? 'service' : code === undefined ? (before?.method ?? 'shipping') : 'pickup';
  const method = delivery ?? usual;
  // What only another way of delivery has would be refused by the other side.
  const { code: shown, milestones, ...kept } = { ...before, ...named };
  if (code !== undefined && method !== 'pickup')
    throw new NiagaError('INPUT_INVALID', 'Only goods that are picked up are handed over for a code.', {
      where: 'code',
      next: 'Add --delivery pickup',
    });
  if (milestone.length > 0 && method !== 'service')
    throw new NiagaError('INPUT_INVALID', 'Only services have milestones.', {
      where: 'milestone',
      next: 'Add --delivery service',
    });
  return {
    delivery: {
      ...kept,
      method,
      ...(shown !== undefined && method === 'pickup' ? { code: shown } : {}),
      ...(milestones !== undefined && method === 'service' ? { milestones } : {}),
    },
  };
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
    throw new NiagaError('TRADE_TERMS', `The seller sells ${least} or more at a time.`, {
      where: 'quantity',
      next: `Ask for as many: --quantity ${least}`,
    });
  if (most !== null && quantity > most) {
    throw new NiagaError('STOCK_SHORT', `At most ${most} can be ordered; ${quantity} were asked for.`, {
      where: 'quantity',
      next: most > 0 ? `Ask for fewer: --quantity ${most}` : 'Look for another: niaga search WORDS',
    });
  }
  return quantity;
}
