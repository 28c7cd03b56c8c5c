import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editDistance } from '../../../protocol/search/edit-distance.js';
import { Dictionary, suggest } from '../../../protocol/search/spelling.js';
import { stem } from '../../../protocol/search/stem.js';

const titles = [
  'Wireless headphones with microphone',
  'Headphones for children, pink',
  'Leather keyboard case',
  'Mechanical keyboard, blue switches',
  'Kemeja batik pria lengan panjang',
  'Kemeja putih lengan pendek',
  'Keranjang rotan besar',
  'Keranjang belanja plastik',
  'Keranjang sepeda depan',
  'Fire blanket',
  'Fire pit',
  'Walking stick',
  'Incense stick',
  'Wooden table',
  'Wooden chair',
  ...Array.from({ length: 5 }, (_, number) => `Women size ${number}`),
  'E-cloth duster',
  ...Array.from({ length: 5 }, (_, number) => `Cloth ${number}`),
  'Kotak makan siang',
];
function dictionary(): Dictionary {
  const all = new Dictionary();
  for (const title of titles) all.learn(title);
  return all;
}
const letters = fc.string({ unit: fc.constantFrom(...'abcdest'), minLength: 4, maxLength: 10 });

describe('suggest', () => {
  it.each([
    ['wireles hedphones', 'wireles headphones'],
    ['headpohnes', 'headphones'],
    ['keybord', 'keyboard'],
    ['kemja batik', 'kemeja batik'],
    ['kernajang', 'keranjang'],
    ['keranjnag rotan', 'keranjang rotan'],
    ['Kemeja  LENAGN, panjang', 'Kemeja  lengan panjang'],
    // The letters of wooden, though more cards have women.
    ['woden', 'wooden'],
  ])('%s → %s', (typed, meant) => {
    expect(suggest(typed, dictionary())?.text).toBe(meant);
  });

  it.each([
    'headphone keyboard',
    'firestick',
    // In one card each, with a commoner neighbour.
    'siang',
    'ecloth',
    // Not the same first letter, which a short word must have.
    'xire',
    '80 gram',
    'wh-1000xm4 hedphone5',
    '500gb keyb0ard',
    'the with',
    'xyzzyplugh',
    '',
    '日本 抹茶 🙂 \u0000',
    'kemeje'.repeat(10),
  ])('leaves %j alone', (typed) => {
    expect(suggest(typed, dictionary())).toBeUndefined();
  });

  it('leaves a word alone that the network knows', () => {
    expect(suggest('keybord', dictionary(), { df: (term) => (term === stem('keybord') ? 40 : 0) })).toBeUndefined();
  });

  it('never changes a word that stands in more than one card', () => {
    fc.assert(
      fc.property(fc.array(fc.array(letters, { maxLength: 4 }), { maxLength: 12 }), (cards) => {
        const known = new Dictionary();
        for (const words of cards) known.learn(words.join(' '));
        for (const word of cards.flat())
          if (known.df(stem(word)) > 1) expect(suggest(word, known)?.corrections ?? []).toEqual([]);
      }),
    );
  });

  it('corrects only to words that it has seen, within the mistakes allowed, and keeps the rest of the query', () => {
    fc.assert(
      fc.property(
        fc.array(letters, { minLength: 1, maxLength: 30 }),
        fc.array(letters, { maxLength: 5 }),
        (seen, typed) => {
          const known = new Dictionary();
          for (const word of seen) known.learn(word);
          const found = suggest(typed.join(' '), known);
          for (const { from, to } of found?.corrections ?? []) {
            expect(seen).toContain(to);
            expect(editDistance(from, to, 9)).toBeLessThanOrEqual(from.length >= 8 ? 2 : 1);
          }
          const corrected = new Map(found?.corrections.map(({ from, to }) => [from, to]));
          if (found !== undefined) expect(found.text).toBe(typed.map((word) => corrected.get(word) ?? word).join(' '));
        },
      ),
      { numRuns: 300 },
    );
  });

  it('looks through 20,000 words in less than 10 ms', () => {
    const many = new Dictionary();
    for (let index = 0; index < 20_000; index++) {
      const word = Array.from({ length: 5 + (index % 8) }, (_, at) =>
        String.fromCharCode(97 + ((index * 7 ** at + at * 11) % 26)),
      ).join('');
      many.add(word, word, 5);
    }
    const search = () => suggest('wireles hedphones kemejaa keranjnag bluetoth', many);
    search();
    const times = Array.from({ length: 9 }, () => {
      const start = performance.now();
      search();
      return performance.now() - start;
    }).sort((a, b) => a - b);
    expect(times[4]).toBeLessThan(10);
  });
});

describe('Dictionary', () => {
  it('stays within its bound and forgets the rarest words first', () => {
    const small = new Dictionary(40);
    for (let index = 0; index < 30; index++) small.learn('keyboard');
    for (let index = 0; index < 500; index++) {
      small.learn(
        `w${'abcdefghij'[index % 10]}${'abcdefghij'[Math.floor(index / 10) % 10]}${'abcde'[Math.floor(index / 100)]}xyz`,
      );
      expect(small.size).toBeLessThanOrEqual(40);
    }
    expect(small.df(stem('keyboard'))).toBe(30);
    expect(suggest('keybaord', small)?.text).toBe('keyboard');
  });
});

describe('editDistance', () => {
  /** The definition, with all cells. */
  function distance(a: string, b: string): number {
    const cells = Array.from({ length: a.length + 1 }, (_, row) =>
      Array.from({ length: b.length + 1 }, (_, column) => (row === 0 ? column : column === 0 ? row : 0)),
    );
    const at = (row: number, column: number) => cells[row]?.[column] ?? 0;
    for (let row = 1; row <= a.length; row++) {
      for (let column = 1; column <= b.length; column++) {
        const same = a[row - 1] === b[column - 1];
        let cost = Math.min(at(row - 1, column) + 1, at(row, column - 1) + 1, at(row - 1, column - 1) + Number(!same));
        if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1])
          cost = Math.min(cost, at(row - 2, column - 2) + 1);
        const line = cells[row];
        if (line !== undefined) line[column] = cost;
      }
    }
    return at(a.length, b.length);
  }
  const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 8 });

  it('is the smallest number of mistakes, or above the bound where that is', () => {
    fc.assert(
      fc.property(word, word, fc.integer({ min: 0, max: 4 }), (a, b, most) => {
        const exact = distance(a, b);
        const found = editDistance(a, b, most);
        if (exact <= most) expect(found).toBe(exact);
        else expect(found).toBeGreaterThan(most);
      }),
      { numRuns: 2_000 },
    );
  });
});
