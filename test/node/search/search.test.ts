import { describe, expect, it } from 'vitest';
import { merkleProof, merkleRoot } from '../../../protocol/merkle.js';
import { traderToText } from '../../../protocol/ids.js';
import { MAX_ASK_KEYS } from '../../../node/index/wire.js';
import { MAX_SHARD_BITS } from '../../../protocol/search/posting-keys.js';
import { createFake, createSeller, DAY, FakeNode, listingOf, nearestTo, nodesWith, type Fake } from './support.js';

const now = Date.now();

describe('of many words', () => {
  const askedFor = (fake: Fake): Set<string> =>
    new Set(fake.nodes.flatMap(({ asked }) => asked.flatMap(({ keys }) => keys)));

  it('those that nobody has leave their places to others, in the same search', async () => {
    const seller = createSeller(now);
    const fake = createFake(nodesWith(5, (node) => node.take(seller, seller.card('a', 'Topi rajut merah'))));
    const { hits, coverage } = await fake.find(
      'zzaabbccdd zzbbccddee zzccddeeff zzddeeffgg zzeeffgghh zzffgghhii topi',
    );
    expect(hits).toMatchObject([{ title: 'Topi rajut merah' }]);
    expect(coverage.verdict).toBe('complete');
  });

  it('no more are asked for once four have cards, and no more than twelve where none has', async () => {
    const seller = createSeller(now);
    const words = 'mentega keju susu roti selai madu gula teh topi';
    const node = (one: FakeNode) => one.take(seller, seller.card('a', 'Mentega keju susu selai'));
    const fake = createFake(nodesWith(5, node));
    await fake.find(words);
    expect(askedFor(fake).size).toBe(6);
    const empty = createFake(nodesWith(5, (one) => one.take(seller, seller.card('b', 'Lampu'))));
    const unknown = Array.from({ length: 20 }, (_, at) => `zz${String.fromCharCode(97 + at).repeat(5)}`);
    expect((await empty.find(unknown.join(' '))).hits).toEqual([]);
    expect(askedFor(empty).size).toBe(12);
  });
});

describe('a search shows', () => {
  it('a card with the delta that came with it, as the version that the two sum up', async () => {
    const seller = createSeller(now);
    const card = seller.card('a', 'Payung lipat merah');
    const delta = seller.delta(card, {
      price: { amount: 450_000, currency: 'IDR' },
      availability: 'LimitedAvailability',
    });
    const fake = createFake(nodesWith(3, (node) => node.take(seller, card).deltas.push(delta)));
    const { hits, coverage } = await fake.find('payung');
    expect(hits).toMatchObject([
      {
        price: { amount: '450000', currency: 'IDR' },
        availability: 'LimitedAvailability',
        version: card.payload.listing.toString(),
      },
    ]);
    expect(coverage).toMatchObject({ verdict: 'complete', refused: 0 });
    expect(await fake.search.find(listingOf(card))).toMatchObject({ summary: { availability: 'LimitedAvailability' } });
  });

  it('filters by what the delta says', async () => {
    const seller = createSeller(now);
    const card = seller.card('a', 'Payung lipat merah');
    const delta = seller.delta(card, { availability: 'OutOfStock' });
    const fake = createFake(nodesWith(3, (node) => node.take(seller, card).deltas.push(delta)));
    expect((await fake.find('payung', { inStock: true })).hits).toEqual([]);
    expect((await fake.find('payung')).hits).toHaveLength(1);
  });

  it('when the seller was last seen, by its newest lease', async () => {
    const seller = createSeller(now);
    const card = seller.card('a', 'Payung lipat merah', { created: now - 5 * DAY });
    const lease = (seq: number, created: number) => {
      const draft = { seq, root: new Uint8Array(32), cards: 1, validUntil: now + DAY };
      return { lease: seller.lease(draft, created).bytes, cards: [], proof: [] };
    };
    const nodes = nodesWith(3, (node) => node.take(seller, card));
    nodes[0]?.leases.push(lease(1, now - 2 * DAY));
    nodes[1]?.leases.push(lease(2, now - DAY));
    for (const node of nodes) node.leases.push(lease(1, now - 2 * DAY));
    const fake = createFake(nodes);
    expect((await fake.find('payung')).hits[0]?.lastSeen).toBeGreaterThanOrEqual(now - 2 * DAY);
    const without = createFake(nodesWith(3, (node) => node.take(seller, card)));
    expect((await without.find('payung')).hits[0]?.lastSeen).toBe(now - 5 * DAY);
  });

  it('a card whose time is over only with the proof that a lease extends it', async () => {
    const seller = createSeller(now);
    const card = seller.card('a', 'Payung lipat merah', { created: now - 10 * DAY, validUntil: now - DAY });
    const other = seller.card('b', 'Sepatu');
    const leaves = [other.id.multihash.digest, card.id.multihash.digest];
    const signed = seller.lease({ seq: 3, root: merkleRoot(leaves), cards: 2, validUntil: now + 5 * DAY });
    const proof = merkleProof(leaves, [1]);
    const shown = async (cards: [number, number][], hashes: Uint8Array[]) => {
      const leases = [{ lease: signed.bytes, cards, proof: hashes }];
      const fake = createFake(nodesWith(3, (node) => Object.assign(node.take(seller, card), { leases })));
      const found = await fake.search.find(listingOf(card));
      const { hits } = await fake.find('payung');
      expect(found?.until).toBe(hits[0]?.validUntil);
      return hits;
    };
    expect(await shown([[0, 1]], proof)).toMatchObject([{ validUntil: now + 5 * DAY, lastSeen: now }]);
    expect(await shown([], [])).toEqual([]);
    expect(await shown([[0, 0]], proof)).toEqual([]);
    expect(await shown([[0, 1]], [new Uint8Array(32)])).toEqual([]);
  });

  it('a card whose time is over and that has changed, where the lease names the change or came before it', async () => {
    const seller = createSeller(now);
    const dates = { created: now - 10 * DAY, validUntil: now - DAY };
    const [card, plain] = [seller.card('a', 'Payung lipat', dates), seller.card('b', 'Payung golf', dates)];
    const delta = seller.delta(card, { availability: 'LimitedAvailability' });
    const shown = async (leaf: Uint8Array, place: number) => {
      const leaves = [leaf, plain.id.multihash.digest];
      const lease = seller.lease({ seq: 3, root: merkleRoot(leaves), cards: 2, validUntil: now + 5 * DAY });
      // Places in the answer's cards and then its deltas.
      const cards: [number, number][] = [
        [place, 0],
        [1, 1],
      ];
      const leases = [{ lease: lease.bytes, cards, proof: merkleProof(leaves, [0, 1]) }];
      const fill = (node: FakeNode) => Object.assign(node.take(seller, card, plain), { deltas: [delta], leases });
      return (await createFake(nodesWith(3, fill)).find('payung')).hits.length;
    };
    expect(await shown(delta.id.multihash.digest, 2)).toBe(2);
    expect(await shown(card.id.multihash.digest, 0)).toBe(2);
    expect(await shown(delta.id.multihash.digest, 0)).toBe(0);
  });

  it('nothing of a seller who is blocked, and says how many that are', async () => {
    const [shop, crook] = [createSeller(now), createSeller(now)];
    const fill = (node: FakeNode) => node.take(shop, shop.card('a', 'Payung')).take(crook, crook.card('b', 'Payung'));
    const fake = createFake(nodesWith(3, fill), {
      deps: { isBlocked: (trader) => traderToText(trader) === traderToText(crook.trader) },
    });
    const { hits, hidden } = await fake.find('payung');
    expect([hits.map(({ seller }) => seller), hidden]).toEqual([[traderToText(shop.trader)], 1]);
    // What a filter would leave out anyway is not hidden.
    expect(await fake.find('payung', { minPrice: '1 USD' })).toMatchObject({ hits: [] });
    expect((await fake.find('payung', { minPrice: '1 USD' })).hidden).toBeUndefined();
  });

  it('nothing for a category that names no level, and says so, with words or without', async () => {
    const fake = createFake(nodesWith(3));
    for (const words of ['', 'payung'])
      await expect(fake.find(words, { category: ' > ' })).rejects.toMatchObject({
        code: 'QUERY_INVALID',
        message: 'The filter category names no level.',
        where: 'category',
      });
  });

  it('what filters alone cannot find, and says what else they need', async () => {
    const fake = createFake(nodesWith(3));
    for (const filter of [{ kind: 'service' }, { minPrice: '10 USD' }, { inStock: true }] as const) {
      const refused = fake.search.search({ words: [], limit: 20, timeoutMs: 1_000, ...filter });
      await expect(refused).rejects.toMatchObject({
        code: 'QUERY_EMPTY',
        next: 'Add words, or a category, a place or a seller to browse.',
      });
    }
  });
});

describe('a search asks', () => {
  it('once more for what is split, and counts its shards only', async () => {
    const seller = createSeller(now);
    const cards = Array.from({ length: 12 }, (_, number) =>
      seller.card(`s${number}`, `Payung ${'abcdefghijkl'[number]}`),
    );
    const nodes = nodesWith(6, (node) => {
      node.take(seller, ...cards);
      node.bits = (name) => (name.includes('term:payung') && !name.includes('/') ? 1 : 0);
    });
    const fake = createFake(nodes);
    const first = await fake.find('payung');
    expect(first.coverage).toMatchObject({ verdict: 'complete', keys: [{ key: 'term:payung', shards: 2 }] });
    expect(first.matched).toBe(12);
    const names = new Set(nodes.flatMap(({ asked }) => asked.flatMap(({ keys }) => keys)));
    expect([...names].toSorted()).toEqual(['0/term:payung', '1/term:payung', 'term:payung']);
    for (const node of nodes) node.asked = [];
    await fake.find('payung');
    expect(nodes.some(({ asked }) => asked.some(({ keys }) => keys.includes('term:payung')))).toBe(false);
  });

  it('for all shards, however many, in as many requests as that takes', { timeout: 60_000 }, async () => {
    const seller = createSeller(now);
    const cards = Array.from({ length: 40 }, (_, number) => seller.card(`s${number}`, `Payung ${number}`));
    const nodes = nodesWith(6, (node) => {
      node.take(seller, ...cards);
      node.bits = (name) => (name.endsWith('term:payung') && !name.includes('/') ? MAX_SHARD_BITS : 0);
    });
    const fake = createFake(nodes);
    for (const again of [false, true]) {
      const { coverage, matched, hits } = await fake.find('payung', { timeoutMs: 30_000, limit: 100, perSeller: 0 });
      expect(coverage, String(again)).toMatchObject({
        verdict: 'complete',
        keys: [{ key: 'term:payung', shards: 2 ** MAX_SHARD_BITS }],
      });
      expect([matched, hits.length]).toEqual([40, 40]);
    }
    expect(Math.max(...nodes.flatMap(({ asked }) => asked.map(({ keys }) => keys.length)))).toBe(MAX_ASK_KEYS);
  });

  it('is not made to ask for shards by one node alone', async () => {
    const seller = createSeller(now);
    const nodes = nodesWith(6, (node) => node.take(seller, seller.card('a', 'Payung')));
    for (const node of nodes.slice(0, 1)) node.bits = () => 8;
    const fake = createFake(nodes);
    for (let time = 0; time < 3; time++) await fake.find('payung');
    expect(nodes.every(({ asked }) => asked.every(({ keys }) => keys.every((key) => !key.includes('/'))))).toBe(true);
  });

  it('nodes that answers name as nearer, in the same search, and is complete without a look-up', async () => {
    const seller = createSeller(now);
    const nodes = nodesWith(60);
    const holding = [0, 1].flatMap((salt) => nearestTo('term:payung', salt, nodes).slice(0, 5));
    for (const node of holding) node.take(seller, seller.card('a', 'Payung'));
    // Each knows those that lie between it and the place; the reader knows nobody who holds the word.
    for (const node of nodes) {
      node.closer = () =>
        [0, 1].flatMap((salt) => {
          const order = nearestTo('term:payung', salt, nodes);
          return order.slice(Math.max(0, order.indexOf(node) - 12), order.indexOf(node)).slice(0, 5);
        });
    }
    const known = nodes.filter((node) => !holding.includes(node)).slice(0, 8);
    const fake = createFake(nodes, { known, small: false });
    const { hits, coverage } = await fake.find('payung');
    expect(hits).toHaveLength(1);
    expect(coverage.verdict).toBe('complete');
    expect(fake.lookups).toEqual([]);
  });

  it('in vain where answers name nobody and those who are known do not answer, and then looks up', async () => {
    const seller = createSeller(now);
    const nodes = nodesWith(30, (node) => node.take(seller, seller.card('a', 'Payung')));
    for (const node of nodes) node.state = 'dead';
    const fake = createFake(nodes, { small: false });
    expect((await fake.find('payung')).coverage.verdict).toBe('unknown');
    expect(fake.lookups).toHaveLength(2);
  });

  it('without waiting long for nodes that one answer names and that are not there', async () => {
    const seller = createSeller(now);
    const nodes = nodesWith(30, (node) => node.take(seller, seller.card('a', 'Payung')));
    const ghosts = nodesWith(5).map((_, at) => Object.assign(new FakeNode(`ghost-${at}`), { state: 'frozen' }));
    for (const node of nodes) node.closer = () => ghosts;
    const fake = createFake([...nodes, ...ghosts], { known: nodes, small: false });
    const { hits, tookMs } = await fake.find('payung', { timeoutMs: 20_000 });
    expect(hits).toHaveLength(1);
    expect(tookMs).toBeLessThan(10_000);
  });

  it('checks no signature twice', async () => {
    const seller = createSeller(now);
    let checks = 0;
    const fake = createFake(
      nodesWith(3, (node) =>
        node.take(seller, ...Array.from({ length: 20 }, (_, at) => seller.card(`s${at}`, `Payung ${at}x`))),
      ),
      { deps: { verify: () => (checks++, true) } },
    );
    expect((await fake.find('payung')).hits).toHaveLength(20);
    expect(checks).toBe(20);
    await fake.find('payung');
    expect(checks).toBe(20);
  });
});
