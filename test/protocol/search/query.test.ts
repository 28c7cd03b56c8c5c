import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encode } from '../../../protocol/cbor.js';
import { NiagaError } from '../../../protocol/errors.js';
import { indexOf, postedTerms } from '../../../protocol/search/index-terms.js';
import {
  MAX_KEYS,
  MAX_QUERY_LENGTH,
  MAX_QUERY_TERMS,
  parseQuery,
  querySchema,
  rarest,
  type Query,
} from '../../../protocol/search/query.js';

const known = (table: Record<string, number>) => (term: string) =>
  Object.hasOwn(table, term) ? table[term] : undefined;
const nothing = () => undefined;

describe('parseQuery', () => {
  it('joins the words of a model code, however it was taken apart', () => {
    expect(parseQuery('wh 1000 xm4').compounds).toContainEqual({
      whole: '1000xm4',
      parts: ['1000', 'xm', '4'],
      typed: false,
    });
    expect(parseQuery('iphone 13 pro').compounds).toContainEqual({
      whole: 'iphone13',
      parts: ['iphon', '13'],
      typed: false,
    });
  });

  it('answers any text with a query of the wire’s form or refuses it with a code', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary', maxLength: 200 }),
          fc.lorem({ maxCount: 30 }),
          fc.string({ unit: fc.constantFrom(...'ab1 -"without '), maxLength: 60 }),
        ),
        (text) => {
          try {
            const query = parseQuery(text, { df: () => 5 });
            expect(querySchema.parse(query)).toEqual(query);
            expect(encode(query).length).toBeGreaterThan(0);
            expect(query.words.length).toBeGreaterThan(0);
          } catch (error) {
            if (!(error instanceof NiagaError)) throw error;
            expect(['QUERY_EMPTY', 'QUERY_INVALID']).toContain(error.code);
          }
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it.each(['', '   ', '🎧🎧', '!!! ???', '\u0000\u0007', 'the and of', 'yang dan untuk', '-- -'])(
    'refuses %j as empty',
    (text) => {
      expect(() => parseQuery(text)).toThrow(expect.objectContaining({ code: 'QUERY_EMPTY' }) as Error);
    },
  );

  it('refuses what is too long, and takes only the first words of what is long', () => {
    expect(() => parseQuery('kopi '.repeat(10_000))).toThrow(
      expect.objectContaining({ code: 'QUERY_INVALID' }) as Error,
    );
    const many = Array.from({ length: 400 }, (_, n) => `k${n}`)
      .join(' ')
      .slice(0, MAX_QUERY_LENGTH);
    expect(parseQuery(many).words).toHaveLength(MAX_QUERY_TERMS);
  });

  it('reads what is to be left out, and leaves nothing out for a dash', () => {
    expect(parseQuery('wind up clocks without battery')).toMatchObject({ excluded: ['battery'] });
    expect(parseQuery('wind up clocks without battery').words).not.toContain('battery');
    expect(parseQuery('kopi tanpa gula putih murah')).toMatchObject({
      words: ['kopi', 'murah'],
      excluded: ['gula', 'putih'],
    });
    expect(parseQuery('lampu -led')).toMatchObject({ words: ['lampu', 'led'], excluded: [] });
    expect(parseQuery('lights without wiring with switch').words).toEqual(['light', 'switch']);
    expect(parseQuery('suhu -5').words).toContain('5');
  });

  it('looks for what says that it is without, if that is all that is asked', () => {
    expect(parseQuery('without sugar').words).toEqual(['¬sugar']);
  });

  it('reads "sugar free" and "no sugar" as things, not as exclusions', () => {
    for (const text of ['sugar free gum', 'gum no sugar']) {
      const query = parseQuery(text);
      expect(query.excluded).toEqual([]);
      expect(query.compounds).toContainEqual({ whole: '¬sugar', parts: ['sugar'], typed: true });
    }
  });

  it('joins what may be written as one, and takes apart what nobody writes', () => {
    expect(parseQuery('fire stick').compounds).toContainEqual({
      whole: 'firestick',
      parts: ['fire', 'stick'],
      typed: false,
    });
    expect(parseQuery('iphone 13').compounds).toContainEqual({
      whole: 'iphone13',
      parts: ['iphon', '13'],
      typed: false,
    });
    expect(parseQuery('iphone13').compounds).toContainEqual({ whole: 'iphone13', parts: ['iphon', '13'], typed: true });
    expect(parseQuery('500 gb').compounds).toEqual([{ whole: '500gb', parts: ['500'], typed: true }]);
    const df = known({ fire: 50, stick: 40, kopi: 9 });
    expect(parseQuery('firestick kopi', { df })).toMatchObject({
      words: ['fire', 'stick', 'kopi'],
      compounds: [{ whole: 'firestick', typed: true }],
    });
    expect(parseQuery('firestick', { df: known({ fire: 50, stick: 40, firestick: 12 }) }).words).toEqual(['firestick']);
  });

  it('finds the terms of a listing’s own title, whatever is in it', () => {
    fc.assert(
      fc.property(fc.lorem({ maxCount: 8 }), fc.stringMatching(/^[A-Z]{2,3}-?[0-9]{2,4}[A-Z]{0,2}$/), (text, code) => {
        const title = `${text} ${code}`;
        const posted = new Set(postedTerms(indexOf({ title })));
        const { words, compounds, excluded } = parseQuery(title);
        const asked = [...words, ...compounds.map(({ whole }) => whole), ...excluded];
        expect(asked.some((term) => posted.has(term))).toBe(true);
      }),
    );
  });
});

describe('the wire', () => {
  /** Codes, measures, what is written as one or as several, and what is excluded, in any order and more often than is read. */
  const typed = fc
    .array(
      fc.oneof(
        fc.constantFrom(
          ...'wh-1000xm4 wh1000xm4 1000xm4 iphone13 iphone 13 500gb 500 gb fire stick firestick'.split(' '),
        ),
        fc.constantFrom(...'sugar free no without tanpa gula -x ¬x 3-in-1 a.b.c.d.e.f.g.h.i.j'.split(' ')),
        fc.stringMatching(/^[a-c]{1,3}[-.]?[0-9]{1,2}[a-c]?$/),
      ),
      { minLength: 1, maxLength: 200 },
    )
    .map((words) => words.join(' ').slice(0, MAX_QUERY_LENGTH));
  const parsed = typed.chain((text) => {
    try {
      return fc.constant(parseQuery(text, { df: (word) => word.length }));
    } catch {
      return fc.constant(parseQuery('wh-1000xm4 without gula'));
    }
  });

  it('takes every query that parsing makes', () => {
    fc.assert(
      fc.property(parsed, (query) => {
        expect(querySchema.parse(query)).toEqual(query);
      }),
      { numRuns: 500 },
    );
  });

  it('refuses what says one thing twice, or has compounds of words that are not in it', () => {
    const crafted: [string, (query: Query) => Query][] = [
      ['a word', (query) => ({ ...query, words: query.words.flatMap((word) => [word, word]) })],
      ['an excluded one', (query) => ({ ...query, excluded: ['gula', 'gula'] })],
      ['a whole', (query) => ({ ...query, compounds: query.compounds.flatMap((each) => [each, { ...each }]) })],
      [
        'a whole with other parts',
        ({ compounds: [first], ...query }) => ({
          ...query,
          compounds:
            first === undefined ? [] : [first, { ...first, parts: query.words.slice(0, 1), typed: !first.typed }],
        }),
      ],
      [
        'a part',
        (query) => ({
          ...query,
          compounds: query.compounds.map((each) => ({ ...each, parts: each.parts.flatMap((part) => [part, part]) })),
        }),
      ],
      [
        'a part of no word',
        (query) => ({
          ...query,
          compounds: query.compounds.map((each) => ({ ...each, parts: [...each.parts.slice(1), 'elsewhere'] })),
        }),
      ],
    ];
    fc.assert(
      fc.property(
        parsed.filter(({ words, compounds }) => compounds.length > 0 && 2 * words.length <= MAX_QUERY_TERMS),
        (query) => {
          for (const [what, craft] of crafted) expect(querySchema.safeParse(craft(query)).success, what).toBe(false);
        },
      ),
    );
  });
});

describe('rarest', () => {
  it('asks for the rarest terms first, unknown ones before known ones, and never for more than allowed', () => {
    const query = parseQuery('lampu meja belajar minimalis putih led lipat portable');
    expect(rarest(query, known({ lampu: 100, meja: 50, ajar: 7 }), 20).slice(-3)).toEqual(['ajar', 'meja', 'lampu']);
    expect(rarest(query, nothing)).toHaveLength(MAX_KEYS);
    expect(new Set(rarest(query, nothing)).size).toBe(MAX_KEYS);
  });

  it('asks for what a thing is before what is said of all things, also where nothing is known yet', () => {
    const query = parseQuery('comfortable beautiful lightweight durable quality premium included kopi gayo cangkir');
    expect(rarest(query, nothing).slice(0, 3).sort()).toEqual(['cangkir', 'gayo', 'kopi']);
    expect(rarest(query, known({ kopi: 30, gayo: 3 })).slice(0, 3)).toEqual(['cangkir', 'gayo', 'kopi']);
  });

  it('counts what was typed as one for one word, asked for whole and by its rarest part', () => {
    const query = parseQuery('kacamata MK5007 SJ2078 MU1074 bingkai kura');
    const df = known({ mk5007: 2, sj2078: 3, mu1074: 4, mk: 1, kacamata: 9, bingkai: 8, kura: 7 });
    expect(rarest(query, df)).toEqual(['mk5007', '5007', 'sj2078', '2078', 'mu1074', '1074']);
    expect(rarest(query, df, 20).slice(6)).toEqual(['kura', 'bingkai', 'kacamata', 'sj', 'mu', 'mk']);
    // What has all words of a question stands under one of its first, whichever way it is written.
    expect(rarest(parseQuery('MK5007'), df, 2)).toEqual(['mk5007', '5007']);
  });

  it('asks for the whole of a code, and for guessed compounds only where they are known', () => {
    expect(rarest(parseQuery('WH-1000XM4'), nothing)).toEqual(expect.arrayContaining(['wh1000xm4', '1000xm4', 'wh']));
    expect(rarest(parseQuery('fire stick'), nothing)).not.toContain('firestick');
    expect(rarest(parseQuery('fire stick'), known({ firestick: 3 }))).toContain('firestick');
  });
});
