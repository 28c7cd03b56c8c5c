import { describe, expect, it, vi } from 'vitest';
import { createBulkVerifier } from '../../../../node/identity/index.js';
import type { Holder } from '../../../../node/index/holder.js';
import type { AskInput } from '../../../../node/index/wire.js';
import { askAnswerSchema, cardsAnswerSchema, MAX_ANSWERS } from '../../../../node/index/wire.js';
import { equalBytes, parseId, traderToText } from '../../../../protocol/ids.js';
import { categoryKey, sellerKey, shardKey, shardOf, termKey } from '../../../../protocol/search/posting-keys.js';
import { EMPTY_QUERY, parseQuery } from '../../../../protocol/search/query.js';
import { batchOf, createHolder, createSeller, DAY, forged, listingOf, putOf, STRANGER_PEER } from '../support.js';
import { readBody, writeBody } from '../../../../node/network/bodies.js';
import { MAX_RESPONSE } from '../../../../node/search/ask-node.js';

function ask(holder: Holder, more: Partial<AskInput> = {}) {
  return holder.ask({
    query: parseQuery('payung'),
    keys: [termKey('payung')],
    filters: {},
    limit: 50,
    cards: 50,
    ...more,
  });
}

const ids = (answer: ReturnType<typeof ask>): string[] => answer.hits.map(([id]) => id.toString());

describe('an answer of an index node', () => {
  it('fits the wire, also with the most cards, deltas, sellers and leases that there can be', async () => {
    await using node = await createHolder();
    for (let at = 0; at < MAX_ANSWERS; at++) {
      const seller = createSeller(node.clock.now);
      const card = seller.card('a', 'payung');
      const delta = seller.delta(card, 2, 4_000);
      await node.holder.put(putOf([card], [seller.delegation]), STRANGER_PEER);
      await node.holder.put(batchOf([[delta.bytes, []]], []), STRANGER_PEER);
      await node.holder.refresh(seller.lease([delta]).request(), seller.peer);
    }
    const answer = ask(node.holder, { limit: 500, cards: MAX_ANSWERS, facets: true });
    expect([answer.cards.length, answer.deltas.length, answer.leases.length]).toEqual([150, 150, 150]);
    expect(writeBody(answer).length).toBeLessThan(MAX_RESPONSE);
    expect(readBody(askAnswerSchema, writeBody(answer), 'answer')).toMatchObject({ truncated: false });
    const cards = node.holder.cards(answer.hits.map(([id, seq]) => [id, seq - 1]));
    expect(readBody(cardsAnswerSchema, writeBody(cards), 'answer').cards).toHaveLength(150);
    // Whoever has what is here already gets nothing.
    const none = node.holder.cards(answer.hits.map(([id, seq]) => [id, seq]));
    expect([none.cards, none.deltas, none.leases, none.delegations]).toEqual([[], [], [], []]);
  }, 60_000);

  it('shows the price of the delta to filters, orders, facets and the reader', async () => {
    await using node = await createHolder();
    const seller = createSeller(node.clock.now);
    const [a, b] = [seller.card('a', 'payung'), seller.card('b', 'payung')];
    await node.holder.put(putOf([a, b], [seller.delegation]), seller.peer);
    const before = ask(node.holder).mark;
    const delta = seller.delta(a, 2, 90_000_000);
    expect((await node.holder.put(batchOf([[delta.bytes, []]], []), seller.peer)).results).toEqual(['ok']);
    const { holder } = await node.reopen();
    for (const one of [node.holder, holder]) {
      expect(ids(ask(one, { filters: { currency: 'IDR', minPrice: 80_000_000 } }))).toEqual([listingOf(a)]);
      expect(ids(ask(one, { sort: 'price' }))).toEqual([listingOf(b), listingOf(a)]);
      expect(ask(one, { facets: true }).facets[0]?.price).toHaveLength(2);
      expect(ask(one, { sort: 'price' })).toMatchObject({ deltas: [delta.bytes], matched: [2] });
      expect(ask(one, { sort: 'price' }).hits.map(([, seq]) => seq)).toEqual([1, 2]);
      expect(ids(ask(one, { since: before }))).toEqual([listingOf(a)]);
      expect(ids(ask(one, { since: ask(one).mark }))).toEqual([]);
    }
  });

  it('refuses a delta whose card is not here, or that is older than what is', async () => {
    await using node = await createHolder();
    const seller = createSeller(node.clock.now);
    const card = seller.card('a', 'payung');
    const newer = seller.card('a', 'payung ungu', 4);
    const put = async (bytes: Uint8Array) =>
      (await node.holder.put(batchOf([[bytes, []]], [seller.delegation]), STRANGER_PEER)).results[0];
    expect(await put(seller.delta(card, 2, 1).bytes)).toBe('CARD_MISSING');
    await node.holder.put(putOf([card], [seller.delegation]), seller.peer);
    const delta = seller.delta(card, 3, 1);
    expect(await put(forged(delta))).toBe('RECORD_SIGNATURE');
    expect([await put(delta.bytes), await put(delta.bytes), await put(seller.delta(card, 2, 1).bytes)]).toEqual([
      'ok',
      'ok',
      'LISTING_CHANGED',
    ]);
    await node.holder.put(putOf([newer], []), seller.peer);
    expect(await put(seller.delta(card, 3, 1).bytes)).toBe('LISTING_CHANGED');
    expect(await put(seller.delta(seller.card('a', 'payung biru', 5), 6, 1).bytes)).toBe('CARD_MISSING');
    expect(ask(node.holder)).toMatchObject({ cards: [newer.bytes], deltas: [] });
  });

  it('tells who brings an older version what is newer', async () => {
    await using node = await createHolder();
    const seller = createSeller(node.clock.now);
    const [older, newer] = [seller.card('a', 'payung', 1), seller.card('a', 'payung', 2)];
    await node.holder.put(putOf([newer], [seller.delegation]), seller.peer);
    const answer = await node.holder.put(putOf([older], [seller.delegation]), seller.peer);
    expect(answer).toMatchObject({ results: ['LISTING_CHANGED'], bits: [], newer: [[0, newer.bytes]] });
    expect(answer.newer[0]?.[1]).toEqual(newer.bytes);
  });

  it('has no more of one seller than asked for, while there are others', async () => {
    await using node = await createHolder();
    const [flood, other] = [createSeller(node.clock.now), createSeller(node.clock.now)];
    const cards = Array.from({ length: 40 }, (_, at) => flood.card(`s${at}`, 'payung ungu'));
    await node.holder.put(putOf(cards, [flood.delegation]), flood.peer);
    const few = Array.from({ length: 5 }, (_, at) => other.card(`s${at}`, 'payung lipat besar'));
    await node.holder.put(putOf(few, [other.delegation]), other.peer);
    const mine = new Set(few.map(listingOf));
    const query = parseQuery('payung ungu');
    const found = (more: Partial<AskInput>) =>
      ids(ask(node.holder, { query, ...more })).filter((id) => mine.has(id)).length;
    expect(found({ limit: 15 })).toBe(5);
    expect(found({ limit: 15, perSeller: 0 })).toBe(0);
    expect(found({ limit: 15, sort: 'newest' })).toBe(5);
    // With room for all of them nothing is left out.
    expect(ask(node.holder, { limit: 45 }).hits).toHaveLength(45);
    const ofFlood = { limit: 15, filters: { seller: flood.trader } };
    expect(ask(node.holder, ofFlood).hits).toHaveLength(15);
  });

  it('counts each card once over the keys of a question, wherever it is held', async () => {
    await using node = await createHolder();
    const seller = createSeller(node.clock.now);
    const both = seller.card('a', 'payung ungu', 1, { item: { category: ['Payung'] } });
    const one = seller.card('b', 'payung merah', 1, { item: { category: ['Payung'] } });
    await node.holder.put(putOf([both, one], [seller.delegation]), seller.peer);
    const [ungu, payung, cat] = [termKey('ungu'), termKey('payung'), categoryKey('Payung')];
    const question = [ungu, payung, cat];
    const query = parseQuery('payung ungu');
    expect(ask(node.holder, { query, keys: question, question }).matched).toEqual([1, 1, 0]);
    // Another node may be asked for the first key: the card counts there, even if this one holds it too.
    expect(ask(node.holder, { query, keys: [payung], question }).matched).toEqual([1]);
    expect(ask(node.holder, { query, keys: [cat], question }).matched).toEqual([0]);
    expect(ask(node.holder, { query, keys: [cat, ungu], question, facets: true })).toMatchObject({
      matched: [0, 1],
      facets: [{ category: [] }, { category: [['Payung', 1]] }],
    });
    const browse = { query: EMPTY_QUERY, question: [cat, sellerKey(traderToText(seller.trader))] };
    expect(ask(node.holder, { ...browse, keys: [...browse.question] }).matched).toEqual([2, 0]);
  });

  it('is from the shard that is asked, and only cards of that shard are taken for it', async () => {
    await using node = await createHolder();
    const seller = createSeller(node.clock.now);
    const card = seller.card('a', 'payung');
    const shard = shardOf(listingOf(card), 2);
    const other = shard === '00' ? '01' : '00';
    const [mine, wrong] = [shardKey(termKey('payung'), shard), shardKey(termKey('payung'), other)];
    const put = async (name: string) =>
      (await node.holder.put(batchOf([[card.bytes, [name]]], [seller.delegation]), seller.peer)).results;
    expect(await put(wrong)).toEqual(['RECORD_SCHEMA']);
    expect(await put(mine)).toEqual(['ok']);
    expect(ask(node.holder, { keys: [mine, wrong, termKey('payung')] })).toMatchObject({
      held: [1, 0, 0],
      bits: [2, 2, 0],
      matched: [1, 0, 0],
    });
  });

  it('has nothing of a blocked trader, and takes nothing', async () => {
    const blocked: Uint8Array[] = [];
    await using node = await createHolder({ isBlocked: (trader) => blocked.some((one) => equalBytes(one, trader)) });
    const [bad, good] = [createSeller(node.clock.now), createSeller(node.clock.now)];
    const [card, other] = [bad.card('a', 'payung'), good.card('a', 'payung')];
    await node.holder.put(putOf([card], [bad.delegation]), bad.peer);
    await node.holder.put(putOf([other], [good.delegation]), good.peer);
    blocked.push(bad.trader);
    expect(ask(node.holder)).toMatchObject({ cards: [other.bytes], matched: [1] });
    expect(node.holder.cards([[parseId(listingOf(card)), -1]]).cards).toEqual([]);
    expect(node.holder.putOf([[listingOf(card), [termKey('payung')]]]).cards).toEqual([]);
    const again = await node.holder.put(putOf([bad.card('b', 'payung')], [bad.delegation]), bad.peer);
    expect(again.results).toEqual(['TRADER_BLOCKED']);
  });

  it('costs the loop few checks of signatures, however many a device has forged', async () => {
    await using node = await createHolder();
    const liar = createSeller(node.clock.now);
    const seller = createSeller(node.clock.now);
    const lies = Array.from({ length: 30 }, (_, at) => liar.card(`s${at}`, 'payung'));
    const bad = lies.map((card) => [forged(card), [termKey('payung')]] as const);
    const honest = liar.card('true', 'payung');
    await node.holder.put(batchOf([...bad, [honest.bytes, [termKey('payung')]]], [liar.delegation]), liar.peer);
    await node.holder.put(putOf([seller.card('a', 'payung')], [seller.delegation]), seller.peer);
    const before = node.refused.length;
    ask(node.holder);
    expect(node.refused.length - before).toBeLessThanOrEqual(1);
    // In idle time the rest is checked: what is good is shown again.
    node.holder.checkNow(60_000);
    expect(node.refused.length - before).toBe(30);
    expect(ask(node.holder).hits).toHaveLength(2);
    // From then on the liar's cards are checked when they come.
    const next = batchOf([[forged(liar.card('x', 'payung')), [termKey('payung')]]], [liar.delegation]);
    expect((await node.holder.put(next, liar.peer)).results).toEqual(['RECORD_SIGNATURE']);
  });
});

describe('signatures of cards that their own device brought', () => {
  it('are checked once nothing has come for seconds, and not between the batches of a shop', async () => {
    const verify = createBulkVerifier();
    let checks = 0;
    await using node = await createHolder({ verify: (...signed) => (checks++, verify(...signed)) });
    const seller = createSeller(node.clock.now);
    const bring = (sku: string) =>
      node.holder.put(putOf([seller.card(sku, 'payung')], [seller.delegation]), seller.peer);
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      await bring('a');
      const before = checks;
      for (const sku of ['b', 'c', 'd']) {
        vi.advanceTimersByTime(2_000);
        node.holder.checkSome();
        await bring(sku);
      }
      expect(checks).toBe(before);
      vi.advanceTimersByTime(4_000);
      node.holder.checkSome();
      expect(checks).toBe(before + 4);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('what hand-over asks of a holder', () => {
  it('is told what is held, brings it to another node, and is wanted only where it lacks', async () => {
    await using from = await createHolder();
    await using to = await createHolder();
    const seller = createSeller(from.clock.now);
    const [card, gone] = [seller.card('a', 'payung ungu'), seller.card('b', 'payung')];
    const delta = seller.delta(card, 2, 1_000);
    await from.holder.put(putOf([card, gone], [seller.delegation]), seller.peer);
    await from.holder.put(
      batchOf(
        [
          [delta.bytes, []],
          [seller.end('b', 5).bytes, []],
        ],
        [],
      ),
      seller.peer,
    );
    const held = [...from.holder.listings()].map((id) => [id, from.holder.held(id)] as const);
    expect(held.map(([, one]) => one?.seq).sort()).toEqual([2, 5]);
    // An end keeps the names that its card had.
    expect(from.holder.held(listingOf(gone))?.names).toContain(termKey('payung'));
    const names = [termKey('payung')];
    const offer = {
      keys: names,
      cards: held.map(([id, one]) => [parseId(id), one?.seq ?? 0, [0]] as [never, number, number[]]),
    };
    expect(to.holder.wanted(offer)).toEqual([0, 1]);
    const put = from.holder.putOf(held.map(([id]) => [id, names] as const));
    expect((await to.holder.put(put, STRANGER_PEER)).results).toEqual(['ok', 'ok', 'ok']);
    expect(to.holder.wanted(offer)).toEqual([]);
    // Also an end, whose names nothing proves: where they are known here, it can be handed on from here.
    expect(to.holder.wanted({ ...offer, keys: [termKey('ungu')] })).toEqual([0, 1]);
    expect(ask(to.holder)).toMatchObject({ cards: [card.bytes], deltas: [delta.bytes] });
    expect((await to.holder.put(putOf([gone], []), STRANGER_PEER)).results).toEqual(['LISTING_CHANGED']);

    await to.holder.release([
      [listingOf(card), names],
      [listingOf(gone), names],
    ]);
    const { holder } = await to.reopen();
    for (const one of [to.holder, holder]) expect([...one.listings()]).toEqual([]);
  });

  it('hears of each listing of which something was taken', async () => {
    await using node = await createHolder();
    const seller = createSeller(node.clock.now);
    const card = seller.card('a', 'payung');
    const heard: string[] = [];
    const off = node.holder.onChange((listing) => heard.push(listing));
    await node.holder.put(putOf([card], [seller.delegation]), seller.peer);
    await node.holder.put(batchOf([[forged(seller.delta(card, 2, 1)), []]], []), seller.peer);
    await node.holder.put(batchOf([[seller.delta(card, 2, 1).bytes, []]], []), seller.peer);
    off();
    await node.holder.put(batchOf([[seller.end('a', 3).bytes, []]], []), seller.peer);
    expect(heard).toEqual([listingOf(card), listingOf(card)]);
  });

  it('gives a verified record only of what is held under its own key', async () => {
    await using node = await createHolder();
    const seller = createSeller(node.clock.now);
    const [card, other] = [seller.card('a', 'payung'), seller.card('b', 'payung')];
    await node.holder.put(putOf([card], [seller.delegation]), seller.peer);
    await node.holder.put(batchOf([[other.bytes, [termKey('payung')]]], [seller.delegation]), seller.peer);
    expect(node.holder.record(listingOf(card))?.card.id.equals(card.id)).toBe(true);
    expect(node.holder.record(listingOf(other))).toBeUndefined();
    node.clock.now += 31 * DAY;
    expect(node.holder.record(listingOf(card))).toBeUndefined();
  });
});
