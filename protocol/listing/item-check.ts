import { isInteger, isList, isMap, isMoney, isObject, isOneOf, isText, isTime } from '../plain.js';
import { ITEM_CONDITIONS, LISTING_KINDS, LISTING_LIMITS, listingItemSchema, type ListingItem } from './item.js';

/** The verdict of `listingItemSchema` by hand; of what few listings have it asks the schema. A test holds the two together. */
export function isPlainItem(value: unknown): value is ListingItem {
  if (!isObject(value)) return false;
  const { brand, unitText, inLanguage, itemCondition, pickup, validFrom, validThrough } = value;
  return (
    isLine(value.sku, 1, LISTING_LIMITS.sku) &&
    isOneOf(LISTING_KINDS, value.kind) &&
    isLine(value.title, 1, LISTING_LIMITS.title) &&
    isText(value.description, 0, LISTING_LIMITS.description) &&
    isLines(value.category, LISTING_LIMITS.categoryLevels, LISTING_LIMITS.category) &&
    (value.price === null || isMoney(value.price)) &&
    (value.inventoryLevel === null || isInteger(value.inventoryLevel, 0)) &&
    (brand === undefined || isLine(brand, 1, LISTING_LIMITS.brand)) &&
    (unitText === undefined || isLine(unitText, 1, LISTING_LIMITS.unitText)) &&
    (inLanguage === undefined || isLine(inLanguage, 2, LISTING_LIMITS.language)) &&
    (itemCondition === undefined || isOneOf(ITEM_CONDITIONS, itemCondition)) &&
    (pickup === undefined || typeof pickup === 'boolean') &&
    (value.keywords === undefined || isLines(value.keywords, LISTING_LIMITS.keywords, LISTING_LIMITS.keyword)) &&
    (value.additionalProperty === undefined || isProperties(value.additionalProperty)) &&
    (validFrom === undefined || isTime(validFrom)) &&
    (validThrough === undefined || (isTime(validThrough) && (validFrom === undefined || validFrom <= validThrough))) &&
    RARE.every((name) => value[name] === undefined || listingItemSchema.shape[name].safeParse(value[name]).success)
  );
}

const RARE = [
  'hasVariant',
  'eligibleQuantity',
  'image',
  'availableAtOrFrom',
  'shippingDetails',
  'acceptedPaymentMethod',
  'conditions',
] as const;

function isProperties(value: unknown): boolean {
  if (!isMap(value)) return false;
  const isName = (name: unknown): boolean => name !== '__proto__' && isLine(name, 1, LISTING_LIMITS.propertyName);
  return isList(Reflect.ownKeys(value), LISTING_LIMITS.properties, isName) && Object.values(value).every(isProperty);
}

function isProperty(value: unknown): boolean {
  return typeof value === 'string'
    ? isText(value, 1, LISTING_LIMITS.propertyText)
    : typeof value === 'boolean' || isInteger(value, Number.MIN_SAFE_INTEGER);
}

const BREAK = /[\n\t]/;

function isLine(value: unknown, min: number, max: number): value is string {
  return isText(value, min, max) && !BREAK.test(value);
}

function isLines(value: unknown, most: number, longest: number): boolean {
  return isList(value, most, (line) => isLine(line, 1, longest));
}
