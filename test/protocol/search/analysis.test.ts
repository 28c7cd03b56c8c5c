import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ABSENT, analyse, MAX_TERM_BYTES, termsOfText } from '../../../protocol/search/analysis.js';
import { fold } from '../../../protocol/search/fold.js';
import { utf8Length } from '../../../protocol/search/utf8.js';

/** Any UTF-16 units at all: lone surrogates, controls, unassigned code points. */
const anything = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 60 }).map((units) => String.fromCharCode(...units)),
  fc.string({ unit: fc.constantFrom(...`aeikmnst019 -&'".,/x¬|é日本ー`), maxLength: 30 }),
);
/** What titles are made of. */
const title = fc
  .array(
    fc.constantFrom(
      'WH-1000XM4',
      '500',
      'gb',
      '9',
      'x',
      '12',
      'perlengkapan',
      'terbaru',
      'batteries',
      'without',
      'sugar',
      'free',
      't-shirt',
      'H&M',
      '5.5"',
      'no',
      '茶叶',
      'the',
      'anak-anak',
    ),
  )
  .map((words) => words.join(' '));

describe('analysis', () => {
  it('never throws, whatever the text, and gives only terms of bounded length without spaces or capitals', () => {
    fc.assert(
      fc.property(anything, (text) => {
        for (const { term } of analyse(text)) {
          expect(term).toMatch(/^[^\s A-Z]+$/u);
          expect(utf8Length(term)).toBeLessThanOrEqual(MAX_TERM_BYTES);
          expect(term.isWellFormed()).toBe(true);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('is closed: a term, analysed, gives itself and nothing that its text did not give', () => {
    fc.assert(
      fc.property(fc.oneof(anything, title), (text) => {
        const terms = new Set(termsOfText(text));
        for (const term of terms) {
          const again = termsOfText(term);
          expect(again).toContain(term);
          for (const other of again) expect([...terms]).toContain(other);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('folds to a fixed point', () => {
    fc.assert(
      fc.property(anything, (text) => void expect(fold(fold(text))).toBe(fold(text))),
      { numRuns: 1_000 },
    );
  });

  it('folds a text as it folds each of its characters', () => {
    fc.assert(
      fc.property(fc.oneof(anything, title), (text) => {
        expect(fold(text)).toBe(Array.from(text, fold).join(''));
      }),
      { numRuns: 1_000 },
    );
  });

  it('does not tell composed from decomposed letters', () => {
    for (const text of ['Crème brûlée', 'Łódź Ångström', 'tiếng Việt', 'й ё ї', 'Ένα ΐ', 'ǅ ñ ő']) {
      expect(termsOfText(text.normalize('NFD'))).toEqual(termsOfText(text.normalize('NFC')));
    }
  });

  it('does not tell capitals from small letters in Latin, Greek and Cyrillic', () => {
    for (const text of ['straße', 'ærø þing', 'ελλάδα', 'привет', 'ősz', 'ǆ']) {
      expect(termsOfText(text.toUpperCase())).toEqual(termsOfText(text));
    }
  });
});

describe('model codes, numbers and measures', () => {
  it.each([
    ['WH-1000XM4', 'wh1000xm4', ['wh1000xm4']],
    ['Sony WH‑1000XM4 (non-breaking hyphen)', 'WH-1000XM4', ['wh1000xm4', 'wh', '1000xm4']],
    ['SSD 500GB', '500 gb', ['500gb', '500']],
    ['SSD 500-GB', '500gb', ['500gb', '500']],
    ['Layar 5.5"', '5.5 inch', ['5.5inch', '5.5']],
    ['Layar 5,5 inci', '5.5"', ['5.5inch', '5.5']],
    ['Layar 5.50 inches', '5.5in', ['5.5inch', '5.5']],
    ['PowerBank 10.000 mAh', '10,000mah', ['10000mah', '10000']],
    ['Botol 1,5 liter', '1.5 l', ['1.5liter', '1.5']],
    ['Frame 9 x 12 cm', '9x12', ['9x12']],
    ['Frame 8"×10"', '8x10', ['8x10']],
    ['Kaos 100% katun', 'katun 100', ['100', 'katun']],
    ['T-Shirt', 'tshirts', ['tshirt']],
    ['KX-TS505', 'kxts505', ['kxts505']],
    ['H&M', 'h & m hm', ['hm']],
    ['Ｆｕｌｌ－ｗｉｄｔｈ ５００ｇｂ', 'full width 500gb', ['full', 'width', '500gb']],
    ['U.S.A.', 'usa', ['usa']],
    ['L’Oréal', "l'oreal loreal", ['loreal']],
  ])('%s is found by %s', (listing, query, shared) => {
    const terms = termsOfText(listing);
    const asked = termsOfText(query);
    for (const term of shared) {
      expect(terms).toContain(term);
      expect(asked).toContain(term);
    }
  });

  it('keeps thousands, decimals and lists of numbers apart', () => {
    expect(termsOfText('1,000,000 1.000 0.125 1,234.56 12.50 1.2.3')).toEqual([
      '1000000',
      '1000',
      '0.125',
      '1234.56',
      '12.5',
      '1',
      '2',
      '3',
    ]);
  });

  it('takes no unit for a word that only looks like one', () => {
    expect(termsOfText('2 in 1')).toEqual(['2', '1']);
    expect(termsOfText('size 8 M')).toEqual(['size', '8', 'm']);
  });
});

describe('words of both languages', () => {
  it.each([
    ['slippers', 'slipper'],
    ['batteries', 'battery'],
    ["men's", 'men'],
    ['perlengkapan', 'lengkap'],
    ['pembersih', 'bersih'],
    ['terbaru', 'baru'],
    ['pengering', 'kering'],
    ['anak-anak', 'anak'],
    ['t-shirts', 't-shirt'],
  ])('%s is found by %s', (listing, query) => {
    expect(termsOfText(listing)).toEqual(termsOfText(query));
  });

  it.each([
    ['kemeja', 'meja'],
    ['keranjang', 'ranjang'],
    ['permata', 'mata'],
    ['tas', 'ta'],
    ['batteries', 'batter'],
    ['purse', 'pure'],
    ['perfume', 'fume'],
  ])('%s is not found by %s', (listing, query) => {
    expect(termsOfText(listing)).not.toEqual(termsOfText(query));
  });

  it('leaves function words of both languages out, and keeps what buyers mean something by', () => {
    expect(termsOfText('the and for with yang dan untuk dengan')).toEqual([]);
    expect(termsOfText('new old big without, tanpa, no, baru bekas kecil besar')).toHaveLength(10);
  });

  it('notes what a text says is absent, in all its ways', () => {
    for (const text of ['sugar free', 'sugar-free', 'no sugar', 'no added sugar', 'without sugar']) {
      expect(termsOfText(text), text).toContain(`${ABSENT}sugar`);
    }
    expect(termsOfText('tanpa gula')).toContain(`${ABSENT}gula`);
    expect(termsOfText('tanpa gula, giling halus')).not.toContain(`${ABSENT}gile`);
    expect(termsOfText('free range eggs')).not.toContain(`${ABSENT}range`);
  });

  it('indexes scripts without spaces by pairs of characters, cut where another script begins', () => {
    expect(termsOfText('日本製WH1000 茶')).toEqual(['日本', '本製', 'wh1000', '茶']);
  });

  it('has no terms for emoji, controls and punctuation', () => {
    expect(termsOfText('🎧 ❤️ \u0000\u0007 — … !!! ©™')).toEqual([]);
  });
});
