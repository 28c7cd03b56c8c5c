import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createEvents, type NodeEvent } from '../../../node/events/index.js';
import type { Change, Changes, ChangesInput, ChangesOptions } from '../../../node/search/index.js';
import type { Store } from '../../../node/store/index.js';
import { createWatches, type Watches } from '../../../node/watch/index.js';
import { NiagaError } from '../../../protocol/errors.js';
import { openStore } from '../store/support.js';
import { quiet } from '../trader-records/support.js';

const INTERVAL = 100;
const OWN = new Uint8Array(32).fill(1);
const SELLER = new Uint8Array(32).fill(2);

function change(
  listing: string,
  seq: number,
  more: { price?: number; soldOut?: boolean; created?: number } = {},
): Change {
  const { price = 100, soldOut = false, created = 2_000 } = more;
  return {
    listing,
    seq,
    device: 'd',
    record: `${listing}-${seq}`,
    version: `v-${listing}`,
    summary: {
      title: `Kopi ${listing}`,
      kind: 'goods',
      category: [],
      price: { amount: price, currency: 'IDR' },
      availability: soldOut ? 'OutOfStock' : 'InStock',
    },
    trader: SELLER,
    created,
    validUntil: Number.MAX_SAFE_INTEGER,
  };
}

/** Watches over a network that answers as the test says. */
async function open(store: Store, interval = INTERVAL) {
  const state = {
    found: [] as Change[],
    answered: 5,
    truncated: false,
    asked: [] as { input: ChangesInput; options: ChangesOptions }[],
  };
  const events = createEvents({ store, now: Date.now, logger: quiet });
  await events.start();
  const told: NodeEvent[] = [];
  events.on((event) => told.push(event));
  const watches: Watches = createWatches({
    store,
    events,
    trader: OWN,
    now: Date.now,
    logger: quiet,
    interval,
    search: {
      changes: async (input, options = {}): Promise<Changes> => {
        state.asked.push({ input, options });
        if (input.words.length === 0) throw new NiagaError('QUERY_EMPTY', 'no words');
        const marks = new Map([['node term:kopi', state.asked.length]]);
        return { found: state.found, keys: ['term:kopi'], marks, answered: state.answered, truncated: state.truncated };
      },
    },
  });
  await watches.start();
  onTestFinished(() => watches.stop());
  const types = (): string[] =>
    told.map(({ type, data: { listing } }) => (typeof listing === 'string' ? `${type} ${listing}` : type));
  const next = async (): Promise<void> => {
    const before = state.asked.length;
    await vi.waitFor(() => expect(state.asked.length).toBeGreaterThan(before + 1), 5_000);
  };
  return { watches, state, told, types, next };
}

describe('watches', () => {
  let store: Store;

  beforeEach(async () => {
    store = await openStore();
  });

  it('tell by one event what matches already, and then what is new, once', async () => {
    const { watches, state, told, types, next } = await open(store);
    state.found = [change('a', 1), change('b', 1)];
    expect(await watches.add({ words: ['kopi'] })).toMatchObject({ words: ['kopi'], matches: 2, full: false });
    expect(told.map(({ type, data }) => [type, data['matches']])).toEqual([['watch-began', 2]]);
    state.found = [change('a', 2, { price: 80 }), change('b', 1), change('c', 1)];
    await next();
    await next();
    expect(types()).toEqual(['watch-began', 'price-drop a', 'watch-match c']);
    expect(told[1]?.data).toMatchObject({
      words: ['kopi'],
      title: 'Kopi a',
      was: { amount: '100', currency: 'IDR' },
      price: { amount: '80', currency: 'IDR' },
    });
  });

  it('go on after a restart where they were, with the keys and marks of before', async () => {
    const before = await open(store);
    before.state.found = [change('a', 1)];
    const { watch } = await before.watches.add({ words: ['kopi'], maxPrice: '90000 IDR' });
    await before.watches.stop();
    const after = await open(store);
    expect(after.watches.list({ limit: 10 })).toMatchObject([
      { watch, words: ['kopi'], filters: { maxPrice: '90000 IDR' }, matches: 1 },
    ]);
    after.state.found = [change('a', 1), change('b', 1)];
    await after.next();
    expect(after.types()).toEqual(['watch-match b']);
    expect(after.state.asked[0]?.options).toMatchObject({
      keys: ['term:kopi'],
      marks: new Map([['node term:kopi', 1]]),
    });
  });

  it('begin only when somebody has answered', async () => {
    const { watches, state, types, next } = await open(store);
    state.answered = 0;
    state.found = [change('a', 1)];
    expect(await watches.add({ words: ['kopi'] })).toMatchObject({ checked: null, matches: 0 });
    expect(types()).toEqual([]);
    await watches.stop();
    state.answered = 5;
    await watches.start();
    await next();
    expect(types()).toEqual(['watch-began']);
  });

  it('take nothing that is older than they are for new, where not all was told at first', async () => {
    const { watches, state, types, next } = await open(store);
    state.truncated = true;
    await watches.add({ words: ['kopi'] });
    const later = Date.now() + 1_000;
    state.found = [change('old', 1), change('new', 1, { created: later })];
    await next();
    expect(types()).toEqual(['watch-began', 'watch-match new']);
  });

  it('tell a whole catalogue by a few and a number', async () => {
    const { watches, state, told, types, next } = await open(store);
    await watches.add({ words: ['kopi'] });
    state.found = Array.from({ length: 70 }, (_, at) => change(`l${String(at).padStart(2, '0')}`, 1));
    await next();
    expect(types()).toHaveLength(1 + 20 + 1);
    expect(told.at(-1)).toMatchObject({ type: 'watch-more', data: { more: 50 } });
  });

  it('remember so many matches at most', async () => {
    const { watches, state, types, next } = await open(store);
    state.found = Array.from({ length: 1_200 }, (_, at) => change(`l${at}`, 1));
    expect(await watches.add({ words: ['kopi'] })).toMatchObject({ matches: 1_000, full: true });
    await next();
    expect(types()).toEqual(['watch-began']);
    expect(await store.table('watch-matches', { encode: () => new Uint8Array(), decode: () => 0 }).count()).toBe(1_000);
  });

  it('do not tell the own listings', async () => {
    const { watches, state, types, next } = await open(store);
    await watches.add({ words: ['kopi'] });
    state.found = [{ ...change('a', 1), trader: OWN }];
    await next();
    expect(types()).toEqual(['watch-began']);
  });

  it('are kept once for the same search, refused for what is none, and gone when removed', async () => {
    const { watches, state } = await open(store, 60_000);
    const { watch } = await watches.add({ words: ['kopi'], maxPrice: '1 IDR', inStock: false });
    expect((await watches.add({ maxPrice: '1 IDR', words: ['kopi'] })).watch).toBe(watch);
    await expect(watches.add({ words: [] })).rejects.toMatchObject({ code: 'QUERY_EMPTY' });
    state.found = [change('a', 1)];
    const other = await watches.add({ words: ['teh'] });
    expect(watches.list({ limit: 1 })).toMatchObject([{ watch: other.watch }]);
    expect(watches.list({ limit: 5, after: other.watch })).toMatchObject([{ watch }]);
    await watches.remove(other.watch);
    await expect(watches.remove(other.watch)).rejects.toMatchObject({ code: 'WATCH_NOT_FOUND' });
    expect(await store.table('watch-matches', { encode: () => new Uint8Array(), decode: () => 0 }).count()).toBe(0);
    for (let at = 0; at < 49; at++) await watches.add({ words: [`kopi${at}`] });
    await expect(watches.add({ words: ['satu', 'lagi'] })).rejects.toMatchObject({ code: 'WATCH_LIMIT' });
  });
});
