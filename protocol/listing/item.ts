import { z } from 'zod';
import { moneySchema } from '../money.js';
import { cidSchema, textSchema, timeSchema } from '../schema.js';

/**
 * What a seller says about one thing for sale: the `item` of a listing's record. Names are those of schema.org's
 * Product, Offer and their parts where it has one (https://schema.org/Offer); `sku`, `kind`, `title`, `category` and
 * `pickup` are ours. Objects are loose: what a newer version adds survives. There are no floats: a rating of 4.4 is
 * the text `4.4`, a latitude is a whole number of millionths of a degree.
 */

/** Bytes of an item as DAG-CBOR, at most: a listing's payload has 128 KiB, its header takes the rest. */
export const MAX_ITEM_BYTES = 120 * 1024;

/** Text on one line: what is shown in lists, slots and terminals must not break them. */
function lineSchema(min: number, max: number) {
  return textSchema(min, max).refine((text) => !/[\n\t]/.test(text), 'has a line break or tab');
}

/** Neither end, or the lower not above the upper. */
function ordered(low: number | undefined, high: number | undefined): boolean {
  return low === undefined || high === undefined || low <= high;
}

export const LISTING_KINDS = ['goods', 'service', 'digital'] as const;
export type ListingKind = (typeof LISTING_KINDS)[number];

/** schema.org's OfferItemCondition without its suffix. */
export const ITEM_CONDITIONS = ['new', 'used', 'refurbished', 'damaged'] as const;
export type ItemCondition = (typeof ITEM_CONDITIONS)[number];

/** The four sets of terms that a listing may bind, each a text of its own. */
export const CONDITION_NAMES = ['purchase', 'delivery', 'guarantee', 'refund'] as const;
export type ConditionName = (typeof CONDITION_NAMES)[number];

/** Limits that the schema and the reading of human input share. */
export const LISTING_LIMITS = {
  sku: 128,
  title: 300,
  description: 20_000,
  categoryLevels: 10,
  category: 120,
  brand: 120,
  properties: 100,
  propertyName: 100,
  propertyText: 1_000,
  keywords: 50,
  keyword: 60,
  variants: 100,
  unitText: 40,
  images: 20,
  place: 120,
  shippingDetails: 64,
  shippingDestination: 80,
  shippingDays: 366,
  paymentMethods: 20,
  paymentMethod: 80,
  language: 16,
} as const;

export const additionalPropertySchema = z
  .record(
    lineSchema(1, LISTING_LIMITS.propertyName),
    z.union([textSchema(1, LISTING_LIMITS.propertyText), z.int(), z.boolean()]),
  )
  .refine(
    (map) => Object.keys(map).length <= LISTING_LIMITS.properties,
    `has more than ${LISTING_LIMITS.properties} properties`,
  );
export type AdditionalProperty = z.infer<typeof additionalPropertySchema>;

/** Pieces at hand; null where there is no limit. */
const inventoryLevelSchema = z.int().min(0).nullable();

/** One way in which the thing comes; what it leaves out is as in the listing. */
export const variantSchema = z.looseObject({
  sku: lineSchema(1, LISTING_LIMITS.sku),
  title: lineSchema(1, LISTING_LIMITS.title).optional(),
  price: moneySchema.optional(),
  inventoryLevel: inventoryLevelSchema.optional(),
  additionalProperty: additionalPropertySchema.optional(),
});
export type Variant = z.infer<typeof variantSchema>;

/** How many one may order, in pieces (or `unitText`). */
export const eligibleQuantitySchema = z
  .looseObject({ minValue: z.int().min(1).optional(), maxValue: z.int().min(1).optional() })
  .refine(({ minValue, maxValue }) => ordered(minValue, maxValue), 'has a minimum above its maximum');
export type EligibleQuantity = z.infer<typeof eligibleQuantitySchema>;

export const placeSchema = z
  .looseObject({
    addressCountry: lineSchema(1, LISTING_LIMITS.place).optional(),
    addressRegion: lineSchema(1, LISTING_LIMITS.place).optional(),
    addressLocality: lineSchema(1, LISTING_LIMITS.place).optional(),
    /** Millionths of a degree, WGS 84. */
    latitudeE6: z.int().min(-90_000_000).max(90_000_000).optional(),
    longitudeE6: z.int().min(-180_000_000).max(180_000_000).optional(),
  })
  .refine((place) => (place.latitudeE6 === undefined) === (place.longitudeE6 === undefined), 'has half a position');
export type Place = z.infer<typeof placeSchema>;

export const shippingSchema = z
  .looseObject({
    shippingDestination: lineSchema(1, LISTING_LIMITS.shippingDestination),
    /** Left out: to be agreed on. */
    shippingRate: moneySchema.optional(),
    minDays: z.int().min(0).max(LISTING_LIMITS.shippingDays).optional(),
    maxDays: z.int().min(0).max(LISTING_LIMITS.shippingDays).optional(),
  })
  .refine(({ minDays, maxDays }) => ordered(minDays, maxDays), 'has a minimum above its maximum');
export type Shipping = z.infer<typeof shippingSchema>;

/** Contract terms by the CID of their text (raw bytes, UTF-8). */
export const conditionsSchema = z.looseObject({
  purchase: cidSchema.optional(),
  delivery: cidSchema.optional(),
  guarantee: cidSchema.optional(),
  refund: cidSchema.optional(),
});
export type Conditions = z.infer<typeof conditionsSchema>;

export const listingItemSchema = z
  .looseObject({
    /** The seller's own number for it; one listing a sku. */
    sku: lineSchema(1, LISTING_LIMITS.sku),
    kind: z.enum(LISTING_KINDS),
    /** schema.org's `name`. */
    title: lineSchema(1, LISTING_LIMITS.title),
    description: textSchema(0, LISTING_LIMITS.description),
    /** A path, the widest level first; empty where there is none. */
    category: z.array(lineSchema(1, LISTING_LIMITS.category)).max(LISTING_LIMITS.categoryLevels),
    brand: lineSchema(1, LISTING_LIMITS.brand).optional(),
    itemCondition: z.enum(ITEM_CONDITIONS).optional(),
    additionalProperty: additionalPropertySchema.optional(),
    /** Tags. */
    keywords: z.array(lineSchema(1, LISTING_LIMITS.keyword)).max(LISTING_LIMITS.keywords).optional(),
    hasVariant: z.array(variantSchema).max(LISTING_LIMITS.variants).refine(distinctSkus, 'has a sku twice').optional(),
    /** For one piece, or one `unitText`; null: on request. */
    price: moneySchema.nullable(),
    /** What one of it is: kg, hour, page. A piece where it is left out. */
    unitText: lineSchema(1, LISTING_LIMITS.unitText).optional(),
    inventoryLevel: inventoryLevelSchema,
    eligibleQuantity: eligibleQuantitySchema.optional(),
    image: z.array(cidSchema).max(LISTING_LIMITS.images).optional(),
    availableAtOrFrom: placeSchema.optional(),
    shippingDetails: z.array(shippingSchema).max(LISTING_LIMITS.shippingDetails).optional(),
    /** Whether the buyer may fetch it. */
    pickup: z.boolean().optional(),
    acceptedPaymentMethod: z
      .array(lineSchema(1, LISTING_LIMITS.paymentMethod))
      .max(LISTING_LIMITS.paymentMethods)
      .optional(),
    conditions: conditionsSchema.optional(),
    /** BCP 47, such as `id` or `en`. */
    inLanguage: lineSchema(2, LISTING_LIMITS.language).optional(),
    validFrom: timeSchema.optional(),
    validThrough: timeSchema.optional(),
  })
  .refine(({ validFrom, validThrough }) => ordered(validFrom, validThrough), {
    error: 'is before the beginning',
    path: ['validThrough'],
  });
export type ListingItem = z.infer<typeof listingItemSchema>;

function distinctSkus(variants: readonly { sku: string }[]): boolean {
  return new Set(variants.map(({ sku }) => sku)).size === variants.length;
}
