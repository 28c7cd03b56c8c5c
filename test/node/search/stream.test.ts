import { describe, expect, it } from 'vitest';
import type { SearchEventView } from '../../../node/api/views.js';
import { createFake, createSeller, nodesWith } from './support.js';

const now = Date.now();

async function eventsOf(stream: AsyncIterable<SearchEventView>): Promise<{ event: SearchEventView; at: number }[]> {
  const begun = performance.now();
  const events: { event: SearchEventView; at: number }[] = [];
  for await (const event of stream) events.push({ event, at: performance.now() - begun });
  return events;
}

describe('a streamed search', () => {
  it('shows the first hits when the first answer has come, and ends with the whole answer', async () => {
    const seller = createSeller(now);
    const slow = createSeller(now);
    const nodes = nodesWith(3, (node) => node.take(seller, seller.card('a', 'Payung biru')));
    nodes.slice(1).forEach((node) => {
      node.delay = 2_000;
      node.take(slow, slow.card('b', 'Payung'));
    });
    const fake = createFake(nodes);
    const events = await eventsOf(fake.search.stream({ words: ['payung'], limit: 20, timeoutMs: 10_000 }));
    const [first] = events;
    expect(first?.event).toMatchObject({ type: 'hits', hits: [{ title: 'Payung biru' }] });
    expect(first?.at).toBeLessThan(2_000);
    expect(events[1]?.event).toMatchObject({ type: 'coverage', answered: 1, asked: 3 });
    const last = events.at(-1);
    expect(last?.event).toMatchObject({ type: 'done', coverage: { verdict: 'complete' } });
    expect(last?.event.type === 'done' && last.event.hits).toHaveLength(2);
    expect(events.filter(({ event }) => event.type === 'done')).toHaveLength(1);
  });

  it('throws what a search throws', async () => {
    const fake = createFake(nodesWith(3));
    await expect(eventsOf(fake.search.stream({ words: [], limit: 20, timeoutMs: 500 }))).rejects.toMatchObject({
      code: 'QUERY_EMPTY',
    });
  });

  it('ends when its reader leaves', async () => {
    const seller = createSeller(now);
    const nodes = nodesWith(3, (node) => node.take(seller, seller.card('a', 'Payung biru')));
    for (const node of nodes.slice(1)) node.state = 'frozen';
    const fake = createFake(nodes);
    for await (const event of fake.search.stream({ words: ['payung'], limit: 20, timeoutMs: 60_000 })) {
      expect(event.type).toBe('hits');
      break;
    }
  });

  it('shows no forged card on the way', async () => {
    const seller = createSeller(now);
    const nodes = nodesWith(3, (node) => node.take(seller, seller.card('a', 'Payung biru')));
    const fake = createFake(nodes, { deps: { verify: () => false } });
    const events = await eventsOf(fake.search.stream({ words: ['payung'], limit: 20, timeoutMs: 500 }));
    expect(events.every(({ event }) => event.type === 'coverage' || event.hits.length === 0)).toBe(true);
  });
});
