import { ITEM_CONDITIONS, LISTING_KINDS } from '../listing/item.js';
import { isInteger, isList, isMoney, isObject, isOneOf, isPlainHeader, isString, isText, isTime } from '../plain.js';
import { isId } from '../schema.js';
import { AVAILABILITY, CARD_PREFIX, type Card } from './card.js';

/**
 * The verdict of `cardSchema` by hand, twenty times as fast: index nodes take thousands of cards a second. A test holds the two
 * together. It says no to `crit` altogether, which the schema takes: whoever meets it asks the schema.
 */
export function isPlainCard(value: unknown): value is Card & { readonly crit?: never } {
  if (!isObject(value)) return false;
  return (
    value.kind === 'card' &&
    isPlainHeader(value) &&
    isText(value.slot, 1, 160) &&
    value.slot.length > CARD_PREFIX.length &&
    value.slot.startsWith(CARD_PREFIX) &&
    isInteger(value.seq, 0) &&
    isId(value.listing) &&
    isSummary(value.summary) &&
    isList(value.index, 128, isGroup) &&
    isTime(value.validUntil)
  );
}

function isSummary(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { title, kind, category, brand, price, unitText, availability, itemCondition } = value;
  return (
    isText(title, 1, 300) &&
    isOneOf(LISTING_KINDS, kind) &&
    isTexts(category, 10, 120) &&
    (brand === undefined || isText(brand, 1, 120)) &&
    (price === null || isMoney(price)) &&
    (unitText === undefined || isText(unitText, 1, 40)) &&
    isOneOf(AVAILABILITY, availability) &&
    (itemCondition === undefined || isOneOf(ITEM_CONDITIONS, itemCondition)) &&
    (value.place === undefined || isTexts(value.place, 3, 120)) &&
    (value.shipsTo === undefined || isTexts(value.shipsTo, 8, 80)) &&
    (value.conditions === undefined || isId(value.conditions)) &&
    (value.inLanguage === undefined || isText(value.inLanguage, 2, 16))
  );
}

function isGroup(value: unknown): boolean {
  if (!Array.isArray(value) || value.length !== 3) return false;
  const [fields, count, terms] = value as unknown[];
  return (
    isInteger(fields, 1, 31) && isInteger(count, 1, 15) && isString(terms) && terms.length >= 1 && terms.length <= 1_024
  );
}

function isTexts(value: unknown, most: number, longest: number): boolean {
  return isList(value, most, (text) => isText(text, 1, longest));
}
