import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createEvents, type Events, type NodeEvent } from '../../../node/events/index.js';
import { MAX_AGE } from '../../../node/events/event-log.js';
import { createStore, jsonCodec, type Store } from '../../../node/store/index.js';
import { openStore, temporaryFolder } from '../store/support.js';
import { PATIENCE } from '../../support/patience.js';

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

async function openEvents(
  store: Store,
  options: { maxEvents?: number; clock?: { now: number } } = {},
): Promise<Events> {
  const { clock = { now: 1_000 }, maxEvents } = options;
  const events = createEvents({ store, now: () => clock.now, logger: quiet, maxEvents });
  await events.start();
  onTestFinished(() => events.stop());
  return events;
}

const changed = (trade: number) => ({ type: 'trade-changed' as const, data: { trade } });

async function all(read: AsyncIterable<NodeEvent>): Promise<NodeEvent[]> {
  const events: NodeEvent[] = [];
  for await (const event of read) events.push(event);
  return events;
}

const seqs = (events: readonly NodeEvent[]): number[] => events.map(({ seq }) => seq);

describe('the event log', () => {
  it('numbers events from 1 on, and goes on counting after a restart', async () => {
    const path = await temporaryFolder();
    const store = createStore({ path });
    await store.start();
    const before = await openEvents(store);
    await before.record([changed(1), changed(2)]);
    await before.stop();
    await store.stop();
    const again = createStore({ path });
    await again.start();
    onTestFinished(() => again.stop());
    const after = await openEvents(again);
    await after.record([changed(3)]);
    const read = await all(after.read());
    expect(read.map(({ seq, type, data }) => [seq, type, data['trade']])).toEqual([
      [1, 'trade-changed', 1],
      [2, 'trade-changed', 2],
      [3, 'trade-changed', 3],
    ]);
    expect(read[0]?.time).toBe(1_000);
  });

  it('writes an event in one batch with what it tells, and tells nobody before', async () => {
    const store = await openStore();
    const events = await openEvents(store);
    const table = store.table('told', jsonCodec<number>());
    const told: number[] = [];
    events.on(({ seq }) => told.push(seq));
    const staged = events.stage([changed(1)]);
    expect(await all(events.read())).toEqual([]);
    await store.write([...staged.writes, table.put('a', 1)]);
    expect(told).toEqual([]);
    staged.tell();
    expect(told).toEqual([1]);
    expect(await all(events.read())).toHaveLength(1);
  });

  it('gives a follower that resumes with its last number all that came since, each once and in order', async () => {
    const events = await openEvents(await openStore());
    const seen: number[] = [];
    let last = 0;
    let recorded = 0;
    const record = async (count: number): Promise<void> => {
      const some = Array.from({ length: count }, () => changed(++recorded));
      await Promise.all(some.map((one) => events.record([one])));
    };
    for (let round = 0; round < 5; round++) {
      const away = new AbortController();
      const following = (async () => {
        for await (const { seq } of events.read({ after: last, follow: true, signal: away.signal })) {
          seen.push(seq);
          last = seq;
          if (seq % 7 === 0) return;
        }
      })();
      await record(9);
      away.abort();
      await following;
      await record(3);
    }
    seen.push(...seqs(await all(events.read({ after: last }))));
    expect(seen).toEqual(Array.from({ length: recorded }, (_, at) => at + 1));
  });

  it('starts a follower without a number with what is to come', async () => {
    const events = await openEvents(await openStore());
    await events.record([changed(1)]);
    const following = events.read({ follow: true })[Symbol.asyncIterator]();
    const next = following.next();
    await events.record([changed(2)]);
    expect((await next).value).toMatchObject({ seq: 2 });
    await following.return?.();
  });

  it('lets all else have its turn while a thousand who wait are told', async () => {
    const events = await openEvents(await openStore());
    const followers = Array.from({ length: 1_000 }, () => events.read({ follow: true })[Symbol.asyncIterator]());
    let told = 0;
    const next = followers.map((each) => each.next().then(({ value }: { value?: unknown }) => ((told += 1), value)));
    await events.record([changed(1)]);
    await new Promise(setImmediate);
    expect(told).toBeLessThan(followers.length);
    await events.record([changed(2)]);
    for (const event of await Promise.all(next)) expect(event).toMatchObject({ seq: 1 });
    for (const each of followers) expect((await each.next()).value).toMatchObject({ seq: 2 });
  });

  it('gives only the types that are asked for, and counts the others as seen', async () => {
    const events = await openEvents(await openStore());
    await events.record([changed(1), { type: 'price-drop', data: {} }, changed(2)]);
    expect(seqs(await all(events.read({ types: ['price-drop'] })))).toEqual([2]);
  });

  it('keeps so many at most, and says by a gap how many a reader has missed', async () => {
    const store = await openStore();
    const events = await openEvents(store, { maxEvents: 20 });
    for (let at = 0; at < 100; at++) await events.record([changed(at)]);
    await vi.waitFor(async () => expect(await store.table('events', jsonCodec()).count()).toBe(20), PATIENCE);
    const read = await all(events.read({ after: 10 }));
    expect(read[0]).toMatchObject({ seq: 80, type: 'gap', data: { missed: 70 } });
    expect(seqs(read.slice(1))).toEqual(Array.from({ length: 20 }, (_, at) => 81 + at));
    // Nothing is missing for one that saw the last of those that are gone, or asks for what there is.
    expect((await all(events.read({ after: 80 })))[0]).toMatchObject({ seq: 81 });
    expect((await all(events.read()))[0]).toMatchObject({ seq: 81, type: 'trade-changed' });
  });

  it('tells one that waits for a rare type of no gap in which there was none of it, also after a restart', async () => {
    const store = await openStore();
    const events = await openEvents(store, { maxEvents: 20 });
    for (let at = 1; at <= 200; at++) {
      await events.record([at === 30 || at === 190 ? { type: 'price-drop', data: {} } : changed(at)]);
    }
    await vi.waitFor(async () => expect(await store.table('events', jsonCodec()).count()).toBe(20), PATIENCE);
    const drops = async (after: number) =>
      (await all(events.read({ after, types: ['price-drop', 'watch-match'] }))).map(({ seq, type }) => [seq, type]);
    const drop = [190, 'price-drop'];
    for (const life of ['first', 'second']) {
      expect([life, await drops(30), await drops(29)]).toEqual([life, [drop], [[180, 'gap'], drop]]);
      expect((await all(events.read({ after: 30 })))[0]).toMatchObject({ seq: 180, type: 'gap' });
      await events.stop();
      await events.start();
    }
    // What a version before this one removed may have been anything.
    await events.stop();
    await store.write([store.table('events-removed', jsonCodec()).del('last')]);
    await events.start();
    expect(await drops(30)).toEqual([[180, 'gap'], drop]);
  });

  it('tells even that one of a gap where the disk lost an event whose type nobody knows', async () => {
    const store = await openStore();
    const events = await openEvents(store, { maxEvents: 20 });
    const table = store.table('events', jsonCodec());
    for (let at = 1; at <= 50; at++) await events.record([changed(at)]);
    await store.write([table.del('10'.padStart(16, '0'))]);
    for (let at = 51; at <= 200; at++) await events.record([changed(at)]);
    await vi.waitFor(async () => expect(await table.count()).toBe(20), PATIENCE);
    const drops = async (after: number) =>
      (await all(events.read({ after, types: ['price-drop'] }))).map(({ type }) => type);
    expect([await drops(9), await drops(10)]).toEqual([['gap'], []]);
  });

  it('forgets old events, but never its count', async () => {
    const store = await openStore();
    const clock = { now: 1_000 };
    const events = await openEvents(store, { clock });
    await events.record([changed(1), changed(2)]);
    await events.stop();
    clock.now += MAX_AGE + 1;
    await events.start();
    expect(seqs(await all(events.read()))).toEqual([2]);
    await events.record([changed(3)]);
    expect(seqs(await all(events.read({ after: 1 })))).toEqual([2, 3]);
  });

  it('says by a gap that a number was never given, as after a home was set back', async () => {
    const events = await openEvents(await openStore());
    await events.record([changed(1)]);
    const read = events.read({ after: 50, follow: true })[Symbol.asyncIterator]();
    expect((await read.next()).value).toMatchObject({ seq: 1, type: 'gap', data: { after: 50 } });
    const next = read.next();
    await events.record([changed(2)]);
    expect((await next).value).toMatchObject({ seq: 2 });
    await read.return?.();
  });

  it('ends its followers when it stops, without an error', async () => {
    const events = await openEvents(await openStore());
    const following = all(events.read({ follow: true }));
    await events.stop();
    expect(await following).toEqual([]);
  });
});
