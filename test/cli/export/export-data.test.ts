import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Handlers } from '../../../node/api/handlers.js';
import type { ListingView, TradeView } from '../../../node/api/views.js';
import { NiagaError } from '../../../protocol/errors.js';
import { folderWith, jsonLines, niaga, serveHome } from '../cli.js';

const PICTURE = 'bafkreia';
const GONE = 'bafkreib';

const listing = (sku: string, more: object = {}): ListingView => ({
  listing: `bafy${sku}`,
  version: 'bafyv',
  seq: 1,
  seller: 'z6Mk',
  status: 'active',
  sku,
  title: `Kopi ${sku}`,
  kind: 'goods',
  price: { amount: '8500000', currency: 'IDR' },
  inventoryLevel: 9,
  ...more,
});

/** What bookkeeping takes of one; the rest is not looked at. */
const trade = {
  trade: 'bafytrade',
  state: 'closed',
  role: 'seller',
  counterparty: 'z6MkOther',
  lines: [
    { line: 1, listing: 'l', version: 'v', title: '=Kopi', quantity: 2, price: { amount: '1', currency: 'IDR' } },
  ],
  total: { amount: '17000000', currency: 'IDR' },
  created: 0,
  updated: 1_000,
} as unknown as TradeView;

/** Two pages of listings. */
const someHome = (given: Partial<Handlers> = {}) =>
  serveHome({
    listingList: ({ after }) =>
      Promise.resolve(
        after === undefined
          ? { items: [listing('a', { image: [PICTURE, GONE] }), listing('b', { hasVariant: [] })], next: 'b' }
          : { items: [listing('c', { status: 'removed' }), listing('d', { price: null, image: [PICTURE] })] },
      ),
    pictureSave: ({ picture }) => {
      if (picture === GONE) throw new NiagaError('PICTURE_NOT_FOUND', 'It is not here.');
      return Promise.resolve({ picture, type: 'image/jpeg', content: Buffer.from('jpeg').toString('base64') });
    },
    tradeList: () => Promise.resolve({ items: [trade] }),
    tradeExport: ({ trade: id }) =>
      Promise.resolve({ trade: id, evidence: Buffer.from('evidence').toString('base64') }),
    ...given,
  });

describe('niaga export', () => {
  it.each([
    ['x.csv', /^sku,title,.*\r\na,Kopi a,.*\r\nb,/],
    ['x.ndjson', /^\{"sku":"a",.*\n\{"sku":"b".*\n\{"sku":"d".*"price":"on request"/],
    ['x.jsonld', /^\{"@context":"https:\/\/schema.org","@graph":\[/],
    ['x.xml', /^<\?xml .*<rss /s],
  ])('writes all own listings that are offered into %s', async (name, begins) => {
    await using served = await someHome();
    await using folder = await folderWith();
    const file = join(folder.path, name);
    const ran = await niaga(['export', 'listings', file, '--home', served.home, '--json']);
    expect(ran).toMatchObject({ code: 0 });
    expect(JSON.parse(ran.out)).toMatchObject({ file, count: 3 });
    const text = await readFile(file, 'utf8');
    expect(text).toMatch(begins);
    expect(text).not.toContain('Kopi c');
    if (name === 'x.jsonld') expect((JSON.parse(text) as { '@graph': unknown[] })['@graph']).toHaveLength(3);
    expect(await niaga(['export', 'listings', file, '--home', served.home])).toMatchObject({ code: 1 });
    expect(await readdir(folder.path)).toEqual([name]);
  });

  it('says what a format cannot say, and asks for one where the name says none', async () => {
    await using served = await someHome();
    const csv = await niaga(['export', 'listings', '-', '--format', 'csv', '--home', served.home]);
    expect(csv.out.split('\r\n')).toHaveLength(5);
    expect(csv.err).toContain('1 of them have something that the format cannot say');
    expect(await niaga(['export', 'listings', 'x', '--home', served.home])).toMatchObject({ code: 2 });
  });

  it('writes trades for bookkeeping: no cell is a formula, totals are in the currency’s own units', async () => {
    await using served = await someHome();
    const { code, out } = await niaga(['export', 'trades', '-', '--home', served.home]);
    expect(code).toBe(0);
    expect(out.split('\r\n').slice(0, 2)).toEqual([
      'trade,state,role,counterparty,goods,pieces,total,currency,created,updated',
      'bafytrade,closed,seller,z6MkOther,2 × =Kopi,2,170000,IDR,1970-01-01T00:00:00.000Z,1970-01-01T00:00:01.000Z',
    ]);
  });

  it('writes everything into a new folder, never into one that is there', async () => {
    await using served = await someHome();
    await using folder = await folderWith();
    const into = join(folder.path, 'all');
    const ran = await niaga(['export', 'everything', into, '--home', served.home, '--json']);
    expect(ran).toMatchObject({ code: 0 });
    expect(JSON.parse(ran.out)).toEqual({ folder: into, listings: 3, pictures: 1, trades: 1 });
    expect((await readdir(into)).sort()).toEqual(['bafytrade.niaga', 'listings.ndjson', 'pictures', 'trades.csv']);
    // Each picture once, and named so that niaga publish finds it; one that the node has no more keeps its id.
    expect(await readdir(join(into, 'pictures'))).toEqual([`${PICTURE}.jpeg`]);
    expect(await readFile(join(into, 'pictures', `${PICTURE}.jpeg`), 'utf8')).toBe('jpeg');
    const images = jsonLines(await readFile(join(into, 'listings.ndjson'), 'utf8')).map(({ image }) => image);
    expect(images).toEqual([[`pictures/${PICTURE}.jpeg`, GONE], undefined, [`pictures/${PICTURE}.jpeg`]]);
    expect(ran.err).toContain('has them no more: 1');
    expect(await readFile(join(into, 'bafytrade.niaga'), 'utf8')).toBe('evidence');
    expect(await niaga(['export', 'everything', into, '--home', served.home])).toMatchObject({ code: 1 });
  });

  it('leaves nothing behind where it is broken off', async () => {
    const broken = new AbortController();
    await using served = await someHome({
      tradeExport: () => {
        broken.abort();
        return new Promise(() => undefined);
      },
    });
    await using folder = await folderWith();
    const words = ['export', 'everything', join(folder.path, 'all'), '--home', served.home];
    expect(await niaga(words, { signal: broken.signal })).not.toMatchObject({ code: 0 });
    expect(await readdir(folder.path)).toEqual([]);
  });
});
