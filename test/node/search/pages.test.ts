import { describe, expect, it } from 'vitest';
import { KEPT_FOR } from '../../../node/search/snapshots.js';
import { createFake, createSeller, type Fake, listingOf, nodesWith } from './support.js';

const now = Date.now();
const LETTERS = 'abcdefghijklmnopqrstuvwxyz';

function cardsOf(seller: ReturnType<typeof createSeller>, count: number, word = 'Payung') {
  return Array.from({ length: count }, (_, at) =>
    seller.card(`s${at}`, `${word} ${LETTERS[at % 26]}${LETTERS[Math.floor(at / 26)]}xq`),
  );
}

/** All pages of a search: `between` is done after each. */
async function pagesOf(
  fake: Fake,
  limit: number,
  between: (page: number) => void = () => undefined,
): Promise<string[][]> {
  const pages: string[][] = [];
  let view = await fake.find('payung', { limit, perSeller: 0 });
  for (;;) {
    pages.push(view.hits.map(({ listing }) => listing));
    if (view.next === undefined || pages.length > 60) return pages;
    between(pages.length);
    view = await fake.search.search({ words: [], limit, after: view.next, timeoutMs: 2_000 });
  }
}

describe('the pages of a search', () => {
  it('go 400 deep, no hit twice and none left out', async () => {
    const seller = createSeller(now);
    const cards = cardsOf(seller, 420);
    const fake = createFake(nodesWith(3, (node) => node.take(seller, ...cards)));
    const pages = await pagesOf(fake, 50);
    const all = pages.flat();
    expect(new Set(all).size).toBe(all.length);
    expect(all).toHaveLength(420);
    expect(pages.slice(0, 8).every((page) => page.length === 50)).toBe(true);
  });

  it('say which hits stand behind others because they were found later', async () => {
    const seller = createSeller(now);
    const nodes = nodesWith(3, (node) => node.take(seller, ...cardsOf(seller, 220)));
    const fake = createFake(nodes);
    const wish = { limit: 100, explain: true, timeoutMs: 2_000 };
    const late: (boolean | undefined)[] = [];
    let view = await fake.find('payung', { ...wish, perSeller: 0 });
    for (;;) {
      late.push(...view.hits.map(({ why }) => why?.late));
      if (view.next === undefined) break;
      view = await fake.search.search({ ...wish, words: [], after: view.next });
    }
    const first = late.indexOf(true);
    expect(late).toHaveLength(220);
    expect(first).toBeGreaterThanOrEqual(100);
    expect(late).toEqual(late.map((_, at) => at >= first));
  });

  it('stay apart whatever is added, changed and taken away between them', async () => {
    const seller = createSeller(now);
    const cards = cardsOf(seller, 120);
    const nodes = nodesWith(4, (node) => node.take(seller, ...cards));
    const fake = createFake(nodes);
    const pages = await pagesOf(fake, 15, (page) => {
      const added = seller.card(`new-${page}`, 'Payung payung baru');
      for (const node of nodes) {
        // What comes is better than all there was, what is on the pages before goes.
        node.cards = [added, ...node.cards.slice(20)];
      }
    });
    const all = pages.flat();
    expect(new Set(all).size).toBe(all.length);
    // Those of the first answer are there, in their first order, however the network has changed.
    expect(all.length).toBeGreaterThanOrEqual(50);
  });

  it('end where a search has no more', async () => {
    const seller = createSeller(now);
    const fake = createFake(nodesWith(3, (node) => node.take(seller, ...cardsOf(seller, 12))));
    expect((await fake.find('payung', { limit: 20 })).next).toBeUndefined();
    expect((await pagesOf(fake, 5)).map((page) => page.length)).toEqual([5, 5, 2]);
  });

  it('leave out what is over or blocked by then, and move nothing else', async () => {
    const seller = createSeller(now);
    const [shop, crook] = [createSeller(now), createSeller(now)];
    const short = seller.card('short', 'Payung aaaa', { validUntil: now + 60_000 });
    let blocking = false;
    const fake = createFake(
      nodesWith(3, (node) =>
        node
          .take(shop, ...cardsOf(shop, 4, 'Payung payung'))
          .take(crook, crook.card('x', 'Payung bbbb'))
          .take(seller, short),
      ),
      { deps: { isBlocked: (trader) => blocking && Buffer.from(trader).equals(crook.trader) } },
    );
    const first = await fake.find('payung', { limit: 3, perSeller: 0 });
    blocking = true;
    fake.clock.now += 2 * 60_000;
    const second = await fake.search.search({ words: [], limit: 10, after: first.next, timeoutMs: 1_000 });
    const shown = [...first.hits, ...second.hits];
    const sold = shown.filter(({ listing }) => !first.hits.some((hit) => hit.listing === listing));
    expect(sold.every(({ title }) => title !== short.payload.summary.title)).toBe(true);
    expect(new Set(shown.map(({ listing }) => listing)).size).toBe(shown.length);
    expect(second.hits.every(({ title }) => title.startsWith('Payung payung'))).toBe(true);
  });

  it('show no version that the filters leave out, though it came after the first page', async () => {
    const seller = createSeller(now);
    const cards = cardsOf(seller, 8);
    const nodes = nodesWith(3, (node) => node.take(seller, ...cards));
    const input = { limit: 4, perSeller: 0, maxPrice: '6000 IDR' };
    const { hits } = await createFake(nodes).find('payung', { ...input, limit: 8 });
    const dearer = cards.find((card) => listingOf(card) === hits[6]?.listing);
    const [first] = nodes;
    if (dearer === undefined || first === undefined) throw new Error('there are eight hits and three nodes');
    // One of three knows that the price has changed, and so does not name it.
    first.deltas.push(seller.delta(dearer, { price: { amount: 900_000, currency: 'IDR' } }));
    first.change = (answer) => ({
      ...answer,
      deltas: [],
      hits: answer.hits.filter(([id]) => id.toString() !== listingOf(dearer)),
    });
    const fake = createFake(nodes);
    const { next } = await fake.find('payung', input);
    const page = await fake.search.search({ words: [], limit: 4, after: next, timeoutMs: 2_000 });
    expect(page.hits.map(({ listing }) => listing)).not.toContain(listingOf(dearer));
    expect(page.hits).toHaveLength(3);
  });

  it('are asked for by a cursor that ends after five minutes, and says what to do then', async () => {
    const seller = createSeller(now);
    const fake = createFake(nodesWith(3, (node) => node.take(seller, ...cardsOf(seller, 12))));
    const { next } = await fake.find('payung', { limit: 5 });
    const go = (after: string | undefined, words: string[] = []) =>
      fake.search.search({ words, limit: 5, after, timeoutMs: 1_000 });
    expect((await go(next)).hits).toHaveLength(5);
    expect((await go(next, ['payung'])).hits).toHaveLength(5);
    await expect(go(next, ['sepatu'])).rejects.toMatchObject({ code: 'QUERY_INVALID', where: 'after' });
    await expect(go('nonsense')).rejects.toMatchObject({ code: 'QUERY_INVALID', where: 'after' });
    await expect(go('AAAAAAAAAAAA.20')).rejects.toMatchObject({ code: 'CURSOR_EXPIRED' });
    fake.clock.now += KEPT_FOR;
    await expect(go(next)).rejects.toMatchObject({
      code: 'CURSOR_EXPIRED',
      next: expect.stringContaining('Search again') as string,
    });
  });

  it('are kept of the hundred searches used last', async () => {
    const seller = createSeller(now);
    const fake = createFake(nodesWith(3, (node) => node.take(seller, ...cardsOf(seller, 6))));
    const cursors: (string | undefined)[] = [];
    for (let time = 0; time < 102; time++) cursors.push((await fake.find('payung', { limit: 2 })).next);
    const go = (after: string | undefined) => fake.search.search({ words: [], limit: 2, after, timeoutMs: 1_000 });
    await expect(go(cursors[0])).rejects.toMatchObject({ code: 'CURSOR_EXPIRED' });
    expect((await go(cursors.at(-1))).hits).toHaveLength(2);
  });
});
