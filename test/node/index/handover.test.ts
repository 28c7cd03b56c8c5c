import { describe, expect, it } from 'vitest';
import { OFFER_CARDS } from '../../../node/index/handover-options.js';
import { shardKey, shardOf } from '../../../protocol/search/posting-keys.js';
import { until, wait } from '../../support/own-time.js';
import { listingId, World } from './handover-world.js';

const DAY = 24 * 60 * 60 * 1000;

/** So many listings, each under a name of its own and some under one that is common. */
function placed(world: World, count: number): Map<string, string[]> {
  const all = new Map<string, string[]>();
  for (let number = 0; number < count; number++) {
    const names = [`term:word${number}`, `cat:${number % 5}`];
    all.set(listingId(number), names);
    world.place(listingId(number), names);
  }
  return all;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

describe('hand-over after nodes died', () => {
  it.each(['dead', 'frozen'] as const)('restores all copies that were on %s ones, mostly once', async (conduct) => {
    await using world = new World(18, { rankDelay: 150 });
    world.start();
    const all = placed(world, 60);
    await wait(200);
    for (const node of world.all.slice(0, 7)) node.conduct = conduct;
    const lost = world.missing(all).length;
    expect(lost).toBeGreaterThan(100);
    await until(() => expect(world.missing(all)).toEqual([]));
    // Four or five holders are left of each: if all of them brought it, it would be so many times as much; on a busy machine two do.
    expect(sum(world.all.map(({ puts }) => puts))).toBeLessThan(3 * lost);
  });

  it('goes on beside nodes that want everything and keep nothing, and nodes that say they have everything', async () => {
    await using world = new World(24);
    world.start();
    const all = placed(world, 80);
    const [greedy, boastful] = world.all.slice(20);
    if (greedy !== undefined) greedy.conduct = 'greedy';
    if (boastful !== undefined) boastful.conduct = 'boastful';
    await wait(200);
    for (const node of world.all.slice(0, 8)) node.conduct = 'dead';
    await until(() => expect(world.missing(all)).toEqual([]));
    // Once by each holder, the last rank too, and then no more.
    await until(async () => {
      const drawn = greedy?.puts ?? 0;
      await wait(1_000);
      expect(greedy?.puts).toBe(drawn);
    });
  });

  it('restores what was on one that died as soon as it had come', async () => {
    await using world = new World(14);
    world.start();
    await wait(200);
    const late = world.join('late');
    const all = placed(world, 60);
    late.conduct = 'frozen';
    expect(world.missing(all).length).toBeGreaterThan(10);
    await until(() => expect(world.missing(all)).toEqual([]));
  });

  it('waits while questions are asked, and goes on when there are no more', async () => {
    await using world = new World(14, { putOff: DAY });
    world.start();
    const all = placed(world, 40);
    await wait(200);
    world.isAsked = true;
    for (const node of world.all.slice(0, 4)) node.conduct = 'dead';
    await wait(3_000);
    expect(sum(world.all.map(({ puts, offers }) => puts + offers))).toBe(0);
    world.isAsked = false;
    await until(() => expect(world.missing(all)).toEqual([]));
  });

  it('is not kept from its work by questions without end, nor from its stop', async () => {
    await using world = new World(14, { putOff: 500 });
    world.start();
    const all = placed(world, 40);
    await wait(200);
    world.isAsked = true;
    for (const node of world.all.slice(0, 4)) node.conduct = 'dead';
    await until(() => expect(world.missing(all)).toEqual([]));
    await using other = new World(14, { putOff: DAY });
    other.start();
    placed(other, 40);
    await wait(200);
    other.isAsked = true;
    for (const node of other.all.slice(0, 4)) node.conduct = 'dead';
    await wait(1_000);
    const begun = performance.now();
    await Promise.all(other.all.map(({ handover }) => handover.stop()));
    expect(performance.now() - begun).toBeLessThan(1_000);
  });

  it('sends nothing while nothing changes but signs of life', async () => {
    await using world = new World(12);
    world.start();
    placed(world, 30);
    await wait(600);
    expect(sum(world.all.map(({ puts, offers }) => puts + offers))).toBe(0);
  });
});

describe('a node that joins', () => {
  it('is brought its share and nothing else, and not by all who hold it', async () => {
    // Holders wait for one another by the clock, and all of them are in this process: the first needs the time to be done.
    await using world = new World(20, { rankDelay: 500 });
    world.start();
    const all = placed(world, 100);
    await wait(200);
    const node = world.join('newcomer');
    const share = world.missing(all).length;
    expect(share).toBeGreaterThan(20);
    await until(() => expect(world.missing(all)).toEqual([]));
    expect(sum([...node.kept.values()].map(({ names }) => names.size))).toBe(share);
    expect(sum(world.all.map(({ puts }) => puts))).toBeLessThan(1.5 * share);
  });

  it('is brought more than fits into one offer', async () => {
    await using world = new World(3);
    world.start();
    const all = placed(world, OFFER_CARDS + 20);
    await wait(200);
    world.join('newcomer');
    await until(() => expect(world.missing(all)).toEqual([]));
  });
});

describe('an offer of an older version', () => {
  it('is answered with the newer one', async () => {
    await using world = new World(6);
    world.start();
    await wait(100);
    world.place(listingId(1), ['term:kopi'], 2);
    const [stale, ...others] = world.all;
    stale?.kept.set(listingId(1), { seq: 1, names: new Set(['term:kopi']) });
    world.join('newcomer');
    await until(() => expect(stale?.kept.get(listingId(1))?.seq).toBe(2));
    expect(others.every(({ kept }) => kept.get(listingId(1))?.seq === 2)).toBe(true);
  });
});

describe('the daily check', () => {
  const checked = { checkEvery: 40, grace: 20 };

  it('brings back what was lost unnoticed', async () => {
    await using world = new World(16, checked);
    const all = placed(world, 60);
    world.start();
    await wait(100);
    for (const node of world.all.slice(0, 3)) node.kept.clear();
    expect(world.missing(all).length).toBeGreaterThan(20);
    world.now += DAY;
    await until(() => expect(world.missing(all)).toEqual([]));
  });

  it('brings what only one was brought to all who should have it', async () => {
    await using world = new World(16, { freshAfter: 100, freshEvery: 40, grace: 20 });
    world.start();
    await wait(100);
    const names = ['term:kopi', 'term:gayo'];
    world.holders('term:kopi')[0]?.take(listingId(1), 1, names);
    const clock = setInterval(() => (world.now += 40), 40);
    await until(() => expect(world.missing(new Map([[listingId(1), names]]))).toEqual([]));
    clearInterval(clock);
  });

  it('gives up what a quorum of nearer nodes holds, and keeps what they do not confirm', async () => {
    await using world = new World(40, checked);
    const all = placed(world, 40);
    const [keeper] = world.all;
    if (keeper === undefined) throw new Error('no node');
    for (const [listing, names] of all) keeper.keep(listing, 1, names);
    const own = (): number => sum([...keeper.kept.values()].map(({ names }) => names.size));
    const spare = own();
    // The others only answer.
    keeper.handover.start();
    await wait(100);
    world.now += DAY;
    await until(() => expect(own()).toBeLessThan(spare / 1.5));
    expect(world.missing(all)).toEqual([]);
    // Those that nobody else takes stay.
    for (const node of world.all.slice(1)) {
      node.conduct = 'greedy';
      node.kept.clear();
    }
    for (const [listing, names] of all) keeper.keep(listing, 1, names);
    world.now += DAY;
    await wait(500);
    expect(own()).toBe(spare);
  });

  it('hands the cards of a name that is to be split to the nodes of its shards', async () => {
    await using world = new World(24, checked);
    const listings = Array.from({ length: 40 }, (_, number) => listingId(number));
    for (const listing of listings) world.place(listing, ['term:kopi']);
    for (const node of world.all) node.bits.set('term:kopi', 1);
    world.start();
    await wait(100);
    world.now += DAY;
    const shards = new Map(listings.map((listing) => [listing, [shardKey('term:kopi', shardOf(listing, 1))]]));
    await until(() => expect(world.missing(shards)).toEqual([]));
  });
});
