import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Handlers } from '../../node/api/handlers.js';
import type { Services } from '../../node/services.js';
import { rawCodec, type Store } from '../../node/store/index.js';
import { parseTrader, traderToText } from '../../protocol/ids.js';
import { handlersOf, startMember } from '../network/members.js';
import { published } from '../network/traders.js';
import { temporaryFolder } from '../support/processes.js';
import { createTrader } from './mail/support.js';
import { freshOffer } from './trades/log.js';

const { signal } = new AbortController();
const EACH = 5;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let node: Services;
let trades: string[];
let listings: string[];
let partners: string[];

/** A disk that gives back something else than was written. */
async function damage(store: Store, table: string, which: (key: string) => boolean = () => true): Promise<boolean> {
  for await (const [key] of store.table(table, rawCodec).range()) {
    if (!which(key)) continue;
    await store.write([{ table, key, row: Uint8Array.of(1, 2, 3) }]);
    return true;
  }
  return false;
}

/** Everything that lists what this node has. */
async function lists(handlers: Handlers) {
  const page = { limit: 100 };
  return {
    trades: await handlers.tradeList(page, { signal }),
    listings: await handlers.listingList(page, { signal }),
    chats: await handlers.chatList(page, { signal }),
    inbox: await handlers.inbox(page, { signal }),
    watches: await handlers.watchList(page, { signal }),
    evidence: await handlers.evidenceList(page, { signal }),
    blocks: await handlers.blockList({}, { signal }),
    arbiters: await handlers.arbiterList({ ...page, traders: [] }, { signal }),
    status: await handlers.status({}, { signal }),
  };
}

beforeAll(async () => {
  folder = await temporaryFolder();
  node = await startMember(folder.path, 'seller', {});
  const handlers = handlersOf(node);
  const several = <T>(make: (at: number) => Promise<T>): Promise<T[]> =>
    Promise.all(Array.from({ length: EACH }, (_, at) => make(at)));
  const offers = Array.from({ length: EACH }, (_, at) => freshOffer(node.identity.trader, Date.now() + at));
  await node.trades.takeCopies(
    offers.map(({ bytes }) => bytes),
    [],
  );
  trades = offers.map(({ id }) => id.toString());
  listings = await several((at) => published(node, `kopi-${at}`));
  partners = await several((at) => Promise.resolve(traderToText(createTrader(at + 1).trader)));
  for (const trader of partners) {
    await handlers.chatSend({ with: trader, text: 'Halo', files: [] }, { signal });
    await handlers.watch({ words: [`kopi ${trader.slice(-4)}`], inStock: false }, { signal });
    await handlers.blockAdd({ trader }, { signal });
  }
  await handlers.arbiterOffer({ close: false, fee: ['5000 IDR'], language: ['id'], terms: 'Seminggu.' }, { signal });
}, 120_000);

afterAll(async () => {
  await node.stop();
  await folder.remove();
});

describe('a disk that damages rows', () => {
  it('takes one trade from the list, and says which and what to do', async () => {
    const [damaged = '', ...others] = trades;
    await damage(node.store, 'trade-log', (key) => key.startsWith(damaged));
    // From the disk, not from memory.
    await node.stop();
    node = await startMember(folder.path, 'seller', {});
    const list = await handlersOf(node).tradeList({ limit: 1 }, { signal });
    const rest = await handlersOf(node).tradeList({ limit: 100, after: list.next }, { signal });
    const all = [...list.items, ...rest.items].map(({ trade }) => trade);
    expect(all.sort()).toEqual(others.sort());
    const [told] = rest.damaged ?? list.damaged ?? [];
    expect(told).toMatchObject({ code: 'RECORD_CORRUPT', where: damaged });
    expect(told?.message).toContain(damaged);
    expect(told?.next).toMatch(/backup/);
    // Nor does whoever is on the other side of it become somebody whose messages cannot be taken.
    const other = list.items[0]?.counterparty ?? '';
    expect(await node.chat.isStranger(parseTrader(other))).toBe(true);
  });

  it('takes one listing from the list', async () => {
    const before = await handlersOf(node).listingList({ limit: 100 }, { signal });
    expect(before.items).toHaveLength(EACH);
    expect(await damage(node.store, 'listings')).toBe(true);
    const { items, damaged } = await handlersOf(node).listingList({ limit: 100 }, { signal });
    expect(items).toHaveLength(EACH - 1);
    expect(listings).toContain(damaged?.[0]?.where);
  });

  it('takes those from the list that cannot be opened or are gone, and says which and what to do', async () => {
    const list = () => handlersOf(node).listingList({ limit: 100 }, { signal });
    const before = await list();
    const [foreign, gone, ...others] = before.items;
    if (foreign === undefined || gone === undefined) throw new Error('too few listings');
    const table = node.store.table('listings', rawCodec);
    await node.store.write([table.put(foreign.version, Uint8Array.of(1, 2, 3)), table.del(gone.version)]);
    // From the disk, not from memory.
    await node.stop();
    node = await startMember(folder.path, 'seller', {});
    const { items, damaged = [] } = await list();
    expect(items.map(({ listing }) => listing)).toEqual(others.map(({ listing }) => listing));
    for (const { listing } of [foreign, gone]) {
      const told = damaged.find(({ where }) => where === listing);
      expect(told).toMatchObject({ code: 'RECORD_CORRUPT', message: expect.stringContaining(listing) as string });
      expect(told?.next).toMatch(/backup/);
      await expect(handlersOf(node).listingShow({ listing }, { signal })).rejects.toMatchObject({
        code: 'RECORD_CORRUPT',
      });
    }
    // As it says: published with something changed, they are back.
    for (const { sku, title, price } of [foreign, gone]) {
      const value = { sku, title: `${title} baru`, price: `${price?.amount ?? '1'} ${price?.currency ?? 'IDR'}` };
      for await (const { status } of node.catalog.publish([{ line: 1, value }])) expect(status).toBe('updated');
    }
    expect((await list()).items).toHaveLength(before.items.length);
  });

  it('keeps a home that was brought back from the words from going on where nobody knows how far, and says what to do', async () => {
    const home = await startMember(folder.path, 'restored', {});
    await home.store.write([{ table: 'restore', key: 'progress', row: Uint8Array.of(1, 2, 3) }]);
    await home.stop();
    // A start that fails undoes itself: the next one says the same.
    for (let tries = 0; tries < 2; tries++)
      await expect(startMember(folder.path, 'restored', {})).rejects.toMatchObject({
        code: 'RECORD_CORRUPT',
        message: expect.stringMatching(/brought back from the words/) as string,
        where: 'restore/progress',
        next: expect.stringMatching(/backup.*niaga identity restore --home/) as string,
      });
  });

  it('takes nothing but what it damaged, whichever tables it strikes, also after a start', async () => {
    const { tables } = await node.store.check();
    const struck = [];
    for (const { table } of tables) if (await damage(node.store, table)) struck.push(table);
    expect(struck.length).toBeGreaterThan(12);
    for (const restart of [false, true]) {
      if (restart) {
        await node.stop();
        node = await startMember(folder.path, 'seller', {});
      }
      const all = await lists(handlersOf(node));
      // Two rows of the one table by now, and one of the other: which are those of the same trade or listing, their ids decide.
      expect(all.trades.items.length).toBeGreaterThanOrEqual(EACH - 3);
      expect(all.listings.items.length).toBeGreaterThanOrEqual(EACH - 3);
      expect(all.chats.items.length).toBeGreaterThanOrEqual(EACH - 1);
      expect(all.watches.items.length).toBeGreaterThanOrEqual(EACH - 1);
      expect(all.blocks.traders.length).toBeGreaterThanOrEqual(EACH - 1);
      for (const item of all.trades.items) await handlersOf(node).tradeShow({ trade: item.trade }, { signal });
      for (const { with: partner } of all.chats.items)
        await handlersOf(node).chatShow({ with: partner, limit: 100 }, { signal });
      expect(all.status.integrity.corrupt).toBeGreaterThan(0);
    }
  });
});
