import { encode } from '../cbor.js';
import { recordId } from '../ids.js';
import type { ListingItem } from '../listing/item.js';
import { utf8Length } from '../search/utf8.js';
import type { Availability, Summary } from './card.js';

/** How many pieces count as few; what is shown is "few left", never the number. */
export const FEW_LEFT = 3;
/** A card has 1 KiB for everything: what is longer is shown whole by the listing. */
const MAX_TITLE_BYTES = 360;
const MAX_CATEGORY_BYTES = 160;
const MAX_SHIPS_TO = 8;

/**
 * The summary that a card carries of a listing.
 * @param available pieces left, null where there is no limit
 */
export function summaryOf(item: ListingItem, available: number | null): Summary {
  const place = [
    item.availableAtOrFrom?.addressCountry,
    item.availableAtOrFrom?.addressRegion,
    item.availableAtOrFrom?.addressLocality,
  ];
  const named = place.filter((part) => part !== undefined);
  const shipsTo = item.shippingDetails?.slice(0, MAX_SHIPS_TO).map((shipping) => shipping.shippingDestination);
  return {
    title: cardTitle(item.title),
    kind: item.kind,
    category: cutPath(item.category),
    price: item.price,
    availability: availabilityOf(available),
    ...(item.brand === undefined ? {} : { brand: item.brand }),
    ...(item.unitText === undefined ? {} : { unitText: item.unitText }),
    ...(item.itemCondition === undefined ? {} : { itemCondition: item.itemCondition }),
    ...(named.length === 0 ? {} : { place: named }),
    ...(shipsTo === undefined || shipsTo.length === 0 ? {} : { shipsTo }),
    ...(item.conditions === undefined ? {} : { conditions: recordId(encode(item.conditions)) }),
    ...(item.inLanguage === undefined ? {} : { inLanguage: item.inLanguage }),
  };
}

/** As much of a listing's title as a card has room for. */
export function cardTitle(title: string): string {
  return cutText(title, MAX_TITLE_BYTES);
}

export function availabilityOf(available: number | null): Availability {
  if (available === null || available > FEW_LEFT) return 'InStock';
  return available > 0 ? 'LimitedAvailability' : 'OutOfStock';
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
  let bytes = utf8Length('…');
  for (const character of text) {
    bytes += utf8Length(character);
    if (bytes > maxBytes) break;
    kept += character;
  }
  return `${kept}…`;
}
