import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { capPerSeller } from '../../../protocol/search/diversity.js';

const hits = fc
  .array(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'), { maxLength: 60 })
  .map((sellers) => sellers.map((seller, place) => ({ seller, place })));
const cap = (list: readonly { seller: string; place: number }[], perSeller: number, window?: number) =>
  capPerSeller(list, ({ seller }) => seller, perSeller, window);

describe('capPerSeller', () => {
  it('loses no hit and keeps the order of each seller', () => {
    fc.assert(
      fc.property(hits, fc.nat(5), (list, perSeller) => {
        const shown = cap(list, perSeller);
        expect([...shown].sort((a, b) => a.place - b.place)).toEqual(list);
        for (const one of new Set(list.map(({ seller }) => seller))) {
          const places = shown.filter(({ seller }) => seller === one).map(({ place }) => place);
          expect(places).toEqual([...places].sort((a, b) => a - b));
        }
      }),
    );
  });

  it('shows no seller more often within the window, as far as others have hits to fill it', () => {
    fc.assert(
      fc.property(hits, fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 30 }), (list, perSeller, window) => {
        const sellers = new Map<string, number>();
        for (const { seller } of list) sellers.set(seller, (sellers.get(seller) ?? 0) + 1);
        const available = [...sellers.values()].reduce((sum, count) => sum + Math.min(count, perSeller), 0);
        const shown = cap(list, perSeller, window).slice(0, Math.min(window, available));
        for (const one of sellers.keys())
          expect(shown.filter(({ seller }) => seller === one).length).toBeLessThanOrEqual(perSeller);
      }),
    );
  });

  it('changes nothing with no cap, and nothing behind the window', () => {
    fc.assert(
      fc.property(hits, (list) => {
        expect(cap(list, 0)).toEqual(list);
      }),
    );
    const list = [...'aaaaabbbbbcccc'].map((seller, place) => ({ seller, place }));
    expect(
      cap(list, 1, 2)
        .map(({ seller }) => seller)
        .join(''),
    ).toBe('abaaaabbbbcccc');
  });
});
