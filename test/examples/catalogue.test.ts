import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { openSources, readItems } from '../../cli/read/index.js';
import { readItem } from '../../protocol/listing/input.js';
import { CONDITION_NAMES, ITEM_CONDITIONS, LISTING_KINDS, type ListingItem } from '../../protocol/listing/item.js';
import { termsOfText } from '../../protocol/search/analysis.js';

const FOLDER = fileURLToPath(new URL('../../examples/catalogue/', import.meta.url));
const files = readdirSync(FOLDER).filter((file) => /\.(ndjson|csv)$/.test(file));

interface Search {
  readonly words: string;
  readonly lang: string;
  readonly first: readonly string[];
}

const { searches } = JSON.parse(readFileSync(`${FOLDER}searches.json`, 'utf8')) as { searches: Search[] };

describe('the demo catalogue', () => {
  const items = new Map<string, ListingItem>();

  beforeAll(async () => {
    for (const source of await openSources(files.map((file) => FOLDER + file))) {
      for await (const { value, error } of readItems(source)) {
        if (error !== undefined) throw error;
        const { item } = readItem(value, { strict: true });
        expect(items.has(item.sku), `${item.sku} is there twice`).toBe(false);
        items.set(item.sku, item);
      }
    }
  });

  it('is taken line by line under --strict, and has at least 70 listings of 8 shops', () => {
    expect(files).toHaveLength(8);
    expect(items.size).toBeGreaterThanOrEqual(70);
  });

  it('has every kind, condition, language and currency, and a price on request', () => {
    const all = [...items.values()];
    expect(new Set(all.map(({ kind }) => kind))).toEqual(new Set(LISTING_KINDS));
    expect(new Set(all.flatMap(({ itemCondition }) => itemCondition ?? []))).toEqual(new Set(ITEM_CONDITIONS));
    expect(new Set(all.flatMap(({ inLanguage }) => inLanguage ?? []))).toEqual(new Set(['id', 'en']));
    expect(new Set(all.map(({ price }) => price?.currency))).toEqual(new Set(['IDR', 'USD', undefined]));
    expect(new Set(all.flatMap(({ conditions = {} }) => Object.keys(conditions)))).toEqual(new Set(CONDITION_NAMES));
  });

  it('has as many pieces of a thing as its variants have together', () => {
    for (const { sku, hasVariant, inventoryLevel } of items.values()) {
      if (hasVariant === undefined || inventoryLevel === null) continue;
      expect(
        hasVariant.reduce((sum, variant) => sum + (variant.inventoryLevel ?? 0), 0),
        sku,
      ).toBe(inventoryLevel);
    }
  });

  it.each(searches)('“$words”: no other listing has more of its words than those that must come first', (search) => {
    const asked = new Set(termsOfText(search.words));
    const has = (item: ListingItem) => [...wordsOf(item)].filter((word) => asked.has(word)).length;
    const others = [...items.values()].filter(({ sku }) => !search.first.includes(sku));
    const most = Math.max(...others.map(has));
    for (const sku of search.first) {
      const item = items.get(sku);
      expect(item === undefined ? 0 : has(item), sku).toBeGreaterThanOrEqual(Math.max(1, most));
    }
  });
});

/** All that the search reads of a listing. */
function wordsOf({ title, brand = '', category, additionalProperty = {}, keywords = [], description }: ListingItem) {
  const attributes = Object.values(additionalProperty).map(String);
  return new Set(termsOfText([title, brand, ...category, ...attributes, ...keywords, description].join(' ; ')));
}
