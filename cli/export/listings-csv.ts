import { csvRow } from './csv.js';
import { isFields, itemOf, textsIn, type Shown } from './item.js';

const PLACE = ['addressCountry', 'addressRegion', 'addressLocality', 'latitudeE6', 'longitudeE6'];
const CONDITIONS = ['purchase', 'delivery', 'guarantee', 'refund'];
const PROPERTY = 'additionalProperty.';
const COLUMNS = [
  ...['sku', 'title', 'kind', 'description', 'category', 'brand', 'itemCondition', 'keywords', 'price', 'unitText'],
  ...['inventoryLevel', 'minOrder', 'maxOrder', 'image'],
  ...PLACE.map((name) => `availableAtOrFrom.${name}`),
  ...['pickup', 'acceptedPaymentMethod'],
  ...CONDITIONS.map((name) => `conditions.${name}`),
  ...['inLanguage', 'validFrom', 'validThrough'],
];
/** Lists that stand in one cell, with what is between their entries. */
const LISTS: Readonly<Record<string, string>> = {
  category: '>',
  keywords: ',',
  image: ',',
  acceptedPaymentMethod: ',',
};
/** Lists of things with parts have no cell. */
const WITHOUT_CELL = ['hasVariant', 'shippingDetails'];

/** Names of properties, which are columns, of one listing. */
export function propertyNames(shown: Shown): string[] {
  const properties = shown['additionalProperty'];
  return isFields(properties) ? Object.keys(properties) : [];
}

export function csvHeader(properties: Iterable<string>): string {
  return csvRow([...COLUMNS, ...[...properties].map((name) => `${PROPERTY}${name}`)]);
}

/** A listing as a row under {@link csvHeader}. */
export function listingAsCsv(shown: Shown, properties: Iterable<string>): string {
  const item = itemOf(shown);
  const own = isFields(item['additionalProperty']) ? item['additionalProperty'] : {};
  return csvRow([...COLUMNS.map((column) => cellOf(item, column)), ...[...properties].map((name) => plain(own[name]))]);
}

/** Whether there is something in it that {@link listingAsCsv} cannot say. */
export function lacksInCsv(shown: Shown): boolean {
  if (WITHOUT_CELL.some((name) => shown[name] !== undefined)) return true;
  return Object.entries(LISTS).some(([name, separator]) =>
    textsIn(shown[name]).some((text) => text.includes(separator)),
  );
}

function cellOf(item: Readonly<Record<string, unknown>>, column: string): string {
  if (column === 'minOrder' || column === 'maxOrder') {
    const range = item['eligibleQuantity'];
    return isFields(range) ? plain(range[column === 'minOrder' ? 'minValue' : 'maxValue']) : '';
  }
  const [name = '', part] = column.split('.');
  const separator = LISTS[name];
  if (separator !== undefined) return textsIn(item[name]).join(separator === '>' ? ' > ' : ', ');
  const value = item[name];
  return part === undefined ? plain(value) : isFields(value) ? plain(value[part]) : '';
}

function plain(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '';
}
