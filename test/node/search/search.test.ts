import { describe, expect, it } from 'vitest';
import type { Index } from '../../../node/index/index.js';
import { ASK_METHOD, askSchema, cardsSchema, readBody, writeBody } from '../../../node/index/wire.js';
import type { Network, PeerRef } from '../../../node/network/index.js';
import { createSearch } from '../../../node/search/index.js';
import { createHolder, createSeller, putOf } from '../index/support.js';

/** A search that asks one other node, whose cards are those of the holder. */
async function createPair() {
  const node = await createHolder();
  const { holder, deps } = node;
  const other: PeerRef = { id: 'other', kadId: new Uint8Array(32), addresses: [], lastSeen: 1, self: false };
  const network = {
    ready: true,
    directory: { size: 1, closest: () => [other] },
    lookup: () => Promise.resolve([other]),
    request: (_peer: string, method: string, body: Uint8Array) =>
      Promise.resolve(
        writeBody(
          method === ASK_METHOD
            ? holder.ask(readBody(askSchema, body, 'question'))
            : holder.cards(readBody(cardsSchema, body, 'question').listings),
        ),
      ),
  } as unknown as Network;
  const index = {
    statistics: (terms) => holder.statistics(terms),
  } as Pick<Index, 'statistics'> as Index;
  return { node, search: createSearch({ ...deps, network, index }) };
}

describe('a search', () => {
  it.each([20, 100, 200])('for %i hits finds as many as one answer has', async (limit) => {
    const { node, search } = await createPair();
    await using held = node;
    const seller = createSeller(held.clock.now);
    const cards = Array.from({ length: 120 }, (_, number) => seller.card(`s${number}`, `payung ${number}`));
    await held.holder.put(putOf(cards, [seller.delegation]), seller.peer);
    const { hits, coverage } = await search.search({ words: ['payung'], limit, timeoutMs: 2_500 });
    expect(hits).toHaveLength(Math.min(limit, 100));
    expect(coverage.refused).toBe(0);
  });

  it('keeps no delegation of what it found', async () => {
    const { node, search } = await createPair();
    await using held = node;
    const seller = createSeller(held.clock.now);
    const card = seller.card('a', 'payung');
    await held.holder.put(putOf([card], [seller.delegation]), seller.peer);
    expect((await search.search({ words: ['payung'], limit: 10, timeoutMs: 2_500 })).hits).toHaveLength(1);
    const named = card.delegation;
    expect(named === undefined ? undefined : held.deps.delegations.find(named)).toBeUndefined();
    // Whoever needs it for good is given the write for it, however often it was met before.
    expect(held.deps.delegations.learn(seller.delegation).write).toBeDefined();
    expect(held.deps.delegations.learn(seller.delegation).write).toBeDefined();
  });
});
