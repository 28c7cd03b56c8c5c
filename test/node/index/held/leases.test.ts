import { describe, expect, it } from 'vitest';
import type { Holder } from '../../../../node/index/holder.js';
import { cardKeys, listingIdOfCard } from '../../../../protocol/catalog/make-card.js';
import type { LeaseRequest } from '../../../../node/index/wire.js';
import type { Card } from '../../../../protocol/catalog/card.js';
import { openProof } from '../../../../protocol/merkle.js';
import { equalBytes, parseId } from '../../../../protocol/ids.js';
import type { SignedRecord } from '../../../../protocol/record.js';
import { termKey } from '../../../../protocol/search/posting-keys.js';
import { parseQuery } from '../../../../protocol/search/query.js';
import { batchOf, createHolder, createSeller, DAY, putOf, STRANGER_PEER, type SignedLease } from '../support.js';

function ask(holder: Holder) {
  return holder.ask({ query: parseQuery('payung'), keys: [termKey('payung')], filters: {}, limit: 50, cards: 50 });
}

function idOf(card: SignedRecord<Card>) {
  return parseId(listingIdOfCard(card.payload) ?? '');
}

/** What a reader finds proven of the cards and deltas of an answer. */
function proven(answer: ReturnType<typeof ask>, lease: SignedLease, recordsOf: (envelope: Uint8Array) => Uint8Array) {
  const list = [...answer.cards, ...answer.deltas];
  const found = answer.leases.find((one) => equalBytes(one.lease, lease.record.bytes));
  if (found === undefined) return undefined;
  const leaves = found.cards.map(([at, place]) => [place, recordsOf(list[at] ?? new Uint8Array())] as const);
  if (leaves.length === 0) return 0;
  const { root } = openProof(lease.record.payload.cards, leaves, found.proof);
  return equalBytes(root, lease.record.payload.root) ? leaves.length : -1;
}

describe('a lease', () => {
  it('lets cards stand beyond their own time, with proof for the reader, until its own is over; also after a restart', async () => {
    await using node = await createHolder();
    const seller = createSeller(node.clock.now, node.clock.now + 300 * DAY);
    const cards = Array.from({ length: 9 }, (_, at) => seller.card(`s${at}`, 'payung'));
    const digests = new Map(cards.map((card) => [card.bytes.join(), card.id.multihash.digest]));
    const digestOf = (bytes: Uint8Array) => digests.get(bytes.join()) ?? new Uint8Array();
    const here = cards.filter((_, at) => at % 2 === 0);
    await node.holder.put(putOf(here, [seller.delegation]), seller.peer);
    const [first] = here.map((card) => idOf(card).toString());
    const standsUntil = (one: Holder): number | undefined => one.record(first ?? '')?.until;
    expect(standsUntil(node.holder)).toBe(node.clock.now + 30 * DAY);
    node.clock.now += 20 * DAY;
    const lease = seller.lease(cards, 1, { created: node.clock.now });
    const { missing } = await node.holder.refresh(lease.request(), seller.peer);
    expect(missing).toHaveLength(4);
    // While they stand by themselves it only says when the seller was there.
    expect(proven(ask(node.holder), lease, digestOf)).toBe(0);
    node.clock.now += 15 * DAY;
    await node.holder.expire();
    const { holder } = await node.reopen();
    for (const one of [node.holder, holder]) {
      const answer = ask(one);
      expect(answer.hits).toHaveLength(5);
      expect(proven(answer, lease, digestOf)).toBe(5);
      expect(answer.delegations).toEqual([seller.delegation]);
      expect(standsUntil(one)).toBe(lease.record.payload.validUntil);
      const [some] = here;
      if (some !== undefined) expect(one.cards([[idOf(some), -1]]).leases[0]?.cards).toHaveLength(1);
    }
    node.clock.now += 16 * DAY;
    expect(ask(holder).hits).toEqual([]);
    await holder.expire();
    for (const table of ['cards', 'card-leases', 'card-delegations', 'card-ends'])
      expect(await node.rows(table)).toBe(0);
  });

  it('of a delta extends the card under it, and goes when another delta takes its place', async () => {
    await using node = await createHolder();
    const seller = createSeller(node.clock.now, node.clock.now + 300 * DAY);
    const card = seller.card('a', 'payung');
    const delta = seller.delta(card, 2, 4_000);
    await node.holder.put(putOf([card], [seller.delegation]), seller.peer);
    await node.holder.put(batchOf([[delta.bytes, []]], [seller.delegation]), seller.peer);
    const lease = seller.lease([delta], 1, { created: node.clock.now + 20 * DAY });
    node.clock.now += 20 * DAY;
    expect(await node.holder.refresh(lease.request(), STRANGER_PEER)).toEqual({ missing: [] });
    node.clock.now += 15 * DAY;
    const answer = ask(node.holder);
    expect(proven(answer, lease, (bytes) => (equalBytes(bytes, delta.bytes) ? delta.id.multihash.digest : bytes))).toBe(
      1,
    );
    expect(answer.hits[0]?.[1]).toBe(2);
    await node.holder.put(batchOf([[seller.delta(card, 3, 3_000).bytes, []]], [seller.delegation]), seller.peer);
    expect(ask(node.holder).hits).toEqual([]);
  });

  it('is refused where it is forged, over, or not of its leaves; and changes nothing then', async () => {
    await using node = await createHolder();
    const seller = createSeller(node.clock.now);
    const card = seller.card('a', 'payung');
    await node.holder.put(putOf([card], [seller.delegation]), seller.peer);
    const lease = seller.lease([card]);
    const request = lease.request();
    const bad = lease.record.bytes.slice();
    bad[bad.length - 100] = (bad[bad.length - 100] ?? 0) ^ 1;
    const other = seller.lease([seller.card('b', 'payung')]);
    const over = seller.lease([card], 2, { validUntil: node.clock.now });
    const cases: readonly (readonly [LeaseRequest, unknown])[] = [
      [{ ...request, lease: bad }, expect.stringMatching(/RECORD_(SIGNATURE|MALFORMED|SCHEMA)|DELEGATION_MISSING/)],
      [{ ...request, lease: other.record.bytes }, 'RECORD_SCHEMA'],
      [over.request(), 'RECORD_TIME'],
      [
        { ...request, delegations: [], lease: createSeller(node.clock.now).lease([card]).record.bytes },
        'DELEGATION_MISSING',
      ],
    ];
    for (const [wrong, code] of cases) {
      await expect(node.holder.refresh(wrong, seller.peer)).rejects.toMatchObject({ code });
    }
    expect(ask(node.holder).leases).toEqual([]);
    expect(await node.holder.refresh(request, seller.peer)).toEqual({ missing: [] });
    expect(ask(node.holder).leases).toHaveLength(1);
  });

  it('that is older does not take the place of a newer one', async () => {
    await using node = await createHolder();
    const seller = createSeller(node.clock.now);
    const card = seller.card('a', 'payung');
    await node.holder.put(putOf([card], [seller.delegation]), seller.peer);
    const [first, second] = [seller.lease([card], 1), seller.lease([card], 2)];
    for (const lease of [second, first]) await node.holder.refresh(lease.request(), seller.peer);
    const { holder } = await node.reopen();
    for (const one of [node.holder, holder])
      expect(ask(one).leases.map(({ lease }) => lease)).toEqual([second.record.bytes]);
  });

  it('goes over to another node with the cards that it extends', async () => {
    await using from = await createHolder();
    await using to = await createHolder();
    const seller = createSeller(from.clock.now, from.clock.now + 300 * DAY);
    const cards = Array.from({ length: 5 }, (_, at) => seller.card(`s${at}`, 'payung'));
    await from.holder.put(putOf(cards, [seller.delegation]), seller.peer);
    from.clock.now = to.clock.now += 20 * DAY;
    await from.holder.refresh(seller.lease(cards, 1, { created: from.clock.now }).request(), seller.peer);
    from.clock.now = to.clock.now += 15 * DAY;
    const put = from.holder.putOf(
      cards.slice(0, 3).map((card) => [idOf(card).toString(), [termKey('payung')]] as const),
    );
    const unleased = await to.holder.put({ ...put, leases: [] }, STRANGER_PEER);
    expect(unleased.results).toEqual(['RECORD_TIME', 'RECORD_TIME', 'RECORD_TIME']);
    expect((await to.holder.put(put, STRANGER_PEER)).results).toEqual(['ok', 'ok', 'ok']);
    const { holder } = await to.reopen();
    for (const one of [to.holder, holder]) expect(ask(one).leases[0]?.cards).toHaveLength(3);
    expect(cardKeys(cards[0]?.payload ?? ({} as Card))).toContain(termKey('payung'));
  });
});
