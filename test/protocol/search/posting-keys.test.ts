import { describe, expect, it } from 'vitest';
import { summaryOf } from '../../../protocol/catalog/summary.js';
import { readItem } from '../../../protocol/listing/input.js';
import { LISTING_LIMITS } from '../../../protocol/listing/item.js';
import { browseKeys, categoryKey } from '../../../protocol/search/posting-keys.js';

describe('a card can be browsed', () => {
  it('by every level of its category, as many as a listing may have', () => {
    const category = Array.from({ length: LISTING_LIMITS.categoryLevels }, (_, at) => `Level ${at}`);
    const { item } = readItem({ sku: 'a', title: 'Kopi', category });
    expect(browseKeys(summaryOf(item, null))).toEqual(category.map(categoryKey));
  });
});
