import { describe, expect, it } from 'vitest';
import { createFake, createSeller, nodesWith } from './support.js';

const now = Date.now();

async function taught() {
  const seller = createSeller(now);
  const cards = Array.from({ length: 25 }, (_, at) =>
    seller.card(`s${at}`, `Sepatu ${'abcdefghijklmnopqrstuvwxyz'[at]}xq`),
  );
  const fake = createFake(nodesWith(3, (node) => node.take(seller, ...cards, seller.card('one', 'Sepatuu'))));
  await fake.find('sepatu', { perSeller: 0, limit: 50 });
  // Words are learnt when nothing else is to be done.
  await new Promise((resolve) => setTimeout(resolve, 100));
  return fake;
}

describe('a word that is hardly known', () => {
  it('is searched for as it was probably meant where nothing was found, and that is said', async () => {
    const fake = await taught();
    const view = await fake.find('sepattu');
    expect(view).toMatchObject({ suggestion: 'sepatu', searchedFor: 'sepatu' });
    expect(view.hits.length).toBeGreaterThan(2);
  });

  it('is only asked about where something was found', async () => {
    const fake = await taught();
    const view = await fake.find('sepatuu');
    expect(view.hits.map(({ title }) => title)).toEqual(['Sepatuu']);
    expect(view.suggestion).toBe('sepatu');
    expect(view.searchedFor).toBeUndefined();
  });

  it('is left alone where nothing like it is known', async () => {
    const fake = await taught();
    expect(await fake.find('zzyzzx')).not.toHaveProperty('suggestion');
    expect(await fake.find('sepatu merah')).not.toHaveProperty('suggestion');
  });
});
