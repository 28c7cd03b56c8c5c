import { encode, encodedLength } from '../cbor.js';
import { recordId } from '../ids.js';
import type { ListingItem } from '../listing/item.js';
import { utf8Length } from '../search/utf8.js';
import type { Availability, Summary } from './card.js';

/** How many pieces count as few; what is shown is "few left", never the number. */
export const FEW_LEFT = 3;
/** What a text ends with that was cut, and a list of destinations of which some were left out. */
export const CUT = '…';
/** A card has 1 KiB for everything: what is longer is shown whole by the listing. */
const MAX_TITLE_BYTES = 360;
const MAX_CATEGORY_BYTES = 160;
const MAX_SHIPS_TO = 8;
/** As much of a title as tells listings apart in a list is kept before all but long names. */
const TITLE_BYTES = 100;
/** A title, a name, a place or a level of a card that is full. The longest of all of them, cut so, leave the index a few words. */
const LEAST_BYTES = 24;
/** A title is cut by so many bytes at a time. */
const STEP = 16;
/** The levels that the index has words of (protocol/search/index-terms.ts): a card without them would contradict it. */
const INDEXED_LEVELS = 2;
const LONGEST: Availability = 'LimitedAvailability';

/**
 * The summary that a card carries of a listing. What does not fit is cut in this order: destinations, the end of the title but
 * {@link TITLE_BYTES}, the widest categories, long names, the rest of the title.
 * @param available pieces left, null where there is no limit
 * @param maxBytes as {@link summaryBytes} counts; a few are needed whatever the listing says
 */
export function summaryOf(item: ListingItem, available: number | null, maxBytes = Number.POSITIVE_INFINITY): Summary {
  let summary = wholeSummary(item, available);
  for (const shorter of shorterOnes(summary)) {
    if (summaryBytes(summary) <= maxBytes) break;
    summary = shorter;
  }
  return summary;
}

/**
 * What a summary takes of its card, whatever becomes of price and availability: a delta changes them, and nothing else may depend on
 * their length.
 */
export function summaryBytes(summary: Summary): number {
  const { price } = summary;
  return encodedLength({ ...summary, price: { ...price, amount: Number.MAX_SAFE_INTEGER }, availability: LONGEST });
}

function wholeSummary(item: ListingItem, available: number | null): Summary {
  const place = [
    item.availableAtOrFrom?.addressCountry,
    item.availableAtOrFrom?.addressRegion,
    item.availableAtOrFrom?.addressLocality,
  ];
  const named = place.filter((part) => part !== undefined);
  // One destination has several rows where there are several ways to send.
  const shipsTo = [...new Set(item.shippingDetails?.map((shipping) => shipping.shippingDestination))];
  return {
    title: cutText(item.title, MAX_TITLE_BYTES),
    kind: item.kind,
    category: cutPath(item.category),
    price: item.price,
    availability: availabilityOf(available),
    ...(item.brand === undefined ? {} : { brand: item.brand }),
    ...(item.unitText === undefined ? {} : { unitText: item.unitText }),
    ...(item.itemCondition === undefined ? {} : { itemCondition: item.itemCondition }),
    ...(named.length === 0 ? {} : { place: named }),
    ...(shipsTo.length === 0 ? {} : { shipsTo: firstOf(shipsTo, MAX_SHIPS_TO) }),
    ...(item.conditions === undefined ? {} : { conditions: recordId(encode(item.conditions)) }),
    ...(item.inLanguage === undefined ? {} : { inLanguage: item.inLanguage }),
  };
}

/** Shorter and shorter ones. */
function* shorterOnes(whole: Summary): Generator<Summary> {
  const { shipsTo = [], category, title } = whole;
  let summary = whole;
  for (let count = shipsTo.length - 1; count > 0; count--)
    yield (summary = { ...summary, shipsTo: firstOf(shipsTo, count) });
  for (const bytes of lengths(utf8Length(title), TITLE_BYTES))
    yield (summary = { ...summary, title: cutText(title, bytes) });
  for (let from = 1; from <= category.length - INDEXED_LEVELS; from++)
    yield (summary = { ...summary, category: category.slice(from) });
  yield (summary = withShortNames(summary));
  for (const bytes of lengths(Math.min(utf8Length(title), TITLE_BYTES), LEAST_BYTES))
    yield (summary = { ...summary, title: cutText(title, bytes) });
}

/** Lengths from one down to another. */
function* lengths(from: number, to: number): Generator<number> {
  for (let length = from - STEP; length > to; length -= STEP) yield length;
  if (from > to) yield to;
}

function withShortNames({ brand, unitText, place, shipsTo, category, ...rest }: Summary): Summary {
  const short = (text: string): string => cutText(text, LEAST_BYTES);
  return {
    ...rest,
    category: category.map(short),
    ...(brand === undefined ? {} : { brand: short(brand) }),
    ...(unitText === undefined ? {} : { unitText: short(unitText) }),
    ...(place === undefined ? {} : { place: place.map(short) }),
    ...(shipsTo === undefined ? {} : { shipsTo: [CUT] }),
  };
}

/** Whether a card could have this title for one of a listing: it has only as much of it as there is room for. */
export function isCardTitle(text: string, title: string): boolean {
  return cutText(title, Math.max(LEAST_BYTES, utf8Length(text))) === text;
}

export function availabilityOf(available: number | null): Availability {
  if (available === null || available > FEW_LEFT) return 'InStock';
  return available > 0 ? 'LimitedAvailability' : 'OutOfStock';
}

/** So many of a list; the last one says that there are more. */
function firstOf(texts: readonly string[], count: number): string[] {
  return texts.length <= count ? [...texts] : [...texts.slice(0, count - 1), CUT];
}

/** The widest levels are dropped first: the last ones say what the thing is. */
function cutPath(path: readonly string[]): string[] {
  const kept: string[] = [];
  let bytes = 0;
  for (const level of [...path].reverse()) {
    bytes += utf8Length(level);
    if (bytes > MAX_CATEGORY_BYTES && kept.length > 0) break;
    kept.unshift(cutText(level, MAX_CATEGORY_BYTES));
  }
  return kept;
}

/** Cuts at a code point; an ellipsis shows that something was cut. */
function cutText(text: string, maxBytes: number): string {
  if (utf8Length(text) <= maxBytes) return text;
  let kept = '';
  let bytes = utf8Length(CUT);
  for (const character of text) {
    bytes += utf8Length(character);
    if (bytes > maxBytes) break;
    kept += character;
  }
  return `${kept}${CUT}`;
}
