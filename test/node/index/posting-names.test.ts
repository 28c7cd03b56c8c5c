import fc from 'fast-check';
import { expect, it } from 'vitest';
import { postingNames } from '../../../node/index/posting-names.js';
import { MAX_KEY_LENGTH } from '../../../node/index/wire.js';
import type { Card } from '../../../protocol/catalog/card.js';
import { cardKeys } from '../../../protocol/catalog/make-card.js';
import { summaryOf } from '../../../protocol/catalog/summary.js';
import { LISTING_LIMITS, listingItemSchema, type ListingItem } from '../../../protocol/listing/item.js';
import { indexOf } from '../../../protocol/search/index-terms.js';
import { textSchema } from '../../../protocol/schema.js';
import { MAX_SHARD_BITS, shardKey } from '../../../protocol/search/posting-keys.js';

/** Lines up to the schema's limit, of any characters and of those that grow when they are folded or make many words. */
const line = (max: number) =>
  fc
    .oneof(
      fc.string({ unit: 'binary', minLength: 1, maxLength: max }),
      fc
        .array(fc.constantFrom('ß', '¾', 'ﬃ', '½ ', 'a ', 'b ', '4', '咖', '👜', '𐐀', '-'), {
          minLength: 1,
          maxLength: max,
        })
        .map((characters) => characters.join('')),
      fc.constantFrom('ß', '¾', '咖', '𐐀').map((character) => character.repeat(max)),
    )
    .map((text) => text.slice(0, max))
    .filter((text) => textSchema(1, max).safeParse(text).success && !/[\n\t]/.test(text));

const place = line(LISTING_LIMITS.place);
const item = fc.record({
  title: line(LISTING_LIMITS.title),
  category: fc.array(line(LISTING_LIMITS.category), { maxLength: LISTING_LIMITS.categoryLevels }),
  availableAtOrFrom: fc.record({ addressCountry: place, addressRegion: place, addressLocality: place }),
});

const COMMON = { sku: 'a', kind: 'goods', description: '', price: null, inventoryLevel: null };

function keysOf(listing: ListingItem): string[] {
  const card = { network: 'main', trader: new Uint8Array(32), slot: 'card/a', summary: summaryOf(listing, null) };
  return cardKeys({ ...card, index: indexOf(listing) } as Card, { seller: 'seller' });
}

it('every key of every listing that the schema takes fits into what index nodes take, in any shard', () => {
  fc.assert(
    fc.property(item, (given) => {
      const keys = keysOf(listingItemSchema.parse({ ...COMMON, ...given }));
      for (const key of keys)
        expect(shardKey(key, '1'.repeat(MAX_SHARD_BITS)).length, key).toBeLessThanOrEqual(MAX_KEY_LENGTH);
      const posting = { keys, listing: 'listing', bytes: new Uint8Array() };
      expect(postingNames(posting, { of: () => MAX_SHARD_BITS } as never).names).toHaveLength(keys.length);
    }),
  );
});
