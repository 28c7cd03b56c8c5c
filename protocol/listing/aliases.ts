/**
 * The names under which people and other systems write the fields of a listing, each with the one name that it has on
 * the wire. Names are compared without regard to case. Two pseudo-fields stand for parts of others: `currency` (of
 * every price without one) and `minOrder`, `maxOrder` (of `eligibleQuantity`).
 */
export type Names = ReadonlyMap<string, string>;

/** `'sku id'` reads: `sku`, also written `id`. */
function names(...rows: string[]): Names {
  return new Map(
    rows.flatMap((row) => {
      const [canonical = '', ...aliases] = row.split(' ');
      return [canonical, ...aliases].map((name) => [name.toLowerCase(), canonical] as const);
    }),
  );
}

export const ITEM_NAMES = names(
  'sku id',
  'kind',
  'title name',
  'description',
  'category',
  'brand',
  'itemCondition condition',
  'additionalProperty attributes',
  'keywords tags',
  'hasVariant variants',
  'price',
  'currency priceCurrency',
  'unitText unit',
  'inventoryLevel quantity stock',
  'eligibleQuantity',
  'minOrder',
  'maxOrder',
  'image images media',
  'availableAtOrFrom place location',
  'shippingDetails shipsTo',
  'pickup',
  'acceptedPaymentMethod payment paymentMethods',
  'conditions',
  'inLanguage lang language',
  'validFrom',
  'validThrough validUntil',
);

export const VARIANT_NAMES = names(
  'sku id',
  'title name',
  'price',
  'currency priceCurrency',
  'inventoryLevel quantity stock',
  'additionalProperty attributes',
);

export const QUANTITY_NAMES = names('minValue min', 'maxValue max');

export const PLACE_NAMES = names(
  'addressCountry country',
  'addressRegion region province',
  'addressLocality locality city town',
  'latitude lat',
  'longitude lon lng',
  'latitudeE6',
  'longitudeE6',
);

export const SHIPPING_NAMES = names(
  'shippingDestination destination to',
  'shippingRate rate price',
  'currency priceCurrency',
  'minDays',
  'maxDays',
);

export const CONDITION_FIELD_NAMES = names('purchase', 'delivery', 'guarantee', 'refund');

/** Whether a column or field of that name would be understood in a listing. */
export function isItemField(name: string): boolean {
  return ITEM_NAMES.has(name.toLowerCase());
}
