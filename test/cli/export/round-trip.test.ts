import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NiagaNode } from '../../../node/index.js';
import { createTestnet, type Testnet } from '../../../node/testing/index.js';
import { listingItemSchema } from '../../../protocol/listing/item.js';
import { exif, jpegOf, pngOf } from '../../node/pictures/samples.js';
import { folderWith, jsonLines, niaga } from '../cli.js';

/** From one home to another, over the API of real nodes. */
const TIMEOUT = 120_000;
const REFUND = 'Uang kembali dalam 7 hari.\nOngkos kirim ditanggung penjual.';

/** All that a listing can say. */
const FULL = {
  sku: 'kopi',
  kind: 'goods',
  title: 'Kopi Gayo',
  description: 'Arabika, "medium"\ndari Aceh',
  category: ['Makanan', 'Kopi'],
  brand: 'Gayo',
  itemCondition: 'new',
  additionalProperty: { roast: 'medium', grams: 250, organic: true },
  keywords: ['kopi', 'arabika'],
  hasVariant: [
    { sku: 'kopi-250', title: '250 g', price: '85000 IDR', inventoryLevel: 3 },
    { sku: 'kopi-1000', price: '300000 IDR', inventoryLevel: 'unlimited', additionalProperty: { grams: 1000 } },
  ],
  price: '85000 IDR',
  unitText: 'bungkus',
  inventoryLevel: 5,
  eligibleQuantity: { minValue: 1, maxValue: 4 },
  image: ['depan.jpg', 'belakang.png'],
  availableAtOrFrom: { addressCountry: 'ID', addressLocality: 'Takengon', latitude: '4.63', longitude: '96.84' },
  shippingDetails: [
    { shippingDestination: 'ID', shippingRate: '20000 IDR', minDays: 2, maxDays: 5 },
    { shippingDestination: 'MY' },
  ],
  pickup: true,
  acceptedPaymentMethod: ['BCA', 'QRIS'],
  conditions: { purchase: 'Bayar di muka.', delivery: 'JNE.', guarantee: 'Segar.', refund: REFUND },
  inLanguage: 'id',
  validFrom: '2026-01-01T00:00:00Z',
  validThrough: '2099-01-01T00:00:00Z',
};
const OTHERS = [
  { sku: 'jam', kind: 'service', title: 'Servis jam', price: 'on request', conditions: { refund: REFUND } },
  { sku: 'font', kind: 'digital', title: '=Font', price: '5.50 USD', image: 'depan.jpg' },
];

let testnet: Testnet;
let home: (at: number) => string;

beforeAll(async () => {
  testnet = await createTestnet(2, { node: { api: '127.0.0.1:0' } });
  home = (at) => testnet.homes[at] ?? '';
  await using folder = await folderWith({
    'depan.jpg': jpegOf({ inside: [exif(1, 'GPS')] }),
    'belakang.png': pngOf(),
    'all.ndjson': [FULL, ...OTHERS].map((item) => JSON.stringify(item)).join('\n'),
  });
  const ran = await niaga(['publish', join(folder.path, 'all.ndjson'), '--json', '--home', home(0)]);
  expect(ran).toMatchObject({ code: 0 });
  await niaga(['publish', '-', '--home', home(0)], { stdin: '{"sku":"gone","title":"Gone","price":"1 IDR"}' });
  const { items } = await nodeAt(0).listingList({});
  const { listing = '' } = items.find(({ sku }) => sku === 'gone') ?? {};
  expect((await niaga(['listing', 'remove', listing, '--home', home(0)])).code).toBe(0);
}, TIMEOUT);

afterAll(() => testnet.stop());

const nodeAt = (at: number): NiagaNode => testnet.nodes[at] ?? expect.unreachable();

/** What is offered there, by number, each with the texts of its conditions; what another seller cannot have alike is left out. */
async function offered(at: number): Promise<Record<string, unknown>> {
  const { items } = await nodeAt(at).listingList({});
  const active = items.filter(({ status }) => status === 'active');
  const shown = await Promise.all(active.map(({ listing }) => nodeAt(at).listingShow({ listing })));
  const own = new Set(['listing', 'version', 'seq', 'seller', 'published', 'replicas', 'quorum']);
  return Object.fromEntries(
    shown.map((view) => [view.sku, Object.fromEntries(Object.entries(view).filter(([name]) => !own.has(name)))]),
  );
}

async function statuses(at: number, file: string): Promise<unknown[]> {
  const ran = await niaga(['publish', file, '--json', '--home', home(at)]);
  expect(ran).toMatchObject({ code: 0 });
  return jsonLines(ran.out).map(({ status }) => status);
}

/** Every picture of a home's listings, by its id. */
async function pictures(at: number): Promise<[string, string][]> {
  const { items } = await nodeAt(at).listingList({});
  const ids = new Set(items.flatMap(({ image }) => (Array.isArray(image) ? image.map(String) : [])));
  const saved = [...ids].sort().map(async (picture): Promise<[string, string]> => {
    const { content } = await nodeAt(at).pictureSave({ picture });
    return [picture, content];
  });
  return Promise.all(saved);
}

describe('what a home exports', () => {
  it('holds every field that a listing can have', () => {
    expect(Object.keys(FULL).sort()).toEqual(Object.keys(listingItemSchema.shape).sort());
  });

  it(
    'as everything, published on another home, offers the same there: fields, pictures and texts of conditions',
    { timeout: TIMEOUT },
    async () => {
      await using folder = await folderWith();
      const [first, second] = [join(folder.path, 'first'), join(folder.path, 'second')];
      const ran = await niaga(['export', 'everything', first, '--json', '--home', home(0)]);
      expect(ran).toMatchObject({ code: 0 });
      expect(jsonLines(ran.out)).toMatchObject([{ listings: 3, pictures: 2 }]);
      // Back on the home that it came from it changes nothing.
      const unchanged = ['unchanged', 'unchanged', 'unchanged'];
      expect(await statuses(0, join(first, 'listings.ndjson'))).toEqual(unchanged);

      const published = ['published', 'published', 'published'];
      expect(await statuses(1, join(first, 'listings.ndjson'))).toEqual(published);
      expect(await offered(1)).toEqual(await offered(0));
      expect((await offered(1))['jam']).toMatchObject({ conditionTexts: { refund: REFUND } });
      expect(await pictures(1)).toEqual(await pictures(0));

      expect(await niaga(['export', 'everything', second, '--home', home(1)])).toMatchObject({ code: 0 });
      expect(await statuses(1, join(second, 'listings.ndjson'))).toEqual(unchanged);
      const lines = async (at: string) => (await readFile(join(at, 'listings.ndjson'), 'utf8')).split('\n').sort();
      expect(await lines(second)).toEqual(await lines(first));
      expect(await readdir(join(second, 'pictures'))).toEqual(await readdir(join(first, 'pictures')));
    },
  );

  it.each(['ndjson', 'csv'])('as listings in %s takes the texts of conditions along', async (format) => {
    await using folder = await folderWith();
    const file = join(folder.path, `all.${format}`);
    expect(await niaga(['export', 'listings', file, '--home', home(0)])).toMatchObject({ code: 0 });
    expect(await readFile(file, 'utf8')).toContain(format === 'csv' ? `"${REFUND}"` : JSON.stringify(REFUND));
  });
});
