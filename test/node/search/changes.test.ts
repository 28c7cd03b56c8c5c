import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createTestnet } from '../../../node/testing/index.js';
import { createSearch } from '../../../node/search/index.js';
import { NETWORK, openBase } from '../trader-records/support.js';

describe('what changed since a question was last asked', () => {
  it('is all that has every word at first, and then only what came or changed', async () => {
    const testnet = await createTestnet(3, { node: { network: NETWORK } });
    onTestFinished(() => testnet.stop());
    const [seller] = testnet.nodes;
    const { deps, network } = await openBase({ bootstrap: seller?.addresses() ?? [] });
    const search = createSearch({ ...deps, index: { statistics: () => ({ documents: 0, df: new Map() }) } });
    await vi.waitFor(() => expect(network.directory.size).toBe(3), 10_000);
    const publish = async (sku: string, title: string, price = '5000 IDR'): Promise<void> => {
      for await (const _ of seller?.publish({ items: [{ value: { sku, title, price } }] }) ?? []);
    };
    await publish('a', 'Kopi Gayo');
    await publish('b', 'Kopi Toraja');
    await publish('c', 'Kopi arabika', '7000 IDR');
    const titles = ({ found }: { found: readonly { summary: { title: string } }[] }): string[] =>
      found.map(({ summary }) => summary.title).sort();
    const input = { words: ['kopi'], maxPrice: '6000 IDR' };
    const first = await search.changes(input);
    expect(titles(first)).toEqual(['Kopi Gayo', 'Kopi Toraja']);
    expect(first.answered).toBe(3);
    expect(titles(await search.changes({ words: ['kopi', 'gayo'] }))).toEqual(['Kopi Gayo']);

    const second = await search.changes(input, first);
    expect(titles(second)).toEqual([]);
    await publish('b', 'Kopi Toraja', '4000 IDR');
    await publish('d', 'Kopi Flores');
    const third = await search.changes(input, second);
    expect(titles(third)).toEqual(['Kopi Flores', 'Kopi Toraja']);
    expect(third.found.find(({ summary }) => summary.title === 'Kopi Toraja')).toMatchObject({
      summary: { price: { amount: 400_000, currency: 'IDR' } },
    });
    // Marks that nobody gave are of no use: everything comes.
    expect(titles(await search.changes(input, { marks: new Map([['nobody', 1]]) }))).toHaveLength(3);
  });
});
