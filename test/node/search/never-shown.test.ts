import { CID } from 'multiformats/cid';
import { describe, expect, it } from 'vitest';
import type { AskAnswer } from '../../../node/index/wire.js';
import { HEDGE_AFTER } from '../../../node/search/ask.js';
import { encode } from '../../../protocol/cbor.js';
import { merkleRoot } from '../../../protocol/merkle.js';
import type { SignedRecord } from '../../../protocol/record.js';
import { createFake, createSeller, DAY, FakeNode, listingOf, nodesWith } from './support.js';

const now = Date.now();

/** The same payload, so the same id, with one bit of the signature changed. */
function forged<R extends SignedRecord>(record: R): R {
  const signature = record.signature.slice();
  signature[40] = (signature[40] ?? 0) ^ 1;
  const bytes = encode({ payload: record.payloadBytes, signature, delegation: record.delegation });
  return { ...record, signature, bytes };
}

describe('a search never shows', () => {
  it('a forged card, and counts it; the true one is shown however new the forged one claims to be', async () => {
    const seller = createSeller(now);
    const card = seller.card('a', 'Payung lipat merah');
    const fake9 = forged(seller.card('a', 'Kursi gratis', { seq: 9 }));
    const only = forged(seller.card('b', 'Payung biru'));
    const [liar, ...honest] = nodesWith(3, (node) => node.take(seller, card));
    liar?.cards.unshift(fake9, only);
    const fake = createFake([...honest, liar ?? new FakeNode('x')]);
    const { hits, coverage } = await fake.find('payung');
    expect(hits.map(({ title }) => title)).toEqual(['Payung lipat merah']);
    expect(coverage.refused).toBeGreaterThan(0);
    expect(fake.refused).toContain('RECORD_SIGNATURE');
  });

  it('a forged card in place of the true one, whichever node lies and however: the others have it', async () => {
    const seller = createSeller(now);
    const card = seller.card('a', 'Payung lipat merah', { seq: 3 });
    const dear = { price: '9000000 IDR' };
    const lies: { readonly fake: SignedRecord; readonly seqs: readonly number[] }[] = [
      { fake: seller.card('a', 'Payung gratis', { seq: 9 }), seqs: [9] },
      { fake: seller.card('a', 'Payung gratis', { seq: 3 }), seqs: [3] },
      { fake: seller.card('a', 'Payung gratis', { seq: 9 }), seqs: [9, 8] },
      { fake: seller.card('a', 'Payung mahal', { seq: 9, item: dear }), seqs: [9] },
      { fake: seller.card('a', 'Payung tua', { seq: 3, validUntil: now - 1, created: now - DAY }), seqs: [3] },
      { fake: seller.card('a', 'Kursi gratis', { seq: 3 }), seqs: [3] },
    ];
    for (const { fake, seqs } of lies)
      for (let at = 0; at < 5; at++) {
        const nodes = nodesWith(5, (node) => node.take(seller, card));
        const [liar] = nodes.slice(at);
        const { bytes } = forged(fake);
        if (liar !== undefined) {
          liar.change = (answer) => ({
            ...answer,
            hits: seqs.map((seq) => [CID.parse(listingOf(card)), seq, 1]),
            cards: [bytes],
          });
          liar.changeCards = (answer) => ({ ...answer, cards: [bytes] });
        }
        for (const sort of ['relevance', 'price'] as const) {
          const { hits } = await createFake(nodes).find('payung', { sort, maxPrice: '100000 IDR' });
          expect(hits.map((hit) => hit.title)).toEqual(['Payung lipat merah']);
        }
        const found = await createFake(nodes).search.find(listingOf(card));
        expect(found?.summary.title).toBe('Payung lipat merah');
        const { found: news } = await createFake(nodes).search.changes(
          { words: ['payung'], maxPrice: '100000 IDR' },
          {},
        );
        expect(news.map(({ summary }) => summary.title)).toEqual(['Payung lipat merah']);
      }
  });

  it('an older version than another answer has, nor than it has seen before', async () => {
    const seller = createSeller(now);
    const [old, current] = [seller.card('a', 'Payung lama'), seller.card('a', 'Payung baru', { seq: 2 })];
    const [late, ...others] = nodesWith(3, (node) => node.take(seller, current));
    if (late !== undefined) late.cards = [old];
    const fake = createFake([...others, late ?? new FakeNode('x')]);
    expect((await fake.find('payung')).hits.map(({ title }) => title)).toEqual(['Payung baru']);
    for (const node of fake.nodes) node.cards = [old];
    expect((await fake.find('payung')).hits.map(({ title }) => title)).toEqual(['Payung baru']);
  });

  it('a card that is over, or whose delegation is', async () => {
    const seller = createSeller(now);
    const over = seller.card('a', 'Payung', { created: now - 3 * DAY, validUntil: now - 1 });
    const ended = createSeller(now - 20 * DAY, now - DAY);
    const fake = createFake(
      nodesWith(3, (node) =>
        node.take(seller, over).take(ended, ended.card('b', 'Payung', { created: now - 2 * DAY })),
      ),
    );
    expect((await fake.find('payung')).hits).toEqual([]);
  });

  it('what its seller has removed, however many bring the card back that missed it', async () => {
    const seller = createSeller(now);
    const [card, other] = [seller.card('a', 'Payung lama'), seller.card('b', 'Payung lain')];
    const nodes = nodesWith(5, (node) => node.take(seller, other));
    const [liar] = nodes;
    liar?.take(seller, card);
    for (const node of nodes.slice(1)) node.ends.push(seller.end('a', 2));
    const fake = createFake(nodes);
    for (let time = 0; time < 3; time++) {
      expect((await fake.find('payung')).hits.map(({ title }) => title)).toEqual(['Payung lain']);
    }
    expect(await fake.search.find(listingOf(card))).toBeUndefined();
  });

  it('what its seller has removed, though several liars name it together and the others have no room for all', async () => {
    const seller = createSeller(now);
    const card = seller.card('a', 'Payung');
    const others = Array.from({ length: 60 }, (_, number) => seller.card(`b${number}`, `Payung lain nomor ${number}`));
    const nodes = nodesWith(5, (node) => node.take(seller, ...others));
    for (const node of nodes) node.ends.push(seller.end('a', 2));
    for (const liar of nodes.slice(0, 2)) {
      liar.ends = [];
      liar.cards.unshift(card);
    }
    const { hits } = await createFake(nodes).find('payung', { limit: 5, perSeller: 0 });
    expect(hits.map(({ title }) => title)).toHaveLength(5);
    expect(hits.map(({ title }) => title)).not.toContain('Payung');
  });

  it('what comes as a card that no answer names, or that nobody asked for', async () => {
    const seller = createSeller(now);
    const card = seller.card('a', 'Payung');
    const nodes = nodesWith(5, (node) => node.take(seller, seller.card('b', 'Payung lipat')));
    for (const node of nodes) {
      node.ends.push(seller.end('a', 2));
      node.change = (answer) => ({ ...answer, cards: [...answer.cards, card.bytes] });
      node.changeCards = (answer) => ({ ...answer, ends: [], cards: [...answer.cards, card.bytes] });
    }
    const fake = createFake(nodes);
    expect((await fake.find('payung')).hits.map(({ title }) => title)).toEqual(['Payung lipat']);
    const { found } = await fake.search.changes({ words: ['payung'] });
    expect(found.map(({ summary }) => summary.title)).toEqual(['Payung lipat']);
  });

  it.each([0, 1, 2, 3, 4])(
    'what its seller has removed in the place of other such listings, though somebody never says what it is asked by id (liar %i of five)',
    async (place) => {
      const seller = createSeller(now);
      const removed = Array.from({ length: 12 }, (_, at) => seller.card(`a${at}`, 'Payung lipat'));
      const nodes = nodesWith(5, (node) => node.take(seller, seller.card('b', 'Payung panjang')));
      for (const node of nodes) node.ends.push(...removed.map((_, at) => seller.end(`a${at}`, 2)));
      const [liar, stalling] = [nodes[place], nodes[(place + 1) % 5]];
      if (liar === undefined || stalling === undefined) throw new Error('there are five nodes');
      liar.take(seller, ...removed).ends = [];
      stalling.givesCards = false;
      // It says to have newer ones, which it does not give either.
      stalling.change = (answer) => ({ ...answer, hits: answer.hits.map(([id, seq, score]) => [id, seq + 5, score]) });
      for (const limit of [4, 1]) {
        const fake = createFake(nodes);
        const find = async () =>
          (await fake.find('payung lipat', { limit, perSeller: 0, timeoutMs: 2_500 })).hits.map(({ title }) => title);
        expect(await find()).toEqual(['Payung panjang']);
        // Who was late is not waited for any more.
        const begun = performance.now();
        expect(await find()).toEqual(['Payung panjang']);
        expect(performance.now() - begun).toBeLessThan(2 * HEDGE_AFTER);
      }
    },
  );

  it('an older version that one who names the newer one gives in its place, whoever does', async () => {
    const seller = createSeller(now);
    const [old, fresh] = [seller.card('a', 'Payung lama'), seller.card('a', 'Payung baru', { seq: 2 })];
    for (let at = 0; at < 5; at++) {
      const nodes = nodesWith(5, (node) => node.take(seller, fresh));
      const liar = nodes[at];
      const replaying = <A extends { cards: Uint8Array[] }>(answer: A): A => ({
        ...answer,
        cards: answer.cards.map(() => old.bytes),
      });
      if (liar !== undefined) Object.assign(liar, { change: replaying, changeCards: replaying });
      expect((await createFake(nodes).find('payung')).hits.map(({ title }) => title)).toEqual(['Payung baru']);
    }
  });

  it('as news what its seller has removed, though liars name it', async () => {
    const seller = createSeller(now);
    const card = seller.card('a', 'Payung');
    const nodes = nodesWith(5, (node) => node.take(seller, seller.card('b', 'Payung lipat')));
    for (const node of nodes) node.ends.push(seller.end('a', 2));
    for (const liar of nodes.slice(0, 2)) {
      liar.ends = [];
      liar.cards.push(card);
    }
    const { found } = await createFake(nodes).search.changes({ words: ['payung'] });
    expect(found.map(({ summary }) => summary.title)).toEqual(['Payung lipat']);
  });

  it('what stands under nothing that was asked for, where nobody was asked who would know that it has ended', async () => {
    const seller = createSeller(now);
    const words = ['payung', 'lipat', 'merah', 'besar', 'kuat', 'ringan', 'hujan', 'deras', 'anak'];
    const honestCard = seller.card('a', words.join(' '));
    const honest = nodesWith(5, (node) => node.take(seller, honestCard));
    expect((await createFake(honest).find(words.join(' '))).hits).toHaveLength(1);
    const asked = honest.flatMap((node) => node.asked.flatMap(({ keys }) => keys));
    const unasked = words.filter((word) => !asked.some((key) => key.endsWith(`:${word}`)));
    expect(unasked.length).toBeGreaterThan(0);
    const ended = seller.card('b', unasked.join(' '));
    const nodes = nodesWith(5, (node) => node.take(seller, honestCard));
    for (const liar of nodes.slice(0, 3)) {
      liar.take(seller, ended);
      liar.change = (answer) => ({
        ...answer,
        hits: [[CID.parse(listingOf(ended)), 9, 2], ...answer.hits],
        cards: [ended.bytes, ...answer.cards],
      });
    }
    const { hits, coverage } = await createFake(nodes).find(words.join(' '));
    expect(hits.map(({ title }) => title)).toEqual([words.join(' ')]);
    expect(coverage.refused).toBeGreaterThan(0);
  });
});

describe('an answer that is not of its form', () => {
  it('is left out, replaced by another, and held against its author', async () => {
    const seller = createSeller(now);
    const card = seller.card('a', 'Payung');
    const lease = seller.lease({
      seq: 3,
      root: merkleRoot([card.id.multihash.digest]),
      cards: 1,
      validUntil: now + DAY,
    });
    // A list that names a record twice would make the answer as dear to read as its author likes.
    const cards: [number, number][] = [
      [0, 0],
      [0, 0],
    ];
    const nodes = nodesWith(4, (node) => node.take(seller, card));
    // Three of the four are asked.
    for (const liar of nodes.slice(0, 2))
      liar.change = (answer) => ({ ...answer, leases: [{ lease: lease.bytes, cards, proof: [] }] });
    const fake = createFake(nodes);
    const { hits } = await fake.find('payung');
    expect(hits).toHaveLength(1);
    expect(fake.misbehaved.length).toBeGreaterThan(0);
    for (const peer of fake.misbehaved) expect(['node-0', 'node-1']).toContain(peer);
  });

  it.each([
    ['the counts of other keys than those asked for', { held: [1, 1] }],
    ['counts of some keys only', { held: [] }],
    ['matches of other keys', { matched: [1, 1] }],
    ['bits of other keys', { bits: [0, 0] }],
  ])('is one with %s', async (_, wrong: Partial<AskAnswer>) => {
    const seller = createSeller(now);
    const nodes = nodesWith(4, (node) => node.take(seller, seller.card('a', 'Payung')));
    for (const liar of nodes.slice(0, 2)) liar.change = (answer) => ({ ...answer, ...wrong });
    const fake = createFake(nodes);
    expect((await fake.find('payung')).hits).toHaveLength(1);
    expect(fake.misbehaved.length).toBeGreaterThan(0);
    for (const peer of fake.misbehaved) expect(['node-0', 'node-1']).toContain(peer);
  });

  it('is one with more hits than were asked for', async () => {
    const seller = createSeller(now);
    const card = seller.card('a', 'Payung');
    const nodes = nodesWith(4, (node) => node.take(seller, card));
    for (const liar of nodes.slice(0, 2))
      liar.change = (answer, { limit }) => ({
        ...answer,
        hits: Array.from({ length: limit + 1 }, (_, seq) => [CID.parse(listingOf(card)), seq, 1]),
      });
    const fake = createFake(nodes);
    expect((await fake.find('payung')).hits).toHaveLength(1);
    expect(fake.misbehaved.length).toBeGreaterThan(0);
    for (const peer of fake.misbehaved) expect(['node-0', 'node-1']).toContain(peer);
  });

  it('is one with more cards than were fetched from its author', async () => {
    const seller = createSeller(now);
    const node = new FakeNode('node-0').take(seller, seller.card('a', 'Payung'), seller.card('b', 'Payung lipat'));
    node.change = (answer) => ({ ...answer, cards: [] });
    expect((await createFake([node]).find('payung')).hits).toHaveLength(2);
    node.changeCards = (answer) => ({ ...answer, cards: [...answer.cards, ...answer.cards] });
    const fake = createFake([node]);
    expect((await fake.find('payung')).hits).toEqual([]);
    expect(fake.misbehaved).toEqual([node.id]);
  });
});
