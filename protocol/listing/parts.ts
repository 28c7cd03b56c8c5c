import type { CID } from 'multiformats/cid';
import { isCurrency, unknownCurrency, upperCaseCode } from '../currencies.js';
import { blobId } from '../ids.js';
import { parseMoney, type Money, type ParseMoneyOptions } from '../money.js';
import { quote } from '../quote.js';
import { encodeUtf8 } from '../utf8.js';
import { CONDITION_FIELD_NAMES, PLACE_NAMES, QUANTITY_NAMES, SHIPPING_NAMES, VARIANT_NAMES } from './aliases.js';
import { countryNames } from '../search/places.js';
import { LISTING_LIMITS, type AdditionalProperty, type Conditions, type EligibleQuantity, type Place } from './item.js';
import type { Shipping, Variant } from './item.js';
import { isObject, type Field, type Reading } from './reading.js';
import { cidOf, readEntries, readLine, readSku, readText, readWhole } from './scalars.js';

/** Readers of the values that have parts. As in scalars.ts, undefined is "nothing usable", its problem noted. */

const MAX = Number.MAX_SAFE_INTEGER;
/** Bytes of one text of conditions, at most. */
const MAX_CONDITION_BYTES = 64 * 1024;

/** Names that programs take for the prototype of a map (`__proto__`) or for a link (`/`): strict DAG-CBOR has them not. */
const FORBIDDEN_NAMES: ReadonlySet<string> = new Set(['__proto__', '/']);

/** An object without the keys whose value is undefined: on the wire a field is there or it is not. */
export function defined<T extends object>(object: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

/** The currencies that stand beside an amount: one that it must agree with, or one for when it names none. */
type Currencies = Omit<ParseMoneyOptions, 'where'>;

export function readMoney(field: Field, currencies: Currencies, reading: Reading): Money | undefined {
  const { where, value } = field;
  return reading.attempt(where, () => parseMoney(value, { ...currencies, where }));
}

/** The currency of an object's own prices, or else that of what it is a part of. */
function ownCurrencies(fields: ReadonlyMap<string, Field>, outer: string | undefined, reading: Reading): Currencies {
  const own = fields.get('currency');
  return { currency: own && readCurrency(own, reading), fallbackCurrency: outer };
}

/** The currency that an object names for its prices. */
export function readCurrency(field: Field, reading: Reading): string | undefined {
  const { where, value } = field;
  if (typeof value !== 'string') return reading.invalid(field, 'it must be a currency code, such as IDR');
  const currency = upperCaseCode(value);
  if (currency === '' || isCurrency(currency)) return currency === '' ? undefined : currency;
  const { code, message } = unknownCurrency(value);
  return reading.problem(code, where, `${where}: ${message}`);
}

/** Pieces at hand; null, from the word `unlimited`, for no limit. */
export function readInventory(field: Field, reading: Reading): number | null | undefined {
  const { value } = field;
  if (typeof value === 'string' && /^\s*unlimited\s*$/i.test(value)) return null;
  return readWhole(field, 0, MAX, reading);
}

/** A map, or schema.org's list of `{name, value}`. */
export function readProperties(field: Field, reading: Reading): AdditionalProperty | undefined {
  const pairs = propertyPairs(field, reading);
  if (pairs.length > LISTING_LIMITS.properties) {
    const message = `${field.where} has ${pairs.length} entries; at most ${LISTING_LIMITS.properties} are allowed.`;
    return reading.problem('INPUT_INVALID', field.where, message);
  }
  const properties = new Map<string, string | number | boolean>();
  for (const [rawName, entry] of pairs) {
    const name = readLine({ where: entry.where, value: rawName }, LISTING_LIMITS.propertyName, reading);
    if (name === undefined || entry.value === null || entry.value === undefined) continue;
    if (FORBIDDEN_NAMES.has(name))
      reading.problem('INPUT_INVALID', entry.where, `${entry.where} is a name that is not allowed.`);
    else if (properties.has(name)) reading.problem('INPUT_INVALID', entry.where, `${entry.where} is given twice.`);
    else {
      const value = readProperty(entry, reading);
      if (value !== undefined) properties.set(name, value);
    }
  }
  return properties.size === 0 ? undefined : Object.fromEntries(properties);
}

function propertyPairs(field: Field, reading: Reading): [name: unknown, entry: Field][] {
  const { where, value } = field;
  if (isObject(value)) {
    return Object.entries(value).map(([name, entry]) => [
      name,
      { where: `${where}.${shortName(name)}`, value: entry as unknown },
    ]);
  }
  if (!Array.isArray(value)) {
    reading.invalid(field, 'it must be an object of names and values');
    return [];
  }
  return (value as unknown[]).flatMap((entry, index): [unknown, Field][] => {
    const at = `${where}[${index}]`;
    if (isObject(entry) && 'name' in entry && 'value' in entry)
      return [[entry.name, { where: at, value: entry.value }]];
    reading.invalid({ where: at, value: entry }, 'it must be an object with name and value');
    return [];
  });
}

function shortName(name: string): string {
  return /^[\p{L}\p{N} _.-]{1,40}$/u.test(name) ? name : quote(name);
}

/** Text, whole numbers and flags as they are; other numbers as the shortest text that means them (no floats on the wire). */
function readProperty(field: Field, reading: Reading): string | number | boolean | undefined {
  const { value } = field;
  if (typeof value === 'boolean') return value;
  if (typeof value === 'string')
    return readText({ ...field, value: value.trim() }, LISTING_LIMITS.propertyText, reading);
  if (typeof value === 'number' && Number.isFinite(value))
    return Number.isSafeInteger(value) ? value + 0 : String(value);
  return reading.invalid(field, 'it must be text, a number, true or false');
}

export function readVariants(field: Field, currency: string | undefined, reading: Reading): Variant[] | undefined {
  const variants = readEntries(field, /,/, LISTING_LIMITS.variants, reading).flatMap(({ where, value }): Variant[] => {
    if (!isObject(value)) return reading.invalid({ where, value }, 'it must be an object with a sku') ?? [];
    const fields = reading.fields(value, VARIANT_NAMES, `${where}.`);
    const read = reader(fields);
    const own = ownCurrencies(fields, currency, reading);
    if (!fields.has('sku')) return reading.missing(`${where}.sku`) ?? [];
    const sku = read('sku', (given) => readSku(given, LISTING_LIMITS.sku, reading));
    if (sku === undefined) return [];
    return [
      defined({
        sku,
        title: read('title', (given) => readLine(given, LISTING_LIMITS.title, reading)),
        price: read('price', (given) => readMoney(given, own, reading)),
        inventoryLevel: read('inventoryLevel', (given) => readInventory(given, reading)),
        additionalProperty: read('additionalProperty', (given) => readProperties(given, reading)),
      }),
    ];
  });
  return variants.length === 0 ? undefined : variants;
}

/** From `eligibleQuantity` with its two ends, or from `minOrder` and `maxOrder` beside it. */
export function readEligibleQuantity(
  fields: ReadonlyMap<string, Field>,
  reading: Reading,
): EligibleQuantity | undefined {
  const whole = fields.get('eligibleQuantity');
  let ends: ReadonlyMap<string, Field> = new Map();
  if (whole !== undefined) {
    if (isObject(whole.value)) ends = reading.fields(whole.value, QUANTITY_NAMES, `${whole.where}.`);
    else reading.invalid(whole, 'it must be an object with minValue and maxValue');
  }
  const end = (field: Field | undefined) => (field === undefined ? undefined : readWhole(field, 1, MAX, reading));
  const minValue = end(fields.get('minOrder') ?? ends.get('minValue'));
  const maxValue = end(fields.get('maxOrder') ?? ends.get('maxValue'));
  if (minValue === undefined && maxValue === undefined) return undefined;
  return defined({ minValue, maxValue });
}

/** Text is a place as people write it; otherwise an address in parts, with its position in degrees or, as on the wire, their millionths. */
export function readPlace(field: Field, reading: Reading): Place | undefined {
  const { where, value } = field;
  if (typeof value === 'string') {
    const line = readLine(field, LISTING_LIMITS.place, reading);
    return line === undefined ? undefined : placeOfText(line);
  }
  if (!isObject(value)) return reading.invalid(field, 'it must be a town, or an object with country, region and city');
  const fields = reading.fields(value, PLACE_NAMES, `${where}.`);
  const read = reader(fields);
  const line = (given: Field) => readLine(given, LISTING_LIMITS.place, reading);
  const position = (name: string, most: number) =>
    read(`${name}E6`, (given) => readWhole(given, -most * 1e6, most * 1e6, reading)) ??
    read(name, (given) => readDegrees(given, most, reading));
  const place = defined({
    addressCountry: read('addressCountry', line),
    addressRegion: read('addressRegion', line),
    addressLocality: read('addressLocality', line),
    latitudeE6: position('latitude', 90),
    longitudeE6: position('longitude', 180),
  });
  return Object.keys(place).length === 0 ? undefined : place;
}

/**
 * "Bandung", "Bandung, Jawa Barat", "Bandung, Indonesia", "Bandung, Jawa Barat, Indonesia": a buyer looks for each part by itself. Two
 * letters behind a town may be a state, and are left with it: "Los Angeles, CA" is not in Canada.
 */
function placeOfText(line: string): Place {
  const parts = line.split(',').map((part) => part.trim());
  const [addressLocality, second, third] = parts;
  const isCode = parts.length === 2 && second?.length === 2;
  if (parts.includes('') || parts.length < 2 || parts.length > 3 || isCode) return { addressLocality: line };
  if (third !== undefined) return defined({ addressCountry: third, addressRegion: second, addressLocality });
  const isCountry = second !== undefined && countryNames(second).length > 0;
  return defined({ ...(isCountry ? { addressCountry: second } : { addressRegion: second }), addressLocality });
}

function readDegrees(field: Field, most: number, reading: Reading): number | undefined {
  const { value } = field;
  const degrees = typeof value === 'string' && /^\s*-?\d{1,3}(\.\d+)?\s*$/.test(value) ? Number(value) : value;
  if (typeof degrees === 'number' && Math.abs(degrees) <= most) return Math.round(degrees * 1e6) + 0;
  return reading.invalid(field, `it must be degrees from -${most} to ${most}`);
}

/** Destinations as text, or objects with rate and days. */
export function readShipping(field: Field, currency: string | undefined, reading: Reading): Shipping[] | undefined {
  const listed = isObject(field.value) ? { ...field, value: [field.value] } : field;
  const entries = readEntries(listed, /,/, LISTING_LIMITS.shippingDetails, reading);
  const details = entries.flatMap((entry): Shipping[] => {
    const { where, value } = entry;
    const destination = (given: Field) => readLine(given, LISTING_LIMITS.shippingDestination, reading);
    if (!isObject(value)) {
      const shippingDestination = destination(entry);
      return shippingDestination === undefined ? [] : [{ shippingDestination }];
    }
    const fields = reading.fields(value, SHIPPING_NAMES, `${where}.`);
    const read = reader(fields);
    const own = ownCurrencies(fields, currency, reading);
    if (!fields.has('shippingDestination')) return reading.missing(`${where}.shippingDestination`) ?? [];
    const days = (given: Field) => readWhole(given, 0, LISTING_LIMITS.shippingDays, reading);
    const shippingDestination = read('shippingDestination', destination);
    const rest = {
      shippingRate: read('shippingRate', (given) => readMoney(given, own, reading)),
      minDays: read('minDays', days),
      maxDays: read('maxDays', days),
    };
    return shippingDestination === undefined ? [] : [defined({ shippingDestination, ...rest })];
  });
  return details.length === 0 ? undefined : details;
}

/** Each of the four sets of terms by its CID, or as text, which becomes a blob. */
export function readConditions(field: Field, reading: Reading): Conditions | undefined {
  if (!isObject(field.value)) {
    return reading.invalid(field, 'it must be an object with purchase, delivery, guarantee or refund');
  }
  const fields = reading.fields(field.value, CONDITION_FIELD_NAMES, `${field.where}.`);
  const terms = [...fields].flatMap(([name, given]): [string, CID][] => {
    const cid = cidOf(given.value) ?? storeText(given, reading);
    return cid === undefined ? [] : [[name, cid]];
  });
  return terms.length === 0 ? undefined : Object.fromEntries(terms);
}

function storeText(field: Field, reading: Reading): CID | undefined {
  if (typeof field.value !== 'string') return reading.invalid(field, 'it must be the text of the terms, or its CID');
  const text = readText(field, MAX_CONDITION_BYTES, reading);
  if (text === undefined) return undefined;
  const bytes = encodeUtf8(text);
  if (bytes.length > MAX_CONDITION_BYTES) {
    const message = `${field.where} has ${bytes.length} bytes; at most ${MAX_CONDITION_BYTES} are allowed.`;
    return reading.problem('INPUT_INVALID', field.where, message);
  }
  const id = blobId(bytes);
  if (!reading.blobs.some((blob) => blobId(blob).equals(id))) reading.blobs.push(bytes);
  return id;
}

/** Reads a field by its name on the wire, where it was given. */
export function reader(fields: ReadonlyMap<string, Field>) {
  return <T>(name: string, read: (field: Field) => T | undefined): T | undefined => {
    const field = fields.get(name);
    return field === undefined ? undefined : read(field);
  };
}
