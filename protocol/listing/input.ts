import { encode } from '../cbor.js';
import { NiagaError } from '../errors.js';
import type { Money } from '../money.js';
import { quote } from '../quote.js';
import { ITEM_NAMES } from './aliases.js';
import { isPlainItem } from './item-check.js';
import {
  ITEM_CONDITIONS,
  LISTING_LIMITS,
  LISTING_KINDS,
  MAX_ITEM_BYTES,
  listingItemSchema,
  type ListingItem,
} from './item.js';
import { defined, readConditions, readCurrency, readEligibleQuantity, readInventory, readMoney } from './parts.js';
import { reader, readPlace, readProperties, readShipping, readVariants } from './parts.js';
import { Reading, isObject, type Field, type Warning } from './reading.js';
import { readCid, readEntries, readFlag, readLanguage, readLine, readLines, readSku, readText } from './scalars.js';
import { readWord } from './scalars.js';
import { readTime } from './time.js';

export type { Problem, Warning } from './reading.js';

export interface ReadItemOptions {
  /** Refuse fields that Niaga does not know instead of warning of them. Default: false. */
  readonly strict?: boolean | undefined;
  /** Fields, named and written as in a line, for lines that leave them out: `{currency: 'IDR', lang: 'id'}`. */
  readonly defaults?: Readonly<Record<string, unknown>> | undefined;
}

export interface ReadItemResult {
  /** Fits `listingItemSchema` and encodes as strict DAG-CBOR of at most `MAX_ITEM_BYTES`. */
  readonly item: ListingItem;
  /** The item as DAG-CBOR. */
  readonly bytes: Uint8Array;
  /** The texts that `item.conditions` names by the CID of their bytes (UTF-8); each once. */
  readonly blobs: Uint8Array[];
  readonly warnings: Warning[];
}

/**
 * A listing's item from what a person or another system wrote: the names of `aliases.ts`, prices in major units
 * (`parseMoney`), whole numbers also as text, lists also as text with commas (`category` with `>`), dates as ISO 8601
 * or milliseconds, a place as the name of its town, conditions as text. Null and empty text mean "not given"; a price
 * that is not given is on request, a quantity that is not given unlimited, and `kind` is goods.
 *
 * @throws NiagaError INPUT_MISSING, INPUT_INVALID, INPUT_UNKNOWN_FIELD, INPUT_TOO_LARGE, MONEY_INVALID or
 * CURRENCY_UNKNOWN: the first problem found, with `where` as the field was written; all of them as `Problem[]` in
 * `details.problems`.
 */
export function readItem(value: unknown, options: ReadItemOptions = {}): ReadItemResult {
  if (!isObject(value)) {
    throw new NiagaError(
      'INPUT_INVALID',
      `A listing is an object with fields such as sku and title, not ${quote(value)}.`,
    );
  }
  const reading = new Reading({ strict: options.strict === true });
  const fields = withDefaults(reading.fields(value, ITEM_NAMES), options.defaults);
  const item = readFields(fields, reading);
  if (!fields.has('price') && !Object.keys(value).some((name) => ITEM_NAMES.get(name.toLowerCase()) === 'price')) {
    reading.warn('PRICE_ON_REQUEST', 'price', 'price is missing; the listing is published with its price on request.');
  }
  reading.settle();
  return { ...checkWhole(item, fields, reading), blobs: reading.blobs, warnings: reading.warnings };
}

function withDefaults(fields: Map<string, Field>, defaults: ReadItemOptions['defaults']): Map<string, Field> {
  // Defaults are the caller's: a name in them that is not known is told to nobody.
  const given = new Reading({ strict: false }).fields(defaults ?? {}, ITEM_NAMES);
  const marked = [...given].map(([name, field]) => [name, { ...field, isDefault: true }] as const);
  return new Map([...marked, ...fields]);
}

function readFields(fields: Map<string, Field>, reading: Reading): Partial<ListingItem> {
  const read = reader(fields);
  const line = (max: number) => (field: Field) => readLine(field, max, reading);
  // In this order, since the first problem is the one that is told first.
  const sku = required(fields, 'sku', (field) => readSku(field, LISTING_LIMITS.sku, reading), reading);
  const title = required(fields, 'title', (field) => readTitle(field, reading), reading);
  const currency = read('currency', (field) => readCurrency(field, reading));
  const price = readPrice(fields, currency, reading);
  const outer = currency ?? price?.currency;
  return defined({
    sku,
    title,
    kind: read('kind', (field) => readWord(field, LISTING_KINDS, reading)) ?? 'goods',
    description: read('description', (field) => readText(field, LISTING_LIMITS.description, reading)) ?? '',
    category: read('category', (field) => readLines(field, CATEGORY, reading)) ?? [],
    brand: read('brand', line(LISTING_LIMITS.brand)),
    itemCondition: read('itemCondition', (field) => readWord(shortCondition(field), ITEM_CONDITIONS, reading)),
    additionalProperty: read('additionalProperty', (field) => readProperties(field, reading)),
    keywords: read('keywords', (field) => readLines(field, KEYWORDS, reading)),
    hasVariant: read('hasVariant', (field) => readVariants(field, outer, reading)),
    price,
    unitText: read('unitText', line(LISTING_LIMITS.unitText)),
    inventoryLevel: read('inventoryLevel', (field) => readInventory(field, reading)) ?? null,
    eligibleQuantity: readEligibleQuantity(fields, reading),
    image: read('image', (field) => readImages(field, reading)),
    availableAtOrFrom: read('availableAtOrFrom', (field) => readPlace(field, reading)),
    shippingDetails: read('shippingDetails', (field) => readShipping(field, outer, reading)),
    pickup: read('pickup', (field) => readFlag(field, reading)),
    acceptedPaymentMethod: read('acceptedPaymentMethod', (field) => readLines(field, PAYMENT_METHODS, reading)),
    conditions: read('conditions', (field) => readConditions(field, reading)),
    inLanguage: read('inLanguage', (field) => readLanguage(field, LISTING_LIMITS.language, reading)),
    validFrom: read('validFrom', (field) => readTime(field, 'from', reading)),
    validThrough: read('validThrough', (field) => readTime(field, 'through', reading)),
  });
}

const CATEGORY = { separator: />/, entries: LISTING_LIMITS.categoryLevels, length: LISTING_LIMITS.category };
const KEYWORDS = { separator: /,/, entries: LISTING_LIMITS.keywords, length: LISTING_LIMITS.keyword };
const PAYMENT_METHODS = {
  separator: /,/,
  entries: LISTING_LIMITS.paymentMethods,
  length: LISTING_LIMITS.paymentMethod,
};

function required(
  fields: ReadonlyMap<string, Field>,
  name: string,
  read: (field: Field) => string | undefined,
  reading: Reading,
): string | undefined {
  const field = fields.get(name);
  return field === undefined ? reading.missing(name) : read(field);
}

function readTitle(field: Field, reading: Reading): string | undefined {
  if (typeof field.value === 'string' && field.value.trim() === '') return reading.missing(field.where, 'is empty');
  return readLine(field, LISTING_LIMITS.title, reading);
}

/** `https://schema.org/UsedCondition` is `used`. */
function shortCondition(field: Field): Field {
  if (typeof field.value !== 'string') return field;
  return { ...field, value: field.value.trim().replace(/^(?:https?:\/\/schema\.org\/)?(\w+)Condition$/, '$1') };
}

/** Null, from nothing or the words `on request`: the price is to be asked for. */
function readPrice(fields: ReadonlyMap<string, Field>, currency: string | undefined, reading: Reading): Money | null {
  const field = fields.get('price');
  if (field === undefined) return null;
  if (typeof field.value === 'string' && /^\s*on request\s*$/i.test(field.value)) return null;
  const given = fields.get('currency');
  // A currency was given and refused: to say that there is none would be a second error for one mistake.
  if (given !== undefined && currency === undefined) return null;
  const currencies = given?.isDefault === true ? { fallbackCurrency: currency } : { currency };
  return readMoney(field, currencies, reading) ?? null;
}

function readImages(field: Field, reading: Reading): ListingItem['image'] {
  const entries = readEntries(field, /[\s,]+/, LISTING_LIMITS.images, reading);
  const images = entries.flatMap((entry) => readCid(entry, reading) ?? []);
  return images.length === 0 ? undefined : images;
}

/** What no single field shows: fields that contradict each other, and the size of it all. */
function checkWhole(
  item: Partial<ListingItem>,
  fields: ReadonlyMap<string, Field>,
  reading: Reading,
): Pick<ReadItemResult, 'item' | 'bytes'> {
  if (isPlainItem(item)) {
    const bytes = encode(item, { maxBytes: Number.MAX_SAFE_INTEGER });
    const size = bytes.length;
    if (size <= MAX_ITEM_BYTES) return { item, bytes };
    throw new NiagaError('INPUT_TOO_LARGE', `The listing has ${size} bytes; at most ${MAX_ITEM_BYTES} are allowed.`);
  }
  for (const { path, message } of listingItemSchema.safeParse(item).error?.issues ?? []) {
    const [name = 'listing', ...rest] = path.map(String);
    const where = [fields.get(name)?.where ?? name, ...rest].join('.');
    reading.problem('INPUT_INVALID', where, `${where} ${message}.`);
  }
  reading.settle();
  throw new NiagaError('INTERNAL', 'A listing that fits no schema has no problem.');
}
