import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { createEvents, type NodeEvent } from '../../../node/events/index.js';
import type { Change, Changes, ChangesInput, ChangesOptions } from '../../../node/search/index.js';
import type { Store } from '../../../node/store/index.js';
import { createWatches, type Watches } from '../../../node/watch/index.js';
import { NiagaError } from '../../../protocol/errors.js';
import { openStore } from '../store/support.js';
import { quiet } from '../trader-records/support.js';
import { PATIENCE } from '../../support/patience.js';

const INTERVAL = 100;
const OWN = new Uint8Array(32).fill(1);
const SELLER = new Uint8Array(32).fill(2);

function change(
  listing: string,
  seq: number,
  more: { price?: number; soldOut?: boolean; created?: number; trader?: Uint8Array } = {},
): Change {
  const { price = 100, soldOut = false, created = 2_000, trader = SELLER } = more;
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
    trader,
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
    behind: 0,
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
    now: () => Date.now() - state.behind,
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
    await vi.waitFor(() => expect(state.asked.length).toBeGreaterThan(before + 1), PATIENCE);
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
    state.truncated = false;
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

  it('remember so many matches at most, and say once that there are more', async () => {
    const { watches, state, told, types, next } = await open(store);
    const sellers = Array.from({ length: 12 }, (_, at) => new Uint8Array(32).fill(10 + at));
    state.found = sellers.flatMap((trader, of) =>
      Array.from({ length: 100 }, (_, at) => change(`l${of}-${at}`, 1, { trader, created: 1_000_000 + at })),
    );
    expect(await watches.add({ words: ['kopi'] })).toMatchObject({ matches: 1_000, full: true });
    await next();
    state.found = [change('new', 1, { trader: new Uint8Array(32).fill(3), created: Date.now() })];
    await next();
    await next();
    expect(types()).toEqual(['watch-began', 'watch-full', 'watch-match new']);
    expect(told[1]?.data).toMatchObject({ words: ['kopi'], matches: 1_000 });
    expect(await store.table('watch-matches', { encode: () => new Uint8Array(), decode: () => 0 }).count()).toBe(1_000);
  });

  it('remember the newest hundred of a seller, who silences nobody else nor is silenced', async () => {
    const { watches, state, types, next } = await open(store);
    const catalogue = Array.from({ length: 1_200 }, (_, at) => change(`l${at}`, 1, { created: 2_000 + at }));
    state.found = catalogue;
    expect(await watches.add({ words: ['kopi'] })).toMatchObject({ matches: 100, full: false });
    // What was forgotten is no news when it comes again.
    await next();
    state.found = [change('later', 1, { created: 9_000 }), change('other', 1, { trader: new Uint8Array(32).fill(3) })];
    await next();
    state.found = catalogue;
    await next();
    expect(types()).toEqual(['watch-began', 'watch-match other', 'watch-match later']);
  });

  it('say where index nodes have more news than they told', async () => {
    const { watches, state, told, next } = await open(store);
    await watches.add({ words: ['kopi'] });
    state.truncated = true;
    await next();
    state.found = [change('a', 1)];
    await next();
    expect(told.map(({ type }) => type)).toEqual(['watch-began', 'watch-match', 'watch-more']);
    expect(told.at(-1)?.data).toMatchObject({ more: 0, truncated: true });
  });

  it('are asked although the clock was set back', async () => {
    const { watches, state, types, next } = await open(store);
    await watches.add({ words: ['kopi'] });
    state.behind = 24 * 60 * 60 * 1000;
    state.found = [change('a', 1)];
    await next();
    expect(types()).toEqual(['watch-began', 'watch-match a']);
  });

  it('are no more than there may be, nor twice the same, where several are added at once', async () => {
    const { watches } = await open(store, 60_000);
    const [one, same] = await Promise.all([watches.add({ words: ['kopi'] }), watches.add({ words: ['kopi'] })]);
    expect(same?.watch).toBe(one?.watch);
    for (let at = 0; at < 47; at++) await watches.add({ words: [`kopi${at}`] });
    const many = ['teh', 'gula', 'susu', 'air'].map((word) => watches.add({ words: [word] }));
    const refused = (await Promise.allSettled(many)).filter(({ status }) => status === 'rejected');
    expect(refused).toHaveLength(2);
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
