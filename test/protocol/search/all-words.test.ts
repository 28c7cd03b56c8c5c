import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hasAllWords } from '../../../protocol/search/all-words.js';
import { indexOf } from '../../../protocol/search/index-terms.js';
import { parseQuery } from '../../../protocol/search/query.js';
import { words } from './cards.js';

const has = (query: string, title: string, description = '') =>
  hasAllWords(parseQuery(query), indexOf({ title, description }));

describe('hasAllWords', () => {
  it('is true of a title for all of its own words, and for any of them', () => {
    fc.assert(
      fc.property(words(10), fc.nat(), (title, at) => {
        const all = title.split(' ');
        const some = all.slice(0, 1 + (at % all.length)).join(' ');
        for (const query of [title, some]) {
          let parsed;
          try {
            parsed = parseQuery(query);
          } catch {
            // Function words only: no search either.
            return;
          }
          if (parsed.excluded.length === 0) expect(hasAllWords(parsed, indexOf({ title }))).toBe(true);
        }
      }),
    );
  });

  it('takes no part for the whole', () => {
    expect(has('kopi gayo', 'Kopi Gayo arabika')).toBe(true);
    expect(has('kopi gayo', 'Kopi Toraja', 'Seperti gayo, dari Toraja')).toBe(true);
    expect(has('kopi gayo', 'Kopi Toraja')).toBe(false);
  });

  it('knows what is written as one word or as several', () => {
    expect(has('wh-1000xm4', 'Sony WH1000XM4')).toBe(true);
    expect(has('fire stick', 'Amazon firestick')).toBe(true);
  });

  it('leaves out what has what is excluded, unless it says that it has none', () => {
    expect(has('teh tanpa gula', 'Teh gula batu')).toBe(false);
    expect(has('teh tanpa gula', 'Teh melati')).toBe(true);
    expect(has('teh tanpa gula', 'Teh melati tanpa gula')).toBe(true);
  });
});
