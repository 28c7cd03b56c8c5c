import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';

// The simulator is plain JavaScript; what the tests use of it is typed here.
interface Place {
  readonly high: number;
  readonly low: number;
}
interface Space {
  readonly count: number;
  place(kadId: Uint8Array): Place;
  nearest(place: Place, count: number): number[];
  compare(a: number, b: number, place: Place): number;
}
interface Tables {
  closest(node: number, place: Place, asker?: number): number[];
}
interface Walked {
  readonly answered: number[];
  readonly asked: number;
}
interface Clock {
  now: number;
  install(): void;
  uninstall(): void;
  run<T>(promise: Promise<T>): Promise<T>;
}
interface CardRow {
  readonly title: string;
  readonly listing: string;
}
interface World {
  readonly clock: Clock;
  readonly failures: unknown[];
  readonly searchers: number[];
  kill(nodes: number[]): void;
}
interface Found {
  readonly listings: string[];
  readonly took: number;
  readonly counts: Record<string, number>;
}

const load = async <T>(name: string): Promise<T> =>
  (await import(new URL(`../../bench/simulation/${name}`, import.meta.url).href)) as T;

const { Space } = await load<{ Space: new (count: number, seed: number) => Space }>('space.mjs');
const { KademliaTables, TrieTables } = await load<{
  KademliaTables: new (space: Space) => Tables;
  TrieTables: new (space: Space, prefixLength: number) => Tables;
}>('tables.mjs');
const { walk } = await load<{ walk: (options: Record<string, unknown>) => Walked }>('walk.mjs');
const { VirtualClock } = await load<{ VirtualClock: new (start: number) => Clock }>('clock.mjs');
const { lineChart } = await load<{ lineChart: (chart: Record<string, unknown>) => string }>('svg.mjs');
const { OURS } = await load<{ OURS: { disjoint: number; silence: number } }>('routing.mjs');

const target = (text: string): Uint8Array => new Uint8Array(createHash('sha256').update(text).digest());

function lookUp(space: Space, tables: Tables, self: number, place: Place): number[] {
  const { answered } = walk({
    space,
    tables,
    self,
    place,
    disjoint: 2,
    alpha: 10,
    limit: Infinity,
    shuffle: (list: number[]) => list,
    answer: () => ({ alive: true, delay: 80 }),
  });
  return [...answered, self].sort((a, b) => space.compare(a, b, place)).slice(0, 5);
}

describe('the simulated key space', () => {
  it('names the nearest nodes as sorting all of them does', () => {
    const space = new Space(500, 1);
    for (let key = 0; key < 20; key++) {
      const place = space.place(target(`key ${key}`));
      const all = Array.from({ length: space.count }, (_, node) => node);
      const sorted = all.sort((a, b) => space.compare(a, b, place));
      expect(space.nearest(place, 20)).toEqual(sorted.slice(0, 20));
    }
  });

  it('ends look-ups at the nearest nodes with deep tables, and elsewhere with tables that stop at six bits', () => {
    const space = new Space(20_000, 1);
    const right = { deep: 0, flat: 0 };
    const tables = { deep: new KademliaTables(space), flat: new TrieTables(space, 6) };
    for (let key = 0; key < 20; key++) {
      const place = space.place(target(`key ${key}`));
      const truth = space.nearest(place, 5).join();
      for (const kind of ['deep', 'flat'] as const)
        if (lookUp(space, tables[kind], key * 777, place).join() === truth) right[kind]++;
    }
    expect(right.deep).toBe(20);
    expect(right.flat).toBeLessThan(18);
  });

  it('walks as node/network/libp2p.ts tells kad-dht to', async () => {
    const source = await readFile(new URL('../../node/network/libp2p.ts', import.meta.url), 'utf8');
    expect(/const DISJOINT_PATHS = (\d+);/.exec(source)?.[1]).toBe(String(OURS.disjoint));
    expect(/minTimeout: (\d+) \* second/.exec(/LOOKUP_STEP_TIME = .*/.exec(source)?.[0] ?? '')?.[1]).toBe(
      String(OURS.silence / 1_000),
    );
  });
});

describe('virtual time', () => {
  it('lets an hour of timers pass at once, in their order', async () => {
    const clock = new VirtualClock(1_000_000);
    const begun = performance.now();
    const seen: string[] = [];
    clock.install();
    try {
      const interval = setInterval(() => seen.push(`tick ${Date.now()}`), 25 * 60_000);
      const never = setTimeout(() => seen.push('never'), 60_000);
      clearTimeout(never);
      await clock.run(new Promise<void>((resolve) => setTimeout(resolve, 60 * 60_000)));
      clearInterval(interval);
      expect(performance.now()).toBe(60 * 60_000);
    } finally {
      clock.uninstall();
    }
    expect(seen).toEqual(['tick 2500000', 'tick 4000000']);
    expect(performance.now() - begun).toBeLessThan(60_000);
  });
});

describe('a small simulated network', () => {
  const rows = ['Copper kettle with spout', 'Blue woollen scarf', 'Garden hose thirty metres', 'Kettle descaler'].map(
    (title, at) => ({ id: `row-${at}`, title, category: ['Home'], price: 5, currency: 'USD' }),
  );

  async function run(dead: number): Promise<{ found: Found; wanted: string }> {
    const market = await load<{
      makeSellers(count: number, seed: number): { device: Uint8Array }[];
      makeCards(rows: unknown[], sellers: unknown[]): CardRow[];
      createSharedVerifier(): unknown;
      createSharedBook(verifier: unknown): unknown;
    }>('market.mjs');
    const { World } = await load<{ World: new (options: Record<string, unknown>) => World }>('world.mjs');
    const { publishAll } = await load<{
      publishAll: (
        world: World,
        cards: CardRow[],
        sellers: unknown[],
        measured: number,
      ) => Promise<{ placed: { quorum: boolean }[] }>;
    }>('publish.mjs');
    const { search } = await load<{ search: (world: World, node: number, text: string) => Promise<Found> }>(
      'searching.mjs',
    );
    const sellers = market.makeSellers(2, 1);
    const cards = market.makeCards(rows, sellers);
    const verifier = market.createSharedVerifier();
    const book = market.createSharedBook(verifier);
    const world = new World({
      nodes: 60,
      seed: 1,
      sellers,
      searchers: 1,
      verifier,
      book,
      routing: { ...OURS, alpha: 10 },
    });
    const [searcher = 0] = world.searchers;
    world.clock.install();
    try {
      const { placed } = await publishAll(world, cards, sellers, 2);
      expect(placed.every(({ quorum }) => quorum)).toBe(true);
      world.kill(Array.from({ length: dead }, (_, node) => node).filter((node) => node !== searcher));
      const found = await search(world, searcher, 'copper kettle');
      expect(world.failures).toEqual([]);
      return { found, wanted: cards[0]?.listing ?? '' };
    } finally {
      world.clock.uninstall();
    }
  }

  it('finds what the node’s own publisher has brought out, and does the same again for the same seed', async () => {
    const first = await run(0);
    expect(first.found.listings[0]).toBe(first.wanted);
    const second = await run(0);
    expect(second.found).toEqual(first.found);
  });

  it('takes longer where nodes have died', async () => {
    const alive = await run(0);
    const half = await run(30);
    expect(half.found.took).toBeGreaterThan(alive.found.took);
    expect(half.found.counts.indexDialsFailed).toBeGreaterThan(0);
  });
});

describe('charts', () => {
  it('name each series and leave out points that a logarithm cannot show', () => {
    const svg = lineChart({
      title: 'a < b',
      subtitle: '',
      x: { label: 'nodes', log: true },
      y: { label: 'ms', log: true },
      series: [
        {
          name: 'ours',
          points: [
            [1_000, 3],
            [10_000, 0],
            [100_000, 40],
          ],
        },
        { name: 'nothing', points: [] },
      ],
    });
    expect(svg).toContain('>ours</text>');
    expect(svg).toContain('a &#60; b');
    expect(svg).not.toContain('nothing');
    expect(svg).not.toMatch(/NaN|Infinity/);
    expect(svg).toContain('prefers-color-scheme: dark');
  });
});
