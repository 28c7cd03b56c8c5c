import { describe, expect, it } from 'vitest';
import { readItem } from '../../../protocol/listing/input.js';
import { pipe, read } from './reading.js';

/** What each entry comes to: the item, or what is wrong with it. */
async function items(name: string, content: string, format?: Parameters<typeof read>[2]) {
  const lines = await read(name, content, format);
  return lines.map(({ line, value, error }) => {
    if (error !== undefined) return { line, error: error.message, code: error.code };
    const { sku, title, price, inventoryLevel, ...more } = readItem(value, { strict: true }).item;
    return { line, sku, title, price, inventoryLevel, more };
  });
}

const PRICE = { amount: 8_500_000, currency: 'IDR' };

describe('JSON-LD of schema.org', () => {
  const product = (fields: object) => ({ '@type': 'Product', sku: 'k', name: 'Kopi', ...fields });
  const offers = { '@type': 'Offer', price: 85000, priceCurrency: 'IDR' };
  const kopi = expect.objectContaining({ sku: 'k', title: 'Kopi', price: PRICE, inventoryLevel: null }) as unknown;

  it.each<[string, unknown]>([
    ['one Product', product({ offers })],
    ['a list', [product({ offers })]],
    ['a graph', { '@context': 'https://schema.org', '@graph': [product({ offers })] }],
    ['an ItemList', { '@type': 'ItemList', itemListElement: [{ '@type': 'ListItem', item: product({ offers }) }] }],
    [
      'names with their vocabulary',
      {
        '@type': 'https://schema.org/Product',
        'https://schema.org/sku': 'k',
        'schema:name': { '@value': 'Kopi' },
        'http://schema.org/offers': [{ priceSpecification: { price: '85000', priceCurrency: 'IDR' } }],
      },
    ],
    ['an AggregateOffer of one', product({ offers: { '@type': 'AggregateOffer', lowPrice: 1, offers: [offers] } })],
    ['a number under another name', { '@type': 'Product', mpn: 'k', name: 'Kopi', offers }],
  ])('is read from %s', async (_, value) => {
    expect(await items('x.jsonld', JSON.stringify(value))).toEqual([kopi]);
    expect(await items('x.txt', JSON.stringify(value, null, 2), 'json-ld')).toEqual([kopi]);
  });

  it('names the line of an entry that is no listing, and goes on', async () => {
    const entries = [
      '{"@type":"WebPage","name":"Toko"}',
      JSON.stringify(product({ offers: [offers, offers] })),
      JSON.stringify(product({ offers: { lowPrice: 1, highPrice: 2 } })),
      '7',
      JSON.stringify(product({ offers: { ...offers, availability: 'http://schema.org/SoldOut' } })),
    ];
    const graph = `{"@context":"https://schema.org","name":["x"],"@graph":[\n${entries.join(',\n')}\n],"a":[1]}`;
    expect(await items('x.jsonld', graph)).toEqual([
      { line: 2, code: 'INPUT_INVALID', error: 'Line 2: "WebPage" is no Product or Service.' },
      { line: 3, code: 'INPUT_INVALID', error: 'Line 3: it has 2 Offers where a listing has one price.' },
      { line: 4, code: 'INPUT_INVALID', error: 'Line 4: it has a range of prices where a listing has one price.' },
      { line: 5, code: 'INPUT_INVALID', error: 'Line 5: 7 is no Product.' },
      expect.objectContaining({ line: 6, inventoryLevel: 0 }),
    ]);
    expect(await items('x.jsonld', '{"@graph":[]}')).toEqual([]);
  });

  it('is known by its beginning', async () => {
    const value = JSON.stringify({ '@context': 'https://schema.org', ...product({ offers }) });
    expect(await pipe(value, 7)).toMatchObject([{ line: 1, value: { sku: 'k', title: 'Kopi' } }]);
  });
});

describe('a feed for Google merchants', () => {
  const feed = (content: string) =>
    `<?xml version="1.0"?>\n<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel><title>Toko</title>\n${content}\n</channel></rss>`;
  const kopi = {
    sku: 'k',
    title: 'Kopi & susu',
    price: PRICE,
    inventoryLevel: 0,
    more: {
      kind: 'goods',
      description: 'Dari <Gayo>',
      category: ['Minuman', 'Kopi'],
      itemCondition: 'new',
      additionalProperty: { color: 'hitam', gtin: '899' },
    },
  };

  it('is read from RSS, whatever else shops put into it', async () => {
    const item = `<item><g:id>k</g:id><title>Kopi &amp; susu</title><description><![CDATA[Dari <Gayo>]]></description>
<link>https://toko.example/k</link><g:image_link>https://toko.example/k.jpg</g:image_link><g:price>85000 IDR</g:price>
<g:availability>out of stock</g:availability><g:condition>new</g:condition><g:product_type>Minuman &gt; Kopi</g:product_type>
<g:google_product_category>1868</g:google_product_category><g:color>hitam</g:color><g:gtin>899</g:gtin>
<g:shipping><g:country>ID</g:country><g:price>20000 IDR</g:price></g:shipping></item>`;
    expect(await items('x.xml', feed(item))).toEqual([{ line: 3, ...kopi }]);
    expect(await pipe(feed(item), 9)).toMatchObject([{ line: 3, value: { sku: 'k', price: '85000 IDR' } }]);
  });

  it('is read from text with tabs', async () => {
    const text =
      'id\ttitle\tdescription\tlink\tprice\tavailability\tcondition\tproduct type\tcolor\tgtin\n' +
      'k\tKopi & susu\tDari <Gayo>\thttps://toko.example\t85000 IDR\tout_of_stock\tnew\tMinuman > Kopi\thitam\t899\n' +
      'short\n';
    expect(await items('x.tsv', text, 'google')).toEqual([
      { line: 2, ...kopi },
      expect.objectContaining({ line: 3, code: 'INPUT_SYNTAX' }),
    ]);
  });

  it.each<[string, string, RegExp]>([
    [
      'an entity that grows',
      `<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><rss><item><g:id>&b;</g:id></item></rss>`,
      /^Line 1, column \d+: .*document type/,
    ],
    ['an entity that reads a file', `<!DOCTYPE r SYSTEM "file:///etc/passwd"><rss/>`, /document type/],
    ['an entity that is not XML’s', feed('<item><g:id>&nbsp;</g:id></item>'), /^Line 3, column \d+: .*entity/],
    ['a tag that is not closed', feed('<item><g:id>k</item>'), /^Line 3, column \d+: /],
    ['an end that is missing', '<rss><channel><item>', /^Line 1, column \d+: /],
    ['a depth that nobody has', `<rss>${'<x>'.repeat(100)}`, /64 deep/],
  ])('is refused whole for %s, with its place', async (_, content, message) => {
    expect(await items('x.xml', content)).toEqual([
      expect.objectContaining({ code: 'INPUT_SYNTAX', error: expect.stringMatching(message) as string }),
    ]);
  });
});
