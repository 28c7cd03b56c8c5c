import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { NiagaNode, PublishedView } from '../../node/index.js';
import { createTestnet, type Testnet } from '../../node/testing/index.js';
import { PATIENCE } from '../support/patience.js';
import { searchWhole, TIME_ENOUGH } from './searches.js';

const NODES = 6;

let testnet: Testnet;
let seller: NiagaNode;
let buyer: NiagaNode;

beforeAll(async () => {
  testnet = await createTestnet(NODES);
  [seller, buyer] = testnet.nodes as [NiagaNode, NiagaNode];
});

afterAll(() => testnet.stop());

const WORDS = ['kopi', 'teh', 'sambal', 'kecap', 'payung', 'tikar', 'batik', 'sarung', 'gula', 'beras'];
const listing = (at: number, more: Record<string, unknown> = {}) => ({
  sku: `s${at}`,
  title: `${WORDS[at % 10]} pasar nomor ${at}`,
  price: `${1_000 + at} IDR`,
  ...more,
});

async function publish(values: readonly unknown[], node = seller): Promise<PublishedView[]> {
  const lines: PublishedView[] = [];
  for await (const line of node.publish({ items: values.map((value) => ({ value })) })) lines.push(line);
  return lines;
}

const wholeNow = (node: NiagaNode): Promise<void> =>
  vi.waitFor(async () => expect((await node.status({})).lacking).toBe(0), PATIENCE);

/** @param ofAll whether all nodes are there, so that all of those that are asked can answer */
async function found(words: string, id: string | null, ofAll = true) {
  const input = { words: [words], limit: 50 };
  const { hits } = await (ofAll ? searchWhole(buyer, input) : buyer.search({ ...TIME_ENOUGH, ...input }));
  return hits.find((hit) => hit.listing === id);
}

describe('publishing into real nodes', () => {
  it('answers with the quorum, and soon every node that should holds every card', async () => {
    const lines = await publish(Array.from({ length: 120 }, (_, at) => listing(at)));
    expect(lines.every(({ status, quorum, replicas }) => status === 'published' && quorum && replicas >= 2)).toBe(true);
    await wholeNow(seller);
    const [line] = lines;
    expect(await seller.listingShow({ listing: line?.listing ?? '' })).toMatchObject({ quorum: true });
    const again = await publish(Array.from({ length: 120 }, (_, at) => listing(at)));
    expect(again.every(({ status, quorum }) => status === 'unchanged' && quorum)).toBe(true);
    expect(await found('kopi pasar nomor 10', lines[10]?.listing ?? null)).toBeDefined();
  });

  it('brings a new price, a sell-out, a new title and a removal to whoever asks', async () => {
    const [first] = await publish([listing(500, { title: 'kerupuk udang sidoarjo', quantity: 9 })]);
    const id = first?.listing ?? null;
    await publish([listing(500, { title: 'kerupuk udang sidoarjo', quantity: 9, price: '77000 IDR' })]);
    expect(await found('kerupuk udang', id)).toMatchObject({ price: { amount: '7700000' }, availability: 'InStock' });
    await publish([listing(500, { title: 'kerupuk udang sidoarjo', quantity: 0, price: '77000 IDR' })]);
    expect(await found('kerupuk udang', id)).toMatchObject({ availability: 'OutOfStock' });
    await publish([listing(500, { title: 'kerupuk ikan palembang', quantity: 4, price: '60000 IDR' })]);
    expect(await found('kerupuk udang sidoarjo', id)).not.toMatchObject({ title: 'kerupuk udang sidoarjo' });
    expect(await found('kerupuk ikan', id)).toMatchObject({ price: { amount: '6000000' }, availability: 'InStock' });
    await publish([listing(500, { title: 'kerupuk ikan palembang', quantity: 4, price: '50000 IDR' })]);
    expect(await found('kerupuk ikan', id)).toMatchObject({ price: { amount: '5000000' } });
    await seller.listingRemove({ listing: id ?? '' });
    expect(await found('kerupuk ikan', id)).toBeUndefined();
    await publish([listing(500, { title: 'kerupuk ikan palembang', quantity: 4, price: '40000 IDR' })]);
    expect(await found('kerupuk ikan', id)).toMatchObject({ price: { amount: '4000000' } });
  });

  it('goes on when nodes stop in the middle, and after its own restart', { timeout: 90_000 }, async () => {
    const lines: PublishedView[] = [];
    const items = Array.from({ length: 150 }, (_, at) => ({ value: listing(1_000 + at) }));
    for await (const line of seller.publish({ items })) {
      lines.push(line);
      if (lines.length === 20) await testnet.nodes[4]?.stop();
    }
    expect(lines).toHaveLength(150);
    expect(lines.filter(({ quorum }) => quorum).length).toBeGreaterThanOrEqual(140);
    await seller.stop();
    seller = await testnet.restart(0);
    await wholeNow(seller);
    expect((await seller.status({})).listings).toBe(271);
    for (const at of [3, 77, 149])
      expect(
        await found(`${WORDS[at % 10]} pasar nomor ${1_000 + at}`, lines[at]?.listing ?? null, false),
      ).toBeDefined();
  });

  it('leaves what it acknowledged on disk when it is ended at once', { timeout: 60_000 }, async () => {
    const acknowledged: string[] = [];
    const items = Array.from({ length: 200 }, (_, at) => ({ value: listing(2_000 + at) }));
    for await (const line of seller.publish({ items })) {
      acknowledged.push(line.listing ?? '');
      if (acknowledged.length === 30) break;
    }
    await seller.stop();
    seller = await testnet.restart(0);
    for (const one of acknowledged)
      expect(await seller.listingShow({ listing: one })).toMatchObject({ status: 'active' });
    await wholeNow(seller);
  });
});
