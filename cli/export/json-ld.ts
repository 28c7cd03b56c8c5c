import type { MoneyView } from '../../node/api/views.js';
import { isFields, itemOf, moneyText, textsIn, type Shown } from './item.js';

/** What a Product is besides, where it is a file. */
export const DIGITAL = 'DigitalDocument';

/** What is not said in it, or not so that it can be read again. */
const NOT_SAID = ['hasVariant', 'unitText', 'image', 'shippingDetails', 'pickup', 'conditions'];

/** Whether there is something in it that {@link listingAsJsonLd} cannot say. */
export function lacksInJsonLd(shown: Shown): boolean {
  return NOT_SAID.some((name) => shown[name] !== undefined);
}

/** A listing as a Product with an Offer of https://schema.org, for shops and search engines. */
export function listingAsJsonLd(shown: Shown): object {
  const item = itemOf(shown);
  const { brand, itemCondition, additionalProperty } = item;
  return defined({
    '@type': shown.kind === 'service' ? 'Service' : 'Product',
    '@id': shown.listing,
    // A Service of schema.org has no sku.
    ...(shown.kind === 'service'
      ? { identifier: { '@type': 'PropertyValue', propertyID: 'sku', value: shown.sku } }
      : { sku: shown.sku }),
    additionalType: shown.kind === 'digital' ? schemaOrg(DIGITAL) : undefined,
    name: shown.title,
    description: item['description'] === '' ? undefined : item['description'],
    category: textsIn(item['category']).join(' > ') || undefined,
    brand: brand === undefined ? undefined : { '@type': 'Brand', name: brand },
    itemCondition: typeof itemCondition === 'string' ? schemaOrg(`${capital(itemCondition)}Condition`) : undefined,
    keywords: textsIn(item['keywords']).join(', ') || undefined,
    inLanguage: item['inLanguage'],
    additionalProperty: isFields(additionalProperty)
      ? Object.entries(additionalProperty).map(([name, value]) => ({ '@type': 'PropertyValue', name, value }))
      : undefined,
    offers: offerOf(shown, item),
  });
}

function offerOf(shown: Shown, item: Readonly<Record<string, unknown>>): object {
  const level = shown['inventoryLevel'];
  const range = item['eligibleQuantity'];
  const place = item['availableAtOrFrom'];
  return defined({
    '@type': 'Offer',
    ...(shown.price === null ? {} : priceOf(shown.price)),
    availability: schemaOrg(level === 0 ? 'OutOfStock' : 'InStock'),
    inventoryLevel: typeof level === 'number' ? { '@type': 'QuantitativeValue', value: level } : undefined,
    eligibleQuantity: isFields(range) ? { '@type': 'QuantitativeValue', ...range } : undefined,
    availableAtOrFrom: isFields(place) ? placeOf(place) : undefined,
    acceptedPaymentMethod: textsIn(item['acceptedPaymentMethod']),
    validFrom: moment(item['validFrom']),
    validThrough: moment(item['validThrough']),
  });
}

/** `{price: "85000", priceCurrency: "IDR"}` */
function priceOf(money: MoneyView): object {
  const [price, priceCurrency] = moneyText(money).split(' ');
  return { price, priceCurrency };
}

function placeOf({ latitudeE6, longitudeE6, ...address }: Readonly<Record<string, unknown>>): object {
  const hasPosition = typeof latitudeE6 === 'number' && typeof longitudeE6 === 'number';
  return defined({
    '@type': 'Place',
    address: { '@type': 'PostalAddress', ...address },
    geo: hasPosition
      ? { '@type': 'GeoCoordinates', latitude: latitudeE6 / 1e6, longitude: longitudeE6 / 1e6 }
      : undefined,
  });
}

const schemaOrg = (word: string): string => `https://schema.org/${word}`;
const capital = (word: string): string => `${word.charAt(0).toUpperCase()}${word.slice(1)}`;
const moment = (value: unknown): string | undefined =>
  typeof value === 'number' ? new Date(value).toISOString() : undefined;

function defined(fields: Readonly<Record<string, unknown>>): object {
  const kept = Object.entries(fields).filter(
    ([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0),
  );
  return Object.fromEntries(kept);
}
