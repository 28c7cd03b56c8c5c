import { describe, expect, it } from 'vitest';
import { createFake, createSeller, nodesWith } from './support.js';

const seller = createSeller(Date.now());
const card = seller.card('a', 'Payung lipat merah');

describe('a search of a node that has not joined yet', () => {
  it('asks those at once whom it knows from before', async () => {
    const nodes = nodesWith(3, (node) => node.take(seller, card));
    const fake = createFake(nodes, { joining: true });
    // However busy the machine is: nothing that waits for a timer is done before a shorter one that was set first.
    const askedSoon = new Promise<boolean>((resolve) =>
      setTimeout(() => resolve(nodes.some(({ asked }) => asked.length > 0)), 50),
    );
    expect((await fake.find('payung')).hits).toHaveLength(1);
    expect(await askedSoon).toBe(true);
  });

  it('asks once more when it has joined, where none of those known from before is there any more', async () => {
    const nodes = nodesWith(6, (node) => node.take(seller, card));
    const [gone, there] = [nodes.slice(0, 3), nodes.slice(3)];
    for (const node of gone) node.state = 'dead';
    const fake = createFake(nodes, { known: gone, joining: true });
    setTimeout(() => fake.join(there), 100);
    const { hits, coverage } = await fake.find('payung');
    expect(hits).toHaveLength(1);
    expect(coverage.verdict).toBe('complete');
  });

  it('asks those who have come meanwhile beside those who are silent', async () => {
    const nodes = nodesWith(8, (node) => node.take(seller, card));
    const [gone, there] = [nodes.slice(0, 3), nodes.slice(3)];
    for (const node of gone) node.state = 'frozen';
    const fake = createFake(nodes, { known: gone, joining: true });
    setTimeout(() => fake.join(there), 100);
    const { hits, tookMs } = await fake.find('payung', { timeoutMs: 8_000 });
    expect(hits).toHaveLength(1);
    expect(tookMs).toBeLessThan(5_000);
  });
});
