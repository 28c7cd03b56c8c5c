import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hex } from '../../../node/bytes.js';
import type { Placed } from '../../../node/index/placement.js';
import { COPIES, placeOf, QUORUM, shardKey, shardOf } from '../../../protocol/search/posting-keys.js';
import { fakeNodes, posting, type Conduct } from './fake-nodes.js';

const KOPI = posting(1, ['term:kopi', 'listing:1']);
/** Frozen nodes are found out soon. */
const PATIENCE = 80;

async function place(size: number, conduct: Readonly<Record<number, Conduct>> = {}): Promise<Placed> {
  const { nodes, publisher } = fakeNodes(size);
  for (const [at, how] of Object.entries(conduct)) Object.assign(nodes[Number(at)] ?? {}, { conduct: how });
  const one = publisher({ patience: PATIENCE });
  const placed = await one.post(KOPI).done;
  one.stop();
  return placed;
}

describe('a published card', () => {
  it('has no quorum while its node is alone', async () => {
    expect(await place(1)).toMatchObject({ replicas: 0, quorum: false, whole: false });
  });

  it('has one with all of two nodes, and with three of four', async () => {
    expect(await place(2)).toMatchObject({ replicas: 1, quorum: true, whole: true });
    expect(await place(2, { 1: 'gone' })).toMatchObject({ replicas: 0, quorum: false, whole: false });
    expect(await place(4, { 3: 'gone' })).toMatchObject({ replicas: 2, quorum: true, whole: true });
    expect(await place(4, { 2: 'gone', 3: 'gone' })).toMatchObject({ replicas: 1, quorum: false });
  });

  it('is brought to nearer nodes that a far one tells of', async () => {
    const { nodes, state, publisher, holders } = fakeNodes(40);
    // The publisher has missed half of the network, and those it found know better.
    for (const [at, node] of nodes.entries()) {
      if (at % 2 === 1) state.hidden.add(node.ref.id);
      else node.conduct = 'far';
    }
    const one = publisher({ patience: PATIENCE });
    const placed = await one.post(KOPI).done;
    one.stop();
    expect(state.hidden.size).toBe(0);
    expect(holders(KOPI).length).toBeGreaterThan(COPIES);
    expect(placed.replicas).toBeGreaterThan(0);
  });

  it('counts at no node that answers for fewer records than it was sent, and this is held against it', async () => {
    const { nodes, state, publisher } = fakeNodes(4);
    Object.assign(nodes[3] ?? {}, { conduct: 'curt' });
    const one = publisher({ patience: PATIENCE });
    expect(await one.post(KOPI).done).toMatchObject({ replicas: 2, quorum: true });
    one.stop();
    expect([...state.misbehaved]).toEqual(['node-3']);
  });

  it('is where it should be, and its flags say so, whichever nodes fail whenever', { timeout: 60_000 }, async () => {
    const conduct = fc.constantFrom<Conduct>('good', 'good', 'good', 'gone', 'frozen', 'full');
    const network = fc.array(fc.record({ conduct, dies: fc.option(fc.nat(3)), delay: fc.nat(6) }), {
      minLength: 1,
      maxLength: 40,
    });
    const keys = fc.uniqueArray(
      fc.constantFrom(...'abcdefghijkl').map((letter) => `term:${letter}`),
      {
        minLength: 1,
        maxLength: 6,
      },
    );
    await fc.assert(
      fc.asyncProperty(network, fc.array(keys, { minLength: 1, maxLength: 30 }), async (how, wanted) => {
        const fake = fakeNodes(how.length);
        fake.nodes.forEach((node, at) => {
          // A node is never gone to itself.
          if (at > 0) Object.assign(node, { ...how[at], dies: how[at]?.dies ?? Number.POSITIVE_INFINITY });
        });
        const publisher = fake.publisher({ patience: PATIENCE });
        const postings = wanted.map((of, number) => posting(number, of));
        const placements = postings.map((one) => publisher.post(one));
        await Promise.all(placements.map((placement) => placement.settled));
        const done = await Promise.all(placements.map((placement) => placement.done));
        publisher.stop();
        expect(publisher.open).toBe(0);
        const alive = fake.nodes.filter((node) => node.conduct === 'good' || node.conduct === 'full');
        postings.forEach((one, at) => {
          const placed = done[at];
          if (placed === undefined) throw new Error('no outcome');
          if (placed.quorum) {
            // Nodes may have failed after they took it: with none gone, what is said can be counted.
            const steady = how.every(({ dies }, node) => node === 0 || dies === null);
            if (steady)
              for (const { held } of fake.copies(one, alive))
                expect(held).toBeGreaterThanOrEqual(Math.min(QUORUM, how.length));
          }
          if (placed.whole) expect(placed.quorum).toBe(true);
          expect(placed.replicas).toBeLessThanOrEqual(fake.holders(one).filter((id) => id !== 'node-0').length);
        });
      }),
      { numRuns: 60 },
    );
  });
});

describe('publishing', () => {
  it('brings a card out when its own nodes are known, whatever is still looked up for others', async () => {
    const fake = fakeNodes(300);
    fake.state.hangs = hex(placeOf('main', 'term:teh', 0).kadId);
    const publisher = fake.publisher({ gather: 50 });
    const kopi = publisher.post(posting(1, ['term:kopi']));
    const teh = publisher.post(posting(2, ['term:teh']));
    expect((await kopi.done).whole).toBe(true);
    publisher.stop();
    expect((await teh.done).quorum).toBe(false);
  });

  it('waits for a quorum also where looking for nodes alone takes half a minute', async () => {
    const fake = fakeNodes(40);
    fake.state.lookupTakes = 30_000;
    const publisher = fake.publisher();
    expect((await publisher.post(KOPI).settled).quorum).toBe(true);
    publisher.stop();
  });

  it('dials a few nodes at once, and sends to as many as it likes of those that it is connected to', async () => {
    const keys = Array.from({ length: 12 }, (_, number) => `term:word${number}`);
    for (const connected of [false, true]) {
      const fake = fakeNodes(60);
      fake.state.connected = connected;
      for (const node of fake.nodes) node.delay = 20;
      const publisher = fake.publisher();
      expect((await publisher.post(posting(1, keys)).done).whole).toBe(true);
      publisher.stop();
      if (connected) expect(fake.state.most).toBeGreaterThan(20);
      else expect(fake.state.most).toBeLessThanOrEqual(12);
    }
  });

  it('puts every card at exactly the nodes that are responsible for its keys', async () => {
    const fake = fakeNodes(60);
    const publisher = fake.publisher();
    const postings = Array.from({ length: 200 }, (_, at) => posting(at, [`term:${at % 7}`, `listing:${at}`]));
    const placed = await Promise.all(postings.map((one) => publisher.post(one).done));
    expect(placed.every(({ quorum, whole, replicas }) => quorum && whole && replicas >= COPIES - 1)).toBe(true);
    for (const one of postings) {
      for (const { held } of fake.copies(one)) expect(held).toBe(COPIES);
      expect(fake.holders(one).length).toBeLessThanOrEqual(2 * 2 * COPIES);
    }
    // Together, not one by one.
    const requests = fake.nodes.reduce((sum, node) => sum + node.requests, 0);
    expect(requests).toBeLessThanOrEqual(60 * 3);
    expect(fake.state.lookups).toBeLessThan(60);
    publisher.stop();
  });

  it('is not held up by a node that takes cards and never answers', async () => {
    const fake = fakeNodes(10);
    Object.assign(fake.nodes[4] ?? {}, { conduct: 'frozen' });
    const publisher = fake.publisher({ patience: 60_000 });
    const placed = await Promise.all(
      Array.from({ length: 300 }, (_, at) => publisher.post(posting(at % 250, ['term:a', `listing:${at}`])).settled),
    );
    expect(placed.every(({ quorum }) => quorum)).toBe(true);
    publisher.stop();
  });

  it('takes nobody for frozen because its own process was busy', async () => {
    const fake = fakeNodes(10, { realTime: true });
    for (const node of fake.nodes) node.delay = 4 * PATIENCE;
    const publisher = fake.publisher({ patience: 8 * PATIENCE });
    const { settled } = publisher.post(KOPI);
    await new Promise((resolve) => setTimeout(resolve, PATIENCE));
    // Answers that have arrived meanwhile are heard after the timers.
    for (const node of fake.nodes) node.hears = () => new Promise((resolve) => setTimeout(resolve, 1));
    const busyUntil = performance.now() + 20 * PATIENCE;
    while (performance.now() < busyUntil);
    expect((await settled).quorum).toBe(true);
    // Nobody was looked for in anybody's place.
    expect(fake.state.lookups).toBe(1);
    publisher.stop();
  });

  it('replaces nodes that are gone by the next nearest, after a look-up', async () => {
    const fake = fakeNodes(40);
    for (const at of [3, 9, 17, 25, 33]) Object.assign(fake.nodes[at] ?? {}, { conduct: 'gone' });
    const publisher = fake.publisher();
    const postings = Array.from({ length: 50 }, (_, at) => posting(at, ['term:a', `listing:${at}`]));
    const placed = await Promise.all(postings.map((one) => publisher.post(one).done));
    expect(placed.every(({ whole }) => whole)).toBe(true);
    const alive = fake.nodes.filter(({ conduct }) => conduct === 'good');
    for (const one of postings) for (const { held } of fake.copies(one, alive)) expect(held).toBe(COPIES);
    publisher.stop();
  });

  it('finds the one card for which a node refuses whole batches', async () => {
    const fake = fakeNodes(6);
    fake.state.refusesBatchWith = 77;
    const publisher = fake.publisher();
    const placed = await Promise.all(
      Array.from({ length: 200 }, (_, at) => publisher.post(posting(at, [`term:${at}`])).done),
    );
    expect(placed.flatMap(({ whole }, at) => (whole ? [] : [at]))).toEqual([77]);
    expect(placed[77]).toMatchObject({ quorum: false, refused: ['PEER_PROTOCOL'] });
    publisher.stop();
  });

  it('ends when it is stopped, and what was under way is not called placed', async () => {
    const fake = fakeNodes(8);
    for (const node of fake.nodes) node.delay = 5_000;
    const publisher = fake.publisher();
    const placements = Array.from({ length: 700 }, (_, at) => publisher.post(posting(at % 250, ['term:a'])));
    const room = publisher.room();
    await new Promise((resolve) => setTimeout(resolve, 50));
    publisher.stop();
    const placed = await Promise.all(placements.map(({ done }) => done));
    expect(placed.every(({ quorum, whole }) => !quorum && !whole)).toBe(true);
    await room;
    expect(await publisher.post(KOPI).done).toMatchObject({ quorum: false });
    for (const node of fake.nodes) node.delay = 0;
    publisher.start();
    expect(await publisher.post(KOPI).done).toMatchObject({ quorum: true, whole: true });
    publisher.stop();
  });

  it('survives a look-up that fails', async () => {
    const fake = fakeNodes(8);
    fake.state.lookupFails = true;
    const publisher = fake.publisher();
    expect(await publisher.post(KOPI).done).toMatchObject({ quorum: false, whole: false });
    fake.state.lookupFails = false;
    expect(await publisher.post(KOPI).done).toMatchObject({ quorum: true, whole: true });
    publisher.stop();
  });
});

describe('a delta', () => {
  it('goes alone to the nodes that hold its card, and with the card to those that do not', async () => {
    const fake = fakeNodes(8);
    const publisher = fake.publisher();
    await publisher.post(KOPI).done;
    const before = fake.nodes.map(({ held }) => held.size);
    const delta = { ...KOPI, delta: Uint8Array.of(2, 9), onlyDelta: true, changes: true };
    expect(await publisher.post(delta).done).toMatchObject({ whole: true });
    for (const [at, node] of fake.nodes.entries()) {
      expect(node.held.size).toBe(before[at] === 0 ? 0 : 2);
      expect(node.held.get(2)?.size ?? 0).toBe(0);
    }
    publisher.stop();
  });
});

describe('shards', () => {
  it('are used when most nodes say so, and not for one', async () => {
    const fake = fakeNodes(12);
    const publisher = fake.publisher();
    const wants = (at: number, bits: number): void =>
      void Object.assign(fake.nodes[at] ?? {}, { bits: new Map([['term:kopi', bits]]) });
    wants(3, 8);
    await publisher.post(KOPI).done;
    expect(fake.bits.of('term:kopi')).toBe(0);
    for (let at = 0; at < 12; at++) wants(at, 2);
    await publisher.post(posting(2, ['term:kopi'])).done;
    expect(fake.bits.of('term:kopi')).toBe(2);
    const third = posting(3, ['term:kopi']);
    expect(await publisher.post(third).done).toMatchObject({ whole: true });
    const name = shardKey('term:kopi', shardOf(third.listing, 2));
    const names = fake.nodes.flatMap(({ held }) => [...(held.get(3) ?? [])]);
    expect(new Set(names)).toEqual(new Set([name]));
    publisher.stop();
  });

  it('do not hide a change from the nodes that hold the card from before the split', async () => {
    const fake = fakeNodes(40);
    const publisher = fake.publisher();
    await publisher.post(KOPI).done;
    const old = fake.holders(KOPI);
    for (const node of fake.nodes) node.bits = new Map([['term:kopi', 1]]);
    await publisher.post(posting(2, ['term:kopi'])).done;
    const end = { ...posting(9, KOPI.keys, { changes: true }), listing: KOPI.listing };
    await publisher.post(end).done;
    expect(fake.holders(end)).toEqual(expect.arrayContaining(old));
    publisher.stop();
  });
});
