import type { ListingView, MoneyView } from '../../node/api/views.js';
import { moneyForField, moneyTyped } from '../format/money.js';
import { detailsOf } from '../listing/read.js';
import type { Language } from '../shell/language.js';

/** What the form of a listing holds, as typed. */
export interface Draft {
  readonly sku: string;
  readonly title: string;
  readonly kind: 'goods' | 'service' | 'digital';
  readonly description: string;
  readonly category: string;
  readonly price: string;
  readonly currency: string;
  readonly unitText: string;
  readonly quantity: string;
  readonly condition: '' | 'new' | 'used' | 'refurbished' | 'damaged';
  readonly place: string;
  readonly shipsTo: string;
  readonly rate: string;
  readonly pickup: boolean;
  readonly payment: readonly string[];
  readonly delivery: string;
  readonly guarantee: string;
  readonly refund: string;
  /** Ids of pictures that are on the node, in their order. */
  readonly pictures: readonly string[];
}

export const KINDS = ['goods', 'service', 'digital'] as const;
export const CONDITIONS = ['new', 'used', 'refurbished', 'damaged'] as const;
/** As the examples write them; the listing's page has words for each. */
export const PAYMENT_METHODS = ['bank-transfer', 'qris', 'e-wallet', 'cash-on-delivery', 'cash'] as const;

/** Another number for each listing of a seller: base 36 of the time, which only that seller's own listings must differ in. */
function newSku(now: number): string {
  return `p-${now.toString(36)}`;
}

export function emptyDraft(now: number): Draft {
  return {
    sku: newSku(now),
    title: '',
    kind: 'goods',
    description: '',
    category: '',
    price: '',
    currency: 'IDR',
    unitText: '',
    quantity: '1',
    condition: '',
    place: '',
    shipsTo: '',
    rate: '',
    pickup: false,
    payment: [],
    delivery: '',
    guarantee: '',
    refund: '',
    pictures: [],
  };
}

/** A listing as the form shows it. Terms are not shown again: what is left empty stays as it was. */
export function draftOf(view: ListingView, language: Language): Draft {
  const details = detailsOf(view);
  const amount = (money: MoneyView | null | undefined): string => (money ? moneyForField(money, language) : '');
  const [shipping] = details.shipping;
  return {
    ...emptyDraft(0),
    sku: view.sku,
    title: view.title,
    kind: KINDS.find((each) => each === view.kind) ?? 'goods',
    description: details.description,
    category: details.category.join(' > '),
    price: amount(view.price),
    currency: view.price?.currency ?? 'IDR',
    unitText: details.unit ?? '',
    quantity: typeof view.available === 'number' ? String(view.available) : '',
    condition: CONDITIONS.find((each) => each === details.condition) ?? '',
    place: details.place[0] ?? '',
    shipsTo: shipping?.to ?? '',
    rate: amount(shipping?.rate),
    pickup: details.pickup,
    payment: details.payment,
    pictures: details.pictures,
  };
}

/** The fields whose amounts or numbers cannot be read. */
export function problemsOf(draft: Draft, language: Language): ReadonlySet<keyof Draft> {
  const amounts = (['price', 'rate'] as const).filter(
    (name) => draft[name].trim() !== '' && moneyTyped(draft[name], draft.currency, language) === undefined,
  );
  const number = /^\d{0,9}$/.test(draft.quantity.trim()) ? [] : (['quantity'] as const);
  return new Set([...amounts, ...number]);
}

/** Of the node's answer and not of the listing. */
const NOT_OF_ITEM = [
  'listing',
  'version',
  'seq',
  'seller',
  'status',
  'available',
  'availableVariants',
  'blocked',
  'replicas',
  'quorum',
  'published',
  'conditionTexts',
];

/** Whether its owner has typed another quantity than what is left. */
function states(draft: Draft, language: Language, before: ListingView): boolean {
  return draft.quantity.trim() !== draftOf(before, language).quantity;
}

/** Whether that many are there now, though the same number was stated before. What is left of variants the form does not ask for. */
export function restocks(draft: Draft, language: Language, before: ListingView | undefined): boolean {
  return before !== undefined && before['hasVariant'] === undefined && states(draft, language, before);
}

/** Null is read as "not given", which of a variant means the listing's own level. */
function variantsOf({ hasVariant }: Readonly<Record<string, unknown>>): object {
  if (!Array.isArray(hasVariant)) return {};
  const variants = hasVariant as readonly Readonly<Record<string, unknown>>[];
  const said = (each: (typeof variants)[number]): object =>
    each['inventoryLevel'] === null ? { ...each, inventoryLevel: 'unlimited' } : each;
  return { hasVariant: variants.map(said) };
}

/**
 * The listing to publish. What the form does not show (variants, attributes, more places to ship to) stays as it was, and so does a
 * quantity that nobody has touched: stated anew, what was sold or set aside meanwhile would not count.
 * @param before the listing that is changed
 */
export function itemOf(draft: Draft, language: Language, before?: ListingView): Record<string, unknown> {
  const kept = Object.fromEntries(Object.entries(before ?? {}).filter(([name]) => !NOT_OF_ITEM.includes(name)));
  const amount = (typed: string): string | undefined => moneyTyped(typed, draft.currency, language);
  const terms = Object.fromEntries(
    (['delivery', 'guarantee', 'refund'] as const).flatMap((name) =>
      draft[name].trim() === '' ? [] : [[name, draft[name].trim()]],
    ),
  );
  const [first, ...others] = Array.isArray(kept['shippingDetails']) ? (kept['shippingDetails'] as object[]) : [];
  const rate = amount(draft.rate);
  const shipping =
    draft.shipsTo.trim() === ''
      ? others
      : [
          {
            ...first,
            shippingDestination: draft.shipsTo.trim(),
            shippingRate: draft.rate.trim() === '' ? undefined : rate,
          },
          ...others,
        ];
  const quantity = draft.quantity.trim();
  const untouched = before !== undefined && !states(draft, language, before);
  const place = typeof kept['availableAtOrFrom'] === 'object' ? kept['availableAtOrFrom'] : {};
  const item: Record<string, unknown> = {
    ...kept,
    sku: draft.sku,
    kind: draft.kind,
    title: draft.title.trim(),
    description: draft.description.trim(),
    category: draft.category.trim(),
    price: draft.price.trim() === '' ? null : amount(draft.price),
    unitText: draft.unitText.trim(),
    ...variantsOf(kept),
    inventoryLevel: untouched ? kept['inventoryLevel'] : quantity === '' ? null : Number(quantity),
    itemCondition: draft.condition,
    availableAtOrFrom: draft.place.trim() === '' ? undefined : { ...place, addressLocality: draft.place.trim() },
    shippingDetails: shipping.length === 0 ? undefined : shipping,
    pickup: draft.pickup ? true : undefined,
    acceptedPaymentMethod: draft.payment.length === 0 ? undefined : draft.payment,
    image: draft.pictures.length === 0 ? undefined : draft.pictures,
    conditions: { ...(kept['conditions'] as object | undefined), ...terms },
    inLanguage: before === undefined ? language : kept['inLanguage'],
  };
  return Object.fromEntries(Object.entries(item).filter(([, value]) => value !== undefined && value !== ''));
}
