import { describe, expect, it } from 'vitest';
import type { ListingView } from '../../node/api/views.js';
import { readItem } from '../../protocol/listing/input.js';
import { draftOf, itemOf, restocks } from '../../web/sell/draft.js';

/** As `listing.show` tells of an own listing with fields that the form does not show: two of five were sold, one is set aside. */
const VIEW: ListingView = {
  listing: 'bafylisting',
  version: 'bafyversion',
  seq: 3,
  seller: 'z6Mk',
  status: 'active',
  published: 1,
  replicas: 5,
  quorum: true,
  sku: 'kopi',
  kind: 'goods',
  title: 'Kopi Gayo',
  description: 'Arabika',
  category: ['Makanan', 'Kopi'],
  brand: 'Gayo',
  additionalProperty: { grams: 250 },
  price: { amount: '8500000', currency: 'IDR' },
  inventoryLevel: 5,
  available: 2,
  hasVariant: [
    { sku: 'kopi-250', inventoryLevel: 3 },
    { sku: 'kopi-500', inventoryLevel: null },
    { sku: 'kopi-1000', title: '1 kg' },
  ],
  availableVariants: [{ sku: 'kopi-250', available: 1 }],
  shippingDetails: [
    { shippingDestination: 'ID', shippingRate: { amount: '2000000', currency: 'IDR' } },
    { shippingDestination: 'MY' },
  ],
  validThrough: 4_000_000_000_000,
};

const said = (item: Readonly<Record<string, unknown>>) => readItem(item, { strict: true }).item;

describe('the form of a listing', () => {
  it('sends a listing that nobody has changed back as it was, with its stock as it was stated', () => {
    const item = said(itemOf(draftOf(VIEW, 'id'), 'id', VIEW));
    expect(item.inventoryLevel).toBe(5);
    expect(item.hasVariant?.map(({ inventoryLevel }) => inventoryLevel)).toEqual([3, null, undefined]);
    expect(item).toMatchObject({
      brand: 'Gayo',
      category: ['Makanan', 'Kopi'],
      additionalProperty: { grams: 250 },
      shippingDetails: [{ shippingDestination: 'ID' }, { shippingDestination: 'MY' }],
      validThrough: VIEW['validThrough'],
    });
  });

  it('states the number that its owner has typed, also where it is no limit any more', () => {
    const draft = draftOf(VIEW, 'id');
    expect(draft.quantity).toBe('2');
    expect(said(itemOf({ ...draft, quantity: ' 7 ' }, 'id', VIEW)).inventoryLevel).toBe(7);
    expect(said(itemOf({ ...draft, quantity: '' }, 'id', VIEW)).inventoryLevel).toBeNull();
    const { hasVariant: _, ...plain } = VIEW;
    const restated = (quantity: string, before?: ListingView) => restocks({ ...draft, quantity }, 'id', before);
    expect([restated('5', plain), restated('2', plain)]).toEqual([true, false]);
    expect([restated('5', VIEW), restated('5')]).toEqual([false, false]);
  });
});
