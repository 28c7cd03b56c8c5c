import type { ListingView, MoneyView } from '../../node/api/views.js';

/** A listing's fields beyond those that the API types: each is what its seller wrote, so each is looked at before it is shown. */
interface Shipping {
  /** Nothing: other places, which its card had no room to name. */
  readonly to: string | undefined;
  readonly rate: MoneyView | undefined;
  readonly minDays: number | undefined;
  readonly maxDays: number | undefined;
}

/** One of the ways in which a listing comes; what it leaves out is as in the listing. */
export interface Variant {
  readonly sku: string;
  readonly title: string;
  readonly price: MoneyView | null;
  /** Pieces as its seller stated them; null: not counted by themselves. */
  readonly left: number | null;
}

/** What stands for them in a card (protocol/catalog/summary.ts). */
const OTHERS = '…';

const TERMS = ['purchase', 'delivery', 'guarantee', 'refund'] as const;
export type TermName = (typeof TERMS)[number];

export interface Details {
  readonly description: string;
  readonly category: readonly string[];
  readonly brand: string | undefined;
  readonly condition: string | undefined;
  readonly properties: readonly (readonly [name: string, value: string])[];
  readonly variants: readonly Variant[];
  readonly unit: string | undefined;
  readonly availability: string | undefined;
  readonly left: number | null | undefined;
  readonly place: readonly string[];
  readonly shipping: readonly Shipping[];
  readonly pickup: boolean;
  readonly payment: readonly string[];
  /** The texts of the terms, as far as they are had. */
  readonly terms: Readonly<Partial<Record<TermName, string>>>;
  /** Terms that the listing names; the texts of some may be missing. */
  readonly named: readonly TermName[];
  /** Their ids. */
  readonly pictures: readonly string[];
  readonly validUntil: number | undefined;
  readonly published: number | undefined;
  /** Only what its card tells: nobody who can be reached has the listing itself. */
  readonly partial: boolean;
}

export function detailsOf(view: ListingView): Details {
  const place = mapIn(view['availableAtOrFrom']);
  const texts = mapIn(view['conditionTexts']);
  const conditions = mapIn(view['conditions']);
  const stock = view.available === undefined ? view['inventoryLevel'] : view.available;
  return {
    description: textIn(view['description']) ?? '',
    category: textsIn(view['category']),
    brand: textIn(view['brand']),
    condition: textIn(view['itemCondition']) ?? textIn(view['condition']),
    properties: Object.entries(mapIn(view['additionalProperty'])).map(([name, value]) => [name, String(value)]),
    variants: listIn(view['hasVariant']).flatMap((each) => variantIn(each, view.price)),
    unit: textIn(view['unitText']),
    availability: textIn(view['availability']) ?? (stock === 0 ? 'OutOfStock' : 'InStock'),
    left: stock === null ? null : numberIn(stock),
    place: Array.isArray(view['place'])
      ? textsIn(view['place'])
      : ['addressLocality', 'addressRegion', 'addressCountry'].flatMap((name) => textIn(place[name]) ?? []),
    shipping: [
      ...listIn(view['shippingDetails']).map(shippingIn),
      ...textsIn(view['shipsTo']).map((to) => shippingIn({ shippingDestination: to === OTHERS ? undefined : to })),
    ],
    pickup: view['pickup'] === true,
    payment: textsIn(view['acceptedPaymentMethod']),
    terms: Object.fromEntries(
      TERMS.flatMap((name) => (textIn(texts[name]) === undefined ? [] : [[name, texts[name]]])),
    ),
    named: TERMS.filter((name) => name in conditions),
    pictures: textsIn(view['image']),
    validUntil: numberIn(view['validUntil']) ?? numberIn(view['validThrough']),
    published: numberIn(view['published']),
    partial: view['partial'] === true,
  };
}

/** Whether all is there that its seller wrote and that a buyer has to know. */
export function isWhole({ partial, named, terms }: Details): boolean {
  return !partial && named.every((name) => terms[name] !== undefined);
}

function variantIn(value: unknown, price: MoneyView | null): readonly Variant[] {
  const fields = mapIn(value);
  const sku = textIn(fields['sku']);
  if (sku === undefined) return [];
  const title = textIn(fields['title']) ?? sku;
  return [{ sku, title, price: moneyIn(fields['price']) ?? price, left: numberIn(fields['inventoryLevel']) ?? null }];
}

function shippingIn(value: unknown): Shipping {
  const { shippingDestination, shippingRate, minDays, maxDays } = mapIn(value);
  return {
    to: textIn(shippingDestination),
    rate: moneyIn(shippingRate),
    minDays: numberIn(minDays),
    maxDays: numberIn(maxDays),
  };
}

function moneyIn(value: unknown): MoneyView | undefined {
  const { amount, currency } = mapIn(value);
  return typeof amount === 'string' && typeof currency === 'string' ? { amount, currency } : undefined;
}

function mapIn(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function listIn(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function textsIn(value: unknown): readonly string[] {
  return listIn(value).filter((each): each is string => typeof each === 'string');
}

function textIn(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function numberIn(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
