import { isPlainItem } from '../listing/item-check.js';
import { isInteger, isObject, isPlainHeader, isText } from '../plain.js';
import { listingSlot, type Listing } from './card.js';

/** The verdict of `listingSchema` by hand, as card-check.ts has it of a card's. No to `crit` altogether, too. */
export function isPlainListing(value: unknown): value is Listing & { readonly crit?: never } {
  if (!isObject(value)) return false;
  const { slot, seq, item } = value;
  return (
    value.kind === 'listing' &&
    isPlainHeader(value) &&
    isText(slot, 1, 160) &&
    isInteger(seq, 0) &&
    isPlainItem(item) &&
    slot === listingSlot(item.sku)
  );
}
