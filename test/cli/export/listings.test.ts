import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { csvRow } from '../../../cli/export/csv.js';
import { GOOGLE_HEAD, GOOGLE_TAIL, listingAsGoogle } from '../../../cli/export/google.js';
import { itemOf, type Shown } from '../../../cli/export/item.js';
import { lacksInJsonLd, listingAsJsonLd } from '../../../cli/export/json-ld.js';
import { csvHeader, lacksInCsv, listingAsCsv, propertyNames } from '../../../cli/export/listings-csv.js';
import { readCsv } from '../../../cli/read/csv.js';
import { readGoogle } from '../../../cli/read/google.js';
import type { ReadLine } from '../../../cli/read/index.js';
import { readJsonLd } from '../../../cli/read/json-ld.js';
import { listingToView } from '../../../node/api/present.js';
import { readItem } from '../../../protocol/listing/input.js';
import type { ListingItem } from '../../../protocol/listing/item.js';

const SELLER = new Uint8Array(32).fill(7);

/** As the node shows it. */
function shown(item: ListingItem): Shown {
  const payload = { network: 'test', trader: SELLER, slot: item.sku, seq: 1, item, created: 1 };
  const id = { toString: () => 'bafyversion' };
  return listingToView({ payload, id } as unknown as Parameters<typeof listingToView>[0], 'active');
}

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text);
}

async function fromCsv(items: readonly Shown[]): Promise<ListingItem[]> {
  const properties = new Set(items.flatMap(propertyNames));
  const text = csvHeader(properties) + items.map((one) => listingAsCsv(one, properties)).join('');
  const back = [];
  for await (const line of readCsv(bytesOf(text))) {
    if ('error' in line) throw line.error;
    back.push(readItem(line.value).item);
  }
  return back;
}

async function fromFile(
  read: (bytes: AsyncIterable<Uint8Array>) => AsyncIterable<ReadLine>,
  text: string,
): Promise<ListingItem[]> {
  const back = [];
  for await (const line of read(bytesOf(text))) {
    if (line.error !== undefined) throw line.error;
    back.push(readItem(line.value, { strict: true }).item);
  }
  return back;
}

/** What is left of an item in a feed for Google merchants. */
function asInFeed({ sku, title, description, category, brand, itemCondition, price, inventoryLevel }: ListingItem) {
  const said = (text: string) => text.replace(/[\uFFFE\uFFFF]/g, '').trim();
  return {
    sku: said(sku),
    kind: 'goods',
    title: said(title),
    description: said(description === '' ? title : description),
    category,
    ...(brand === undefined ? {} : { brand: said(brand) }),
    ...(itemCondition === undefined ? {} : { itemCondition: itemCondition === 'damaged' ? 'used' : itemCondition }),
    price,
    inventoryLevel: inventoryLevel === 0 ? 0 : null,
  };
}

/** What a spreadsheet would take for a formula, what CSV has quotes for, other scripts, and what stands for the mark itself. */
const word = fc.oneof(
  fc.constantFrom(
    'Kopi',
    '=1+1',
    '+62 812',
    '-50%',
    '@SUM(A1)',
    "'=x",
    "''+x",
    "'quoted'",
    'a "b" c',
    'a;b',
    'テスト',
    '-6.2',
    '007',
  ),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }),
);
const list = fc.array(fc.stringMatching(/^[\p{L}\p{N}=+@-]{1,8}$/u), { maxLength: 3 });
const input = fc.record(
  {
    kind: fc.constantFrom('goods', 'service', 'digital'),
    description: fc.oneof(word, fc.constant('two\nlines, "quoted"')),
    category: list,
    brand: word,
    itemCondition: fc.constantFrom('new', 'used', 'refurbished', 'damaged'),
    keywords: list,
    price: fc.constantFrom('85000 IDR', '0.05 USD', 'on request', '12 JPY'),
    unitText: fc.constantFrom('kg', 'hour'),
    inventoryLevel: fc.constantFrom(0, 9, 'unlimited'),
    eligibleQuantity: fc.constantFrom({ minValue: 2 }, { minValue: 1, maxValue: 5 }),
    availableAtOrFrom: fc.constantFrom({
      addressLocality: 'Bandung',
      latitudeE6: -6_914_744,
      longitudeE6: 107_609_810,
    }),
    pickup: fc.boolean(),
    acceptedPaymentMethod: list,
    conditions: fc.constantFrom({ refund: 'Tujuh hari.', purchase: 'Tunai.' }),
    inLanguage: fc.constantFrom('id', 'en'),
    validFrom: fc.constantFrom(1_700_000_000_000),
    additionalProperty: fc.constantFrom({ warna: 'merah', 'a.b': '=x', 'with, comma': "'x" }),
  },
  { requiredKeys: [] },
);

/** Items as the protocol has them, from what people may write; what it refuses is left out. */
const item = fc
  .tuple(input, word, word)
  .map(([fields, sku, title]) => {
    try {
      return readItem({ ...fields, sku, title }).item;
    } catch {
      return undefined;
    }
  })
  .filter((one) => one !== undefined);

describe('own listings that were exported', () => {
  it('are the same when they are published again, from NDJSON', () => {
    fc.assert(
      fc.property(item, (one) => {
        const line = JSON.stringify(itemOf(shown(one)));
        expect(readItem(JSON.parse(line), { strict: true }).item).toEqual(one);
      }),
    );
  });

  it('are the same when they are published again, from CSV, but for what has no cell', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(item, { minLength: 1, maxLength: 4 }), async (items) => {
        const sayable = items.filter((one) => !lacksInCsv(shown(one)));
        expect(await fromCsv(sayable.map(shown))).toEqual(sayable);
      }),
    );
  });

  it('are the same when they are published again, from JSON-LD, but for what schema.org has no word for', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(item, { maxLength: 4 }), async (items) => {
        const entries = items.map((one) => JSON.stringify(listingAsJsonLd(shown(one)))).join(',\n');
        const back = await fromFile(readJsonLd, `{"@context":"https://schema.org","@graph":[${entries}]}`);
        const said = items.map((one) => {
          const { unitText: _u, pickup: _p, conditions: _c, ...rest } = one;
          expect(lacksInJsonLd(shown(one))).toBe([_u, _p, _c].some((field) => field !== undefined));
          return rest;
        });
        expect(back).toEqual(said);
      }),
    );
  });

  it('are the same when they are published again, from a feed, as far as a feed goes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(item, { maxLength: 4 }), fc.boolean(), async (items, hasBase) => {
        const base = hasBase ? 'https://toko.example/' : undefined;
        const entries = items.map((one) => listingAsGoogle(shown(one), base)).join('');
        expect(await fromFile(readGoogle, `${GOOGLE_HEAD}${entries}${GOOGLE_TAIL}`)).toEqual(items.map(asInFeed));
      }),
    );
  });

  it('have no cell that a spreadsheet would run', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 8 }), { minLength: 1, maxLength: 4 }), (cells) => {
        // Between quotes or not, a cell begins behind a comma or at the beginning of the row.
        for (const cell of cells) {
          const first = csvRow([cell]).replace(/^"/, '').charAt(0);
          if (!/^-?\d+(\.\d+)?$/.test(cell)) expect(['=', '+', '-', '@', '\t']).not.toContain(first);
        }
      }),
    );
    expect(csvRow(['=HYPERLINK("x")', '-6.5', '-x'])).toBe(`"'=HYPERLINK(""x"")",-6.5,'-x\r\n`);
  });

  it('say that they lack something where CSV has no cell for it', () => {
    const variants = readItem({ sku: 'a', title: 'A', price: '1 USD', variants: [{ sku: 'a-1' }] }).item;
    expect(lacksInCsv(shown(variants))).toBe(true);
    expect(lacksInCsv(shown(readItem({ sku: 'a', title: 'A', tags: ['x', 'y'] }).item))).toBe(false);
  });

  it('are Products with an Offer of schema.org', () => {
    const one = readItem({
      sku: 'kopi',
      title: 'Kopi',
      price: '85000.50 IDR',
      quantity: 3,
      brand: 'Gayo',
      condition: 'used',
    });
    expect(listingAsJsonLd(shown(one.item))).toMatchObject({
      '@type': 'Product',
      sku: 'kopi',
      name: 'Kopi',
      brand: { '@type': 'Brand', name: 'Gayo' },
      itemCondition: 'https://schema.org/UsedCondition',
      offers: {
        '@type': 'Offer',
        price: '85000.50',
        priceCurrency: 'IDR',
        availability: 'https://schema.org/InStock',
        inventoryLevel: { '@type': 'QuantitativeValue', value: 3 },
      },
    });
  });

  it('are items of a feed in which nothing of a seller’s text is markup', () => {
    const one = readItem({ sku: 'k', title: '</g:title><g:price>1</g:price> & "x"', price: '85000 IDR' }).item;
    const text = listingAsGoogle(shown(one), 'https://toko.example/');
    expect(text).toContain('<g:title>&lt;/g:title&gt;&lt;g:price&gt;1&lt;/g:price&gt; &amp; &quot;x&quot;</g:title>');
    expect(text.match(/<g:price>/g)).toHaveLength(1);
    expect(text).toContain('<g:price>85000 IDR</g:price>');
    expect(text).toMatch(/<g:link>https:\/\/toko\.example\/baf\w+<\/g:link>/);
    expect(text).toContain('<g:availability>in_stock</g:availability>');
  });
});
