import { CID } from 'multiformats/cid';
import { describe, expect, it } from 'vitest';
import type { Holder } from '../../../node/index/holder.js';
import { HeldRows } from '../../../node/index/held/rows.js';
import type { Offer } from '../../../node/index/wire.js';
import { cardKeys, listingIdOfCard } from '../../../protocol/catalog/make-card.js';
import { parseId } from '../../../protocol/ids.js';
import type { SignedRecord } from '../../../protocol/record.js';
import type { Card } from '../../../protocol/catalog/card.js';
import { listingKey, termKey } from '../../../protocol/search/posting-keys.js';
import { parseQuery } from '../../../protocol/search/query.js';
import { batchOf, createHolder, createSeller, DAY, forged, listingOf, putOf, STRANGER_PEER } from './support.js';

function ask(holder: Holder, word: string, limit = 10) {
  return holder.ask({ query: parseQuery(word), keys: [termKey(word)], filters: {}, limit, cards: limit });
}

function idOf(card: SignedRecord<Card>) {
  return parseId(listingIdOfCard(card.payload) ?? '');
}

describe('a held card', () => {
  it('is not replaced by the same payload with another signature, whoever brings it', async () => {
    await using node = await createHolder();
    const seller = createSeller(node.clock.now);
    const card = seller.card('a', 'payung');
    const bad = [[forged(card), cardKeys(card.payload)]] as const;
    // Once as it came from its device, its signature not looked at yet, and once after it was handed out.
    expect((await node.holder.put(putOf([card], [seller.delegation]), seller.peer)).results).toEqual(['ok']);
    for (const peer of [STRANGER_PEER, seller.peer, STRANGER_PEER]) {
      await node.holder.put(batchOf(bad, [seller.delegation]), peer);
      expect(ask(node.holder, 'payung').cards).toEqual([card.bytes]);
      expect(node.holder.cards([[idOf(card), -1]]).cards).toEqual([card.bytes]);
    }
    const { holder } = await node.reopen();
    expect(ask(holder, 'payung').cards).toEqual([card.bytes]);
  });

  it('is there again after a start with a clock that was a month behind, and so is an end', async () => {
    await using node = await createHolder();
    const seller = createSeller(node.clock.now);
    const [card, ended] = [seller.card('a', 'payung'), seller.card('b', 'payung lama')];
    const end = seller.end('b', 2);
    const put = (records: Parameters<typeof putOf>[0]) =>
      node.holder.put(putOf(records, [seller.delegation]), seller.peer);
    await put([card, ended]);
    await node.holder.put(batchOf([[end.bytes, cardKeys(ended.payload)]], [seller.delegation]), seller.peer);
    node.clock.now -= 30 * DAY;
    const early = await node.reopen();
    expect(ask(early.holder, 'payung').cards).toEqual([]);
    node.clock.now += 30 * DAY;
    const { holder } = await node.reopen();
    expect(ask(holder, 'payung').cards).toEqual([card.bytes]);
    await holder.put(putOf([ended], [seller.delegation]), seller.peer);
    expect(ask(holder, 'payung').cards).toEqual([card.bytes]);
  });

  it('takes the place of the same payload with a signature that does not hold', async () => {
    await using node = await createHolder();
    const seller = createSeller(node.clock.now);
    const card = seller.card('a', 'payung');
    const bad = [[forged(card), cardKeys(card.payload)]] as const;
    expect((await node.holder.put(batchOf(bad, [seller.delegation]), seller.peer)).results).toEqual(['ok']);
    expect((await node.holder.put(putOf([card], [seller.delegation]), STRANGER_PEER)).results).toEqual(['ok']);
    expect(ask(node.holder, 'payung').cards).toEqual([card.bytes]);
  });

  it('is after a restart under none but names of its own', async () => {
    await using node = await createHolder();
    const seller = createSeller(node.clock.now);
    const card = seller.card('a', 'payung');
    await node.holder.put(putOf([card], [seller.delegation]), seller.peer);
    const listing = listingOf(card);
    const nothing = { card: () => undefined, end: () => undefined };
    const { cards } = new HeldRows(node.deps.store, nothing);
    const row = await cards.get(listing);
    if (row === undefined) throw new Error('not kept');
    const names = [termKey('lain'), ...row.names, 'x'];
    await node.deps.store.write([cards.put(listing, { ...row, names })]);
    const { holder } = await node.reopen();
    expect(holder.held(listing)?.names).toEqual(row.names);
  });

  it('gets further keys when it comes again', async () => {
    await using node = await createHolder();
    const seller = createSeller(node.clock.now);
    const card = seller.card('a', 'payung ungu');
    for (const word of ['payung', 'ungu']) {
      await node.holder.put(batchOf([[card.bytes, [termKey(word)]]], [seller.delegation]), seller.peer);
    }
    const { holder } = await node.reopen();
    for (const one of [node.holder, holder]) {
      expect([ask(one, 'payung').hits.length, ask(one, 'ungu').hits.length]).toEqual([1, 1]);
    }
  });

  it('is checked at once unless its own device brings it', async () => {
    await using node = await createHolder();
    const victim = createSeller(node.clock.now);
    const card = victim.card('a', 'payung');
    const bad = batchOf([[forged(card), cardKeys(card.payload)]], [victim.delegation]);
    expect((await node.holder.put(bad, STRANGER_PEER)).results).toEqual(['RECORD_SIGNATURE']);
    expect(node.holder.count()).toBe(0);
    expect((await node.holder.put(putOf([card], [victim.delegation]), STRANGER_PEER)).results).toEqual(['ok']);
  });

  it('is found though many that do not hold score as well', async () => {
    await using node = await createHolder();
    const [liar, seller] = [createSeller(node.clock.now), createSeller(node.clock.now)];
    const lies = Array.from({ length: 40 }, (_, number) => liar.card(`s${number}`, 'payung'));
    const cards = lies.map((card) => [forged(card), cardKeys(card.payload)] as const);
    await node.holder.put(batchOf(cards, [liar.delegation]), liar.peer);
    const honest = Array.from({ length: 5 }, (_, number) => seller.card(`s${number}`, 'payung'));
    await node.holder.put(putOf(honest, [seller.delegation]), seller.peer);
    expect(ask(node.holder, 'payung', 5).hits).toHaveLength(5);
  });

  it('ends with its delegation', async () => {
    await using node = await createHolder();
    const seller = createSeller(node.clock.now, node.clock.now + DAY);
    await node.holder.put(putOf([seller.card('a', 'payung')], [seller.delegation]), seller.peer);
    expect(ask(node.holder, 'payung').hits).toHaveLength(1);
    node.clock.now += DAY + 1;
    expect(ask(node.holder, 'payung').hits).toEqual([]);
    await node.holder.expire();
    expect([node.holder.count(), await node.rows('cards')]).toEqual([0, 0]);
  });
});

describe('what can wait', () => {
  it('waits while cards are brought and while questions are asked', async () => {
    await using node = await createHolder();
    expect(node.holder.isBusy).toBe(false);
    ask(node.holder, 'payung');
    expect(node.holder.isBusy).toBe(true);
    await using other = await createHolder();
    const seller = createSeller(other.clock.now);
    await other.holder.put(putOf([seller.card('a', 'payung')], [seller.delegation]), seller.peer);
    expect(other.holder.isBusy).toBe(true);
  });
});

describe('delegations of strangers', () => {
  it('are kept with their cards over a restart, also those that a search has met before', async () => {
    await using node = await createHolder();
    const seller = createSeller(node.clock.now);
    const card = seller.card('a', 'payung');
    node.deps.delegations.read(seller.delegation);
    await node.holder.put(putOf([card], [seller.delegation]), seller.peer);
    const { holder } = await node.reopen();
    const { cards, delegations } = ask(holder, 'payung');
    expect([cards, delegations]).toEqual([[card.bytes], [seller.delegation]]);
  });

  it('are not kept unless a card that is taken names them, and go with it', async () => {
    await using node = await createHolder();
    const seller = createSeller(node.clock.now);
    const others = Array.from({ length: 10 }, () => createSeller(node.clock.now).delegation);
    await node.holder.put(putOf([], others), STRANGER_PEER);
    expect([await node.rows('delegations'), await node.rows('card-delegations')]).toEqual([0, 0]);
    await node.holder.put(putOf([seller.card('a', 'payung')], [...others, seller.delegation]), seller.peer);
    expect(await node.rows('card-delegations')).toBe(1);
    node.clock.now += 31 * DAY;
    await node.holder.expire();
    expect(await node.rows('card-delegations')).toBe(0);
  });

  it('that do not hold do not spoil the batch', async () => {
    await using node = await createHolder();
    const seller = createSeller(node.clock.now);
    const bad = new Uint8Array([1, 2, 3]);
    const put = putOf([seller.card('a', 'payung')], [bad, seller.delegation]);
    expect((await node.holder.put(put, seller.peer)).results).toEqual(['ok']);
    expect(node.refused).toHaveLength(1);
  });
});

describe('a card that was over before an older version of it', () => {
  it('keeps the older one from coming back, also after a restart', async () => {
    await using node = await createHolder();
    const seller = createSeller(node.clock.now);
    const newer = seller.card('a', 'payung', 2, { validUntil: node.clock.now + DAY });
    const older = putOf([seller.card('a', 'payung', 1)], [seller.delegation]);
    await node.holder.put(putOf([newer], [seller.delegation]), seller.peer);
    node.clock.now += 2 * DAY;
    await node.holder.expire();
    expect((await node.holder.put(older, STRANGER_PEER)).results).toEqual(['LISTING_CHANGED']);
    const { holder } = await node.reopen();
    expect((await holder.put(older, STRANGER_PEER)).results).toEqual(['LISTING_CHANGED']);
    node.clock.now += 30 * DAY;
    await holder.expire();
    expect(await node.rows('card-ends')).toBe(0);
  });
});

describe('an end of a slot', () => {
  it('keeps an older card from coming back, also after a restart, until none can be valid', async () => {
    await using node = await createHolder();
    const seller = createSeller(node.clock.now);
    const card = putOf([seller.card('a', 'payung', 1)], [seller.delegation]);
    const end = batchOf([[seller.end('a', 2).bytes, []]], [seller.delegation]);
    expect((await node.holder.put(card, seller.peer)).results).toEqual(['ok']);
    expect((await node.holder.put(end, STRANGER_PEER)).results).toEqual(['ok']);
    expect((await node.holder.put(card, seller.peer)).results).toEqual(['LISTING_CHANGED']);
    const { holder } = await node.reopen();
    expect((await holder.put(card, seller.peer)).results).toEqual(['LISTING_CHANGED']);
    node.clock.now += 31 * DAY;
    await holder.expire();
    expect([await node.rows('card-ends'), await node.rows('card-delegations')]).toEqual([0, 0]);
    expect((await holder.put(end, seller.peer)).results).toEqual(['RECORD_TIME']);
  });

  it('that comes without names gets those that others know', async () => {
    await using node = await createHolder();
    const seller = createSeller(node.clock.now);
    const listing = listingOf(seller.card('a', 'payung'));
    const end = seller.end('a', 2);
    const names = [termKey('payung'), listingKey(listing)];
    const offer = { keys: names, cards: [[CID.parse(listing), 2, [0, 1]]] } satisfies Offer;
    await node.holder.put(batchOf([[end.bytes, []]], [seller.delegation]), STRANGER_PEER);
    expect(node.holder.held(listing)?.names).toEqual([]);
    expect(node.holder.wanted(offer)).toEqual([0]);
    await node.holder.put(batchOf([[end.bytes, names]], [seller.delegation]), seller.peer);
    expect(node.holder.held(listing)?.names).toEqual(names);
    expect(node.holder.wanted(offer)).toEqual([]);
    const { holder } = await node.reopen();
    expect(holder.held(listing)?.names).toEqual(names);
  });
});
