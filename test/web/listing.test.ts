import { describe, expect, it } from 'vitest';
import type { ListingView } from '../../node/api/views.js';
import { CUT } from '../../protocol/catalog/summary.js';
import { detailsOf } from '../../web/listing/read.js';

describe('the destinations that a card names', () => {
  it('are shown without what stands for those that it had no room for', () => {
    // Of a card, which has fields that a listing does not.
    const view = { title: 'Kopi', price: null, partial: true, shipsTo: ['ID', 'MY', CUT] } as unknown as ListingView;
    expect(detailsOf(view).shipping.map(({ to }) => to)).toEqual(['ID', 'MY', undefined]);
  });
});
