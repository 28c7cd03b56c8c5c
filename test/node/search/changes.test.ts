import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { NiagaNode } from '../../../node/index.js';
import { createTestnet } from '../../../node/testing/index.js';
import { createSearch, type Changes, type Search } from '../../../node/search/index.js';
import { NETWORK, openBase } from '../trader-records/support.js';
import { PATIENCE } from '../../support/patience.js';

/** Asks until all three nodes have answered: a question waits for two of them, and whoever was late tells everything the next time. */
const ofAll = (search: Search, ...given: Parameters<Search['changes']>): Promise<Changes> =>
  vi.waitFor(async () => {
    const changes = await search.changes(...given);
    expect(changes.answered).toBe(3);
    return changes;
  }, PATIENCE);

/** Until all that it published is at every node, not at a quorum only. */
const isWhole = (node: NiagaNode | undefined): Promise<void> =>
  vi.waitFor(async () => expect((await node?.status({}))?.lacking).toBe(0), PATIENCE);

describe('what changed since a question was last asked', () => {
  it('is all that has every word at first, and then only what came or changed', async () => {
    const testnet = await createTestnet(3, { node: { network: NETWORK } });
    onTestFinished(() => testnet.stop());
    const [seller] = testnet.nodes;
    const { deps, network } = await openBase({ bootstrap: seller?.addresses() ?? [] });
    const search = createSearch({ ...deps, index: { statistics: () => ({ documents: 0, df: new Map() }) } });
    await vi.waitFor(() => expect(network.directory.size).toBe(3), PATIENCE);
    const publish = async (sku: string, title: string, price = '5000 IDR'): Promise<void> => {
      for await (const _ of seller?.publish({ items: [{ value: { sku, title, price } }] }) ?? []);
      await isWhole(seller);
    };
    await publish('a', 'Kopi Gayo');
    await publish('b', 'Kopi Toraja');
    await publish('c', 'Kopi arabika', '7000 IDR');
    const titles = ({ found }: { found: readonly { summary: { title: string } }[] }): string[] =>
      found.map(({ summary }) => summary.title).sort();
    const input = { words: ['kopi'], maxPrice: '6000 IDR' };
    const first = await ofAll(search, input);
    expect(titles(first)).toEqual(['Kopi Gayo', 'Kopi Toraja']);
    expect(titles(await search.changes({ words: ['kopi', 'gayo'] }))).toEqual(['Kopi Gayo']);

    const second = await ofAll(search, input, first);
    expect(titles(second)).toEqual([]);
    await publish('b', 'Kopi Toraja', '4000 IDR');
    await publish('d', 'Kopi Flores');
    const third = await ofAll(search, input, second);
    expect(titles(third)).toEqual(['Kopi Flores', 'Kopi Toraja']);
    expect(third.found.find(({ summary }) => summary.title === 'Kopi Toraja')).toMatchObject({
      summary: { price: { amount: 400_000, currency: 'IDR' } },
    });
    // Marks that nobody gave are of no use: everything comes.
    expect(titles(await ofAll(search, input, { marks: new Map([['nobody', 1]]) }))).toHaveLength(3);
  });

  it('is all that stands under any of the keys of a place, also where countries share the word', async () => {
    const testnet = await createTestnet(3, { node: { network: NETWORK } });
    onTestFinished(() => testnet.stop());
    const [seller] = testnet.nodes;
    const { deps, network } = await openBase({ bootstrap: seller?.addresses() ?? [] });
    const search = createSearch({ ...deps, index: { statistics: () => ({ documents: 0, df: new Map() }) } });
    await vi.waitFor(() => expect(network.directory.size).toBe(3), PATIENCE);
    const countries = ['UAE', 'UK', 'US', 'ID'];
    const items = countries.map((addressCountry) => ({
      value: {
        sku: addressCountry,
        title: `Kopi ${addressCountry}`,
        price: '1 USD',
        availableAtOrFrom: { addressCountry },
      },
    }));
    for await (const _ of seller?.publish({ items }) ?? []);
    await isWhole(seller);
    const { found } = await ofAll(search, { words: [], place: 'United' });
    expect(found.map(({ summary }) => summary.place).sort()).toEqual([['UAE'], ['UK'], ['US']]);
  });

  it('is not hidden by one seller who publishes more than an answer holds', async () => {
    const testnet = await createTestnet(3, { node: { network: NETWORK } });
    onTestFinished(() => testnet.stop());
    const [flooder, seller] = testnet.nodes;
    const { deps, network } = await openBase({ bootstrap: flooder?.addresses() ?? [] });
    const search = createSearch({ ...deps, index: { statistics: () => ({ documents: 0, df: new Map() }) } });
    await vi.waitFor(() => expect(network.directory.size).toBe(3), PATIENCE);
    const publish = async (node: typeof seller, titles: readonly string[]): Promise<void> => {
      const items = titles.map((title) => ({ value: { sku: title, title, price: '5000 IDR' } }));
      for await (const _ of node?.publish({ items }) ?? []);
      await isWhole(node);
    };
    await publish(seller, ['Kopi Toraja']);
    const first = await ofAll(search, { words: ['kopi'] });
    await publish(seller, ['Kopi Gayo']);
    const flood = Array.from({ length: 130 }, (_, at) => `Kopi murah ${at}`);
    await publish(flooder, flood);
    const second = await ofAll(search, { words: ['kopi'] }, first);
    expect(second.truncated).toBe(false);
    expect(second.found.map(({ summary }) => summary.title).sort()).toEqual([...flood, 'Kopi Gayo'].sort());
    expect((await ofAll(search, { words: ['kopi'] }, second)).found).toEqual([]);
  });
});
