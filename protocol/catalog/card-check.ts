import { isCurrency, MAX_CURRENCY_LENGTH } from '../currencies.js';
import { NETWORK_NAME } from '../header.js';
import { ITEM_CONDITIONS, LISTING_KINDS } from '../listing/item.js';
import { FORBIDDEN_CHARACTERS, isId, LAST_TIME } from '../schema.js';
import { AVAILABILITY, CARD_PREFIX, type Card } from './card.js';

/**
 * The verdict of `cardSchema` by hand, twenty times as fast: index nodes take thousands of cards a second. A test holds the two
 * together. It says no to `crit` altogether, which the schema takes: whoever meets it asks the schema.
 */
export function isPlainCard(value: unknown): value is Card & { readonly crit?: never } {
  if (!isObject(value)) return false;
  return (
    value.kind === 'card' &&
    isString(value.network) &&
    NETWORK_NAME.test(value.network) &&
    isKey(value.trader) &&
    isKey(value.device) &&
    isInteger(value.created, 0, LAST_TIME) &&
    value.crit === undefined &&
    isText(value.slot, 1, 160) &&
    value.slot.length > CARD_PREFIX.length &&
    value.slot.startsWith(CARD_PREFIX) &&
    isInteger(value.seq, 0) &&
    isId(value.listing) &&
    isSummary(value.summary) &&
    isIndex(value.index) &&
    isInteger(value.validUntil, 0, LAST_TIME)
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

function isIndex(value: unknown): boolean {
  if (!Array.isArray(value) || value.length > 128) return false;
  for (const group of value as unknown[]) {
    if (!Array.isArray(group) || group.length !== 3) return false;
    const [fields, count, terms] = group as unknown[];
    if (!isInteger(fields, 1, 31) || !isInteger(count, 1, 15)) return false;
    if (!isString(terms) || terms.length < 1 || terms.length > 1_024) return false;
  }
  return true;
}

function isMoney(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { amount, currency } = value;
  return isInteger(amount, 0) && isString(currency) && currency.length <= MAX_CURRENCY_LENGTH && isCurrency(currency);
}

function isTexts(value: unknown, most: number, longest: number): boolean {
  if (!Array.isArray(value) || value.length > most) return false;
  for (const text of value as unknown[]) if (!isText(text, 1, longest)) return false;
  return true;
}

function isText(value: unknown, min: number, max: number): value is string {
  return (
    isString(value) &&
    value.length >= min &&
    value.length <= max &&
    !FORBIDDEN_CHARACTERS.test(value) &&
    value.isWellFormed()
  );
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}

function isInteger(value: unknown, min: number, max = Number.MAX_SAFE_INTEGER): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max;
}

function isKey(value: unknown): boolean {
  return value instanceof Uint8Array && value.length === 32;
}

function isOneOf(values: readonly string[], value: unknown): boolean {
  return isString(value) && values.includes(value);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
