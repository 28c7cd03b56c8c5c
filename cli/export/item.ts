import type { MoneyView } from '../../node/api/views.js';
import { listingItemSchema } from '../../protocol/listing/item.js';
import { formatMoney, moneyFromJson } from '../../protocol/money.js';

/** A listing as `niaga listing list --json` shows it. */
export type Shown = Readonly<Record<string, unknown>> & {
  readonly listing: string;
  readonly sku: string;
  readonly title: string;
  readonly kind: string;
  readonly price: MoneyView | null;
};

const FIELDS = Object.keys(listingItemSchema.shape);

/** What its seller said of it, as `niaga publish` takes it again; what the node knows besides is left out. */
export function itemOf(shown: Shown): Readonly<Record<string, unknown>> {
  const said = FIELDS.flatMap((name) => (Object.hasOwn(shown, name) ? [[name, shown[name]] as const] : []));
  const variants = shown['hasVariant'] as readonly Readonly<Record<string, unknown>>[] | undefined;
  return {
    ...Object.fromEntries(said),
    price: shown.price === null ? 'on request' : moneyText(shown.price),
    ...withLevel(shown),
    ...(variants === undefined ? {} : { hasVariant: variants.map((each) => ({ ...each, ...withLevel(each) })) }),
  };
}

/** Null is read as "not given"; of a variant that means the listing's own level. */
function withLevel({ inventoryLevel }: Readonly<Record<string, unknown>>): object {
  return inventoryLevel === undefined ? {} : { inventoryLevel: inventoryLevel ?? 'unlimited' };
}

/** `85000 IDR` */
export function moneyText(money: MoneyView): string {
  return formatMoney(moneyFromJson(money));
}

export function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function textsIn(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
