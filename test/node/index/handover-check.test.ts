import { describe, expect, it, vi } from 'vitest';
import { DailyCheck } from '../../../node/index/handover-check.js';
import { Places } from '../../../node/index/handover-plan.js';
import type { HandoverSource, NamedListing } from '../../../node/index/handover-source.js';
import { PeerTable } from '../../../node/index/peer-table.js';
import type { Network, PeerRef } from '../../../node/network/index.js';
import { sha256 } from '../../../protocol/hash.js';
import { COPIES } from '../../../protocol/search/posting-keys.js';
import { listingId } from './handover-world.js';
import { PATIENCE } from '../../support/patience.js';

const MINUTE = 60 * 1000;
const DAY = 24 * 60 * MINUTE;
const STEP = 10 * MINUTE;

interface HoldersOptions {
  /** Nodes that check nothing. */
  readonly lazy?: ReadonlySet<string>;
  readonly names?: readonly string[];
}

/** Nodes that all hold the same listings under the same names, and checks of them that tell each other what they offered. */
function holders(
  count: number,
  listings: readonly string[],
  { lazy = new Set(), names = ['term:kopi'] }: HoldersOptions = {},
) {
  const clock = { now: Date.UTC(2026, 10, 22) };
  const refs = Array.from({ length: count }, (_, number): PeerRef => {
    const id = `node-${number}`;
    return { id, kadId: sha256(new TextEncoder().encode(id)), addresses: [], lastSeen: 1, self: false };
  });
  const table = new PeerTable(refs);
  const changes: ((listing: string) => void)[] = [];
  const onChange = (listener: (listing: string) => void): (() => void) => {
    changes.push(listener);
    return () => undefined;
  };
  const offered: { by: string; to: string; listing: string }[] = [];
  const source = {
    listings: () => listings,
    held: () => ({ seq: 1, names }),
    bitsOf: () => 0,
    onChange,
  };
  const checks = new Map<string, DailyCheck>();
  for (const { id: by } of refs) {
    checks.set(
      by,
      new DailyCheck({
        network: { peerId: by, directory: { get: () => undefined } } as unknown as Network,
        source: source as unknown as HandoverSource,
        places: new Places('test'),
        now: () => clock.now,
        options: { checkEvery: STEP, freshAfter: STEP },
        onSplit: () => undefined,
        neighbours: () => table,
        bring: (to: string, cards: Iterable<NamedListing>) => {
          for (const [listing, theirs] of cards) {
            if (theirs.length === 0) continue;
            offered.push({ by, to, listing });
            checks.get(to)?.seen(listing, theirs);
          }
          return Promise.resolve(true);
        },
      }),
    );
  }
  const { signal } = new AbortController();
  const run = async (): Promise<void> => {
    for (const [id, check] of checks) {
      if (lazy.has(id)) continue;
      await check.run(signal);
      await check.runFresh(signal);
    }
  };
  for (const check of checks.values()) check.start();
  const day = async (): Promise<void> => {
    for (let time = 0; time < DAY; time += STEP) {
      clock.now += STEP;
      await run();
    }
  };
  const come = (listing: string): void => {
    for (const listener of changes) listener(listing);
  };
  return { clock, offered, day, run, come };
}

/** The check of one of so many nodes; the others take what they are brought for as long as the test says. */
function slowReceivers(count: number) {
  const begun: string[] = [];
  const ends: (() => void)[] = [];
  const clock = { now: Date.UTC(2026, 10, 22) };
  const refs = Array.from({ length: count }, (_, number): PeerRef => {
    const id = `node-${number}`;
    return { id, kadId: sha256(new TextEncoder().encode(id)), addresses: [], lastSeen: 1, self: false };
  });
  const table = new PeerTable(refs);
  const source = {
    listings: () => LISTINGS,
    held: () => ({ seq: 1, names: ['term:kopi'] }),
    bitsOf: () => 0,
    onChange: () => () => undefined,
  };
  const check = new DailyCheck({
    network: { peerId: 'node-0', directory: { get: () => undefined } } as unknown as Network,
    source: source as unknown as HandoverSource,
    places: new Places('test'),
    now: () => clock.now,
    options: { checkEvery: STEP, freshAfter: STEP },
    onSplit: () => undefined,
    neighbours: () => table,
    bring: async (to: string) => {
      begun.push(to);
      await new Promise<void>((resolve) => ends.push(resolve));
      return true;
    },
  });
  return { check, clock, begun, end: (at: number) => ends[at]?.() };
}

const LISTINGS = Array.from({ length: 50 }, (_, number) => listingId(number));

describe('a check', () => {
  it('brings several receivers theirs side by side: one that takes its time holds up nobody', async () => {
    const { check, clock, begun, end } = slowReceivers(COPIES);
    check.start();
    clock.now += DAY;
    const run = check.run(new AbortController().signal);
    await vi.waitFor(() => expect(begun).toHaveLength(3), PATIENCE);
    end(2);
    end(1);
    await vi.waitFor(() => expect(begun).toHaveLength(COPIES - 1), PATIENCE);
    for (let at = 0; at < COPIES - 1; at++) end(at);
    await run;
  });
});

describe('the daily check', () => {
  it('offers each card once a day to every other holder, by one of them, not always the same', async () => {
    const { offered, day } = holders(COPIES, LISTINGS);
    const firsts: string[] = [];
    // Turns that came shortly before the start are seen to by the later ranks alone.
    await day();
    for (let days = 0; days < 3; days++) {
      offered.length = 0;
      await day();
      expect(offered).toHaveLength(LISTINGS.length * (COPIES - 1));
      expect(new Set(offered.map(({ to, listing }) => `${to} ${listing}`)).size).toBe(offered.length);
      expect(new Set(offered.map(({ by }) => by)).size).toBeLessThanOrEqual(2 * COPIES);
      firsts.push(offered.find(({ listing }) => listing === LISTINGS[0])?.by ?? '');
    }
    expect(new Set(firsts).size).toBe(3);
  });

  it('is done by the next holder where one does nothing', async () => {
    const { offered, day } = holders(COPIES, LISTINGS, { lazy: new Set(['node-0', 'node-1']) });
    await day();
    offered.length = 0;
    // Whose turn it is is drawn anew each day, so that in so many each has been somebody else's to look at.
    const days = 3 * COPIES;
    for (let past = 0; past < days; past++) await day();
    // A turn that is taken over comes some minutes later, and may so fall into the day after the last.
    const each = days * LISTINGS.length * (COPIES - 1);
    expect(offered.length).toBeGreaterThan(0.97 * each);
    expect(offered.length).toBeLessThan(1.03 * each);
    expect(new Set(offered.map(({ to, listing }) => `${to} ${listing}`)).size).toBe(LISTINGS.length * COPIES);
  });

  it('is done by few for all names of a listing where its names have their holders in common', async () => {
    const names = Array.from({ length: 20 }, (_, at) => `term:kopi${at}`);
    const { offered, day } = holders(2 * COPIES, LISTINGS, { names });
    await day();
    offered.length = 0;
    await day();
    const all = 2 * COPIES * (2 * COPIES - 1);
    expect(offered.length / LISTINGS.length).toBeLessThan((2 * all) / 3);
    expect(new Set(offered.map(({ to, listing }) => `${to} ${listing}`)).size).toBe(2 * COPIES * LISTINGS.length);
    expect(new Set(offered.map(({ by }) => by)).size).toBe(2 * COPIES);
  });

  it('looks at what has just come as well, once', async () => {
    const { clock, offered, run, come } = holders(COPIES, LISTINGS.slice(0, 1));
    const [listing = ''] = LISTINGS;
    // Twelve hours from its turn.
    for (let time = 0; time < DAY && offered.length === 0; time += STEP) {
      clock.now += STEP;
      await run();
    }
    clock.now += DAY / 2;
    await run();
    offered.length = 0;
    come(listing);
    for (let step = 0; step < 20; step++) {
      clock.now += STEP;
      await run();
    }
    expect(offered).toHaveLength(COPIES - 1);
  });

  it('looks at everything, in whatever rank, after the node was away for longer than a day', async () => {
    const { clock, offered, run } = holders(COPIES, LISTINGS);
    clock.now += 3 * DAY;
    await run();
    expect(offered).toHaveLength(LISTINGS.length * COPIES * (COPIES - 1));
  });

  it('does nothing while no time passes, and when the clock is set back', async () => {
    const { clock, offered, run } = holders(COPIES, LISTINGS);
    await run();
    clock.now -= DAY;
    await run();
    expect(offered).toEqual([]);
  });
});
