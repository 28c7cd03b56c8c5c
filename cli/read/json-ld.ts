import { NiagaError } from '../../protocol/errors.js';
import { quote } from '../../protocol/quote.js';
import { DIGITAL } from '../export/json-ld.js';
import type { ReadLine } from './index.js';
import { readJson } from './json.js';
import { orError } from './or-error.js';

type Node = Readonly<Record<string, unknown>>;

/** Deeper lists of lists are nobody's. */
const MAX_LISTS = 4;

/**
 * Products and Services with their Offer (https://schema.org), as shops put them into their pages and `niaga export`
 * writes them: one, a list, `@graph`, or an ItemList of them. An entry that is something else, or cannot be a listing, is an
 * error of its own. Pictures are left out: they are addresses there.
 */
export async function* readJsonLd(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<ReadLine, void> {
  for await (const read of readJson(chunks, '@graph')) {
    if (read.error !== undefined) yield read;
    else for (const entry of entriesIn(read.value)) yield orError(read.line, () => itemOf(entry, read.line));
  }
}

function entriesIn(value: unknown, depth = 0): unknown[] {
  if (depth < MAX_LISTS && isNode(value)) {
    if (Array.isArray(value['@graph'])) return value['@graph'].flatMap((one) => entriesIn(one, depth + 1));
    const list = part(value, 'itemListElement');
    if (typesOf(value).includes('ItemList') && list !== undefined)
      return all(list).flatMap((one) => entriesIn(isNode(one) ? (part(one, 'item') ?? one) : one, depth + 1));
  }
  return [value];
}

/** The listing as `readItem` takes it. @throws NiagaError INPUT_INVALID */
function itemOf(value: unknown, line: number): Readonly<Record<string, unknown>> {
  if (!isNode(value)) throw wrong(line, `${quote(value)} is no Product`);
  const types = typesOf(value);
  const isService = types.includes('Service');
  if (!isService && !types.some((type) => type.endsWith('Product')) && part(value, 'offers') === undefined)
    throw wrong(
      line,
      `${types.length === 0 ? 'an object without a type' : quote(types.join(', '))} is no Product or Service`,
    );
  if (types.includes('ProductGroup'))
    throw wrong(line, 'a ProductGroup is no one thing that can be ordered; its Products can');
  const offer = offerOf(value, line);
  const price = priceOf(offer, line);
  const digital = [...types, ...all(part(value, 'additionalType')).map(word)].some((type) => type === DIGITAL);
  return {
    sku: text(part(value, 'sku')) ?? identifierOf(value),
    title: text(part(value, 'name')),
    kind: isService ? 'service' : digital ? 'digital' : undefined,
    description: text(part(value, 'description')),
    category: categoryOf(part(value, 'category') ?? part(value, 'serviceType')),
    brand: text(part(value, 'brand')),
    itemCondition: conditionOf(part(value, 'itemCondition') ?? part(offer, 'itemCondition')),
    additionalProperty: propertiesOf(part(value, 'additionalProperty')),
    keywords: listOf(part(value, 'keywords')),
    ...price,
    inventoryLevel: levelOf(offer),
    eligibleQuantity: rangeOf(part(offer, 'eligibleQuantity')),
    availableAtOrFrom: placeOf(part(offer, 'availableAtOrFrom')),
    acceptedPaymentMethod: listOf(part(offer, 'acceptedPaymentMethod')),
    inLanguage: text(part(value, 'inLanguage')),
    validFrom: text(part(offer, 'validFrom')),
    validThrough: text(part(offer, 'validThrough') ?? part(offer, 'priceValidUntil')),
  };
}

/** @throws NiagaError INPUT_INVALID for several: a listing has one price */
function offerOf(value: Node, line: number): Node {
  const offers = all(part(value, 'offers'))
    .filter(isNode)
    .flatMap((one) => {
      const inside = all(part(one, 'offers')).filter(isNode);
      return inside.length === 0 ? [one] : inside;
    });
  const [offer = {}, ...more] = offers;
  if (more.length > 0) throw wrong(line, `it has ${offers.length} Offers where a listing has one price`);
  return offer;
}

function priceOf(offer: Node, line: number): Readonly<Record<string, unknown>> {
  const [specified] = all(part(offer, 'priceSpecification')).filter(isNode);
  const from = part(offer, 'price') === undefined ? (specified ?? offer) : offer;
  const price = part(from, 'price');
  if (price === undefined && part(offer, 'lowPrice') !== undefined)
    throw wrong(line, 'it has a range of prices where a listing has one price');
  // Without a price, as the export writes what is sold on request.
  if (price === undefined) return { price: 'on request' };
  return { price, priceCurrency: part(from, 'priceCurrency') ?? part(offer, 'priceCurrency') };
}

/** Of a level that is not said it is only known whether there is any. */
function levelOf(offer: Node): unknown {
  const level = part(offer, 'inventoryLevel');
  const said = isNode(level) ? part(level, 'value') : level;
  const gone = ['OutOfStock', 'SoldOut', 'Discontinued'].includes(word(part(offer, 'availability')));
  return said ?? (gone ? 0 : undefined);
}

/** Of what has no sku: its number under another name. */
function identifierOf(value: Node): string | undefined {
  const named = all(part(value, 'identifier')).map((one) => (isNode(one) ? text(part(one, 'value')) : text(one)));
  return [...named, text(part(value, 'productID')), text(part(value, 'mpn')), text(part(value, 'gtin'))].find(
    (one) => one !== undefined,
  );
}

function conditionOf(value: unknown): string | undefined {
  const condition = word(value)
    .replace(/Condition$/, '')
    .toLowerCase();
  return condition === '' ? undefined : condition;
}

/** A path as text, as the export writes it, or as a list of its levels. */
function categoryOf(value: unknown): unknown {
  return Array.isArray(value) ? listOf(value) : text(value);
}

function propertiesOf(value: unknown): unknown {
  const pairs = all(value)
    .filter(isNode)
    .map((one) => ({ name: text(part(one, 'name') ?? part(one, 'propertyID')), value: plain(part(one, 'value')) }));
  return pairs.length === 0 ? undefined : pairs;
}

function rangeOf(value: unknown): unknown {
  if (!isNode(value)) return undefined;
  return { minValue: part(value, 'minValue'), maxValue: part(value, 'maxValue') };
}

function placeOf(value: unknown): unknown {
  if (!isNode(value)) return text(value);
  const address = part(value, 'address');
  const geo = part(value, 'geo');
  if (!isNode(address) && !isNode(geo)) return text(address ?? value);
  const of = (from: unknown, name: string): unknown => (isNode(from) ? part(from, name) : undefined);
  return {
    addressCountry: text(of(address, 'addressCountry')),
    addressRegion: text(of(address, 'addressRegion')),
    addressLocality: text(of(address, 'addressLocality')),
    latitude: of(geo, 'latitude'),
    longitude: of(geo, 'longitude'),
  };
}

/** Text as it is, a list as the texts in it. */
function listOf(value: unknown): unknown {
  return Array.isArray(value) ? value.map(text).filter((one) => one !== undefined) : text(value);
}

/** Text; of a thing that has one its name. */
function text(value: unknown): string | undefined {
  const [first] = all(value);
  if (typeof first === 'string') return first;
  if (typeof first === 'number' || typeof first === 'boolean') return String(first);
  return isNode(first) ? text(part(first, 'name') ?? first['@value'] ?? first['@id']) : undefined;
}

/** A value of JSON-LD may stand in an object of its own. */
function plain(value: unknown): unknown {
  return isNode(value) && '@value' in value ? value['@value'] : value;
}

const SCHEMA_ORG = /^(?:https?:\/\/schema\.org\/|schema:)/;

/** `https://schema.org/InStock` → `InStock` */
function word(value: unknown): string {
  return (text(value) ?? '').replace(SCHEMA_ORG, '');
}

function typesOf(value: Node): string[] {
  return all(value['@type']).map(word);
}

/** A field by its name, as it is or with schema.org in front. */
function part(value: Node, name: string): unknown {
  const found = [name, `schema:${name}`, `https://schema.org/${name}`, `http://schema.org/${name}`].find((one) =>
    Object.hasOwn(value, one),
  );
  return found === undefined ? undefined : (plain(value[found]) ?? undefined);
}

function all(value: unknown): unknown[] {
  return value === undefined || value === null ? [] : Array.isArray(value) ? (value as unknown[]) : [value];
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function wrong(line: number, what: string): NiagaError {
  return new NiagaError('INPUT_INVALID', `Line ${line}: ${what}.`, { where: `line ${line}`, details: { line } });
}
