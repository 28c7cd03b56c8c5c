import { describe, expect, it } from 'vitest';
import type { HitView, SearchView } from '../../node/api/views.js';
import { jsonLines, niaga, serveHome } from './cli.js';

const HIT: HitView = {
  listing: `bafyrei${'l'.repeat(52)}`,
  version: `bafyrei${'v'.repeat(52)}`,
  title: 'Kopi \u001b[31mGayo\u202e 250 g',
  kind: 'goods',
  category: ['Minuman', 'Kopi'],
  price: { amount: '8500000', currency: 'IDR' },
  availability: 'InStock',
  seller: 'z6MkSeller',
  peerId: '12D3KooWSeller',
  published: Date.UTC(2026, 10, 21),
  validUntil: Date.UTC(2026, 11, 21),
  score: 12.5,
};

function view(
  given: Partial<SearchView> & { readonly verdict?: 'complete' | 'partial' | 'unknown'; answered?: number } = {},
): SearchView {
  const { verdict = 'complete', answered = 6, ...rest } = given;
  const counts = { asked: 6, answered, expected: 10, truncated: 0, refused: 0, keys: [] };
  return { hits: [], matched: 0, coverage: { verdict, ...counts }, tookMs: 4.4, ...rest };
}

async function search(given: SearchView, words: readonly string[] = ['kopi']) {
  await using at = await serveHome({ search: async () => given });
  const ran = await niaga(['search', ...words, '--home', at.home]);
  // Where the home lies is another every time.
  return { ...ran, err: ran.err.replace(at.home, 'HOME') };
}

describe('niaga search', () => {
  it('tells nothing found from nobody answered, and from not yet known', async () => {
    const found = await search(view());
    expect(found).toEqual({
      code: 0,
      out: '',
      err: 'Nothing found in 4 ms: the index nodes that would know have answered (6 of 6 index nodes answered), and have no such listing.\n',
    });
    expect((await search(view({ verdict: 'unknown', answered: 0 }))).err).toMatch(
      /^Nobody answered in 4 ms: .* niaga status\n$/,
    );
    expect((await search(view({ verdict: 'partial', answered: 2 }))).err).toMatch(
      /^Nothing found so far in 4 ms, .*2 of 6 index nodes answered\. Try again in a moment\.\n$/,
    );
  });

  it('says how many hits there are of how many matches, how complete that is, and how to go on', async () => {
    const { out, err } = await search(view({ hits: [HIT], matched: 240, next: 'abc.20' }));
    expect(out).toContain('title: Kopi Gayo 250 g\n');
    expect(out).toContain('price: 85000 IDR\n');
    expect(err).toBe(
      '1 hit of about 240 in 4 ms; complete: 6 of 6 index nodes answered.\nThere are more: niaga search --after abc.20 --home HOME\n',
    );
    expect((await search(view({ hits: [HIT], verdict: 'partial' }))).err).toMatch(/partial, there may be more/);
    expect((await search(view({ hits: [HIT], verdict: 'unknown' }))).err).toMatch(/all kept by this node itself/);
  });

  it('goes on with pages of the length that was typed, and explains them where the first was explained', async () => {
    const more = view({ hits: [HIT], next: 'abc.5' });
    expect((await search(more, ['kopi', '--limit', '5', '--explain'])).err).toMatch(
      /\nThere are more: niaga search --after abc\.5 --limit 5 --explain --home HOME\n$/,
    );
    expect((await search(more, ['kopi', '--facets', '--limit', '20'])).err).toMatch(
      / --after abc\.5 --limit 20 --home/,
    );
  });

  it('asks what was meant, and says for what it has searched instead', async () => {
    expect((await search(view({ hits: [HIT], suggestion: 'kopi gayo' }))).err).toMatch(/^Did you mean "kopi gayo"\?\n/);
    expect((await search(view({ hits: [HIT], suggestion: 'kopi', searchedFor: 'kopi' }))).err).toMatch(
      /^Nothing was found as typed; these are the hits for "kopi"\.\n/,
    );
  });

  it('tells what is not shown from what is not there', async () => {
    const blocked = await search(view({ hidden: 2 }));
    expect(blocked.err).toMatch(
      /^Nothing found in 4 ms: .*, and have no other listing\.\n2 of those that came are not shown: .*niaga block list/,
    );
    const some = await search(view({ hits: [HIT], hidden: 1 }));
    expect(some.err).toMatch(
      /^1 hit in 4 ms; complete: .*\n1 of those that came is not shown: of traders that are blocked here/,
    );
  });

  it('says where an order is broken for a seller who has much', async () => {
    expect((await search(view({ hits: [HIT], behind: true }))).err).toMatch(
      /^Some stand behind the others .*--per-seller 0/,
    );
  });

  it('says where no hit has all of the words', async () => {
    expect((await search(view({ hits: [HIT], anyWord: true }))).err).toMatch(
      /^Nothing was found that has all of the words/,
    );
  });

  it('says where lines have no room for what was counted', async () => {
    const facets = { category: [], brand: [], place: [], price: [] };
    expect((await search(view({ hits: [HIT], facets }), ['kopi', '--jsonl'])).err).toContain('it stands in --json.');
    expect((await search(view({ hits: [HIT] }), ['kopi', '--jsonl'])).err).not.toContain('--json');
  });

  it('counts matches by value', async () => {
    const facets = {
      category: [{ value: 'Minuman > Kopi', count: 7 }],
      brand: [],
      place: [{ value: 'ID, Bandung', count: 2 }],
      price: [
        { from: { amount: '0', currency: 'IDR' }, to: { amount: '5000000', currency: 'IDR' }, count: 3 },
        { from: { amount: '5000000', currency: 'IDR' }, count: 4 },
      ],
    };
    const { out } = await search(view({ hits: [HIT], facets }));
    expect(out.split('\n\n').at(-1)).toBe(
      [
        'category:',
        '  Minuman > Kopi (7)',
        'price:',
        '  0 IDR up to 50000 IDR (3)',
        '  50000 IDR or more (4)',
        'place:',
        '  ID, Bandung (2)',
        '',
      ].join('\n'),
    );
  });

  it('explains what decides the place where the score does not', async () => {
    const because = async (sort: NonNullable<HitView['why']>['sort']) => {
      const why = { sort, terms: [], categoryFeedback: 0, titleFeedback: 0, capped: false, late: false };
      const { out } = await search(view({ hits: [{ ...HIT, why }] }));
      return out.split('why:\n')[1]?.split('\n')[0];
    };
    const price = { amount: '8500000', currency: 'IDR' };
    expect(await because({ by: 'newest', created: HIT.published })).toBe(
      '  of 2026-11-21T00:00:00Z: the newest come first, whatever their score',
    );
    expect(await because({ by: 'price', price, currencies: ['IDR'] })).toBe(
      '  85000 IDR: the cheapest come first, whatever their score',
    );
    expect(await because({ by: 'price', price, currencies: ['USD', 'IDR'] })).toBe(
      '  85000 IDR: the cheapest come first, whatever their score; currencies apart, those first that more hits have: USD, IDR',
    );
    expect(await because({ by: 'price', price: null, currencies: ['IDR'] })).toBe(
      '  it has no price: it comes behind all that have one, by its score',
    );
    expect(await because({ by: 'relevance' })).toBe('  no word was looked for: it fits the filters');
  });

  it('explains each hit in lines that add up', async () => {
    const why = {
      sort: { by: 'relevance' as const },
      terms: [
        { term: 'gayo', idf: 5.1, fields: ['title'], contribution: 9 },
        { term: 'kopi', idf: 1.25, fields: ['title', 'category'], contribution: 3 },
      ],
      categoryFeedback: 0.5,
      titleFeedback: 0,
      capped: true,
      late: true,
    };
    const { out } = await search(view({ hits: [{ ...HIT, why }] }));
    expect(out).toContain(
      [
        'why:',
        '  +9.00  gayo: in title; rarity 5.10',
        '  +3.00  kopi: in title, category; rarity 1.25',
        '  +0.50  it is of the categories of the best hits',
        '  its seller has enough among the first hits, so it comes behind them (--per-seller 0: no such cap)',
        '  it was found only when a later page needed more, so it comes behind those found before',
      ].join('\n'),
    );
  });

  it('prints a table on a terminal', async () => {
    await using at = await serveHome({ search: async () => view({ hits: [HIT] }) });
    const { out } = await niaga(['search', 'kopi', '--home', at.home], { columns: 140 });
    expect(out).toMatch(/^TITLE +PRICE +AVAILABILITY +LISTING\nKopi Gayo 250 g +85000 IDR +InStock +bafyreil+\n$/);
  });

  it('streams: with --json every event on a line, else how far it is', async () => {
    await using at = await serveHome({
      async *searchStream() {
        yield { type: 'hits', hits: [HIT] };
        yield { type: 'coverage', asked: 6, answered: 1 };
        yield { type: 'done', ...view({ hits: [HIT] }) };
      },
    });
    const json = await niaga(['search', 'kopi', '--stream', '--json', '--home', at.home]);
    expect(jsonLines(json.out).map(({ type }) => type)).toEqual(['hits', 'coverage', 'done']);
    expect(json.out).not.toContain('\u202e');
    const words = await niaga(['search', 'kopi', '--stream', '--home', at.home]);
    expect(words.err).toMatch(/^… 1 hit so far.*\n… 1 of 6 index nodes have answered\n1 hit in 4 ms; complete/);
    expect(words.out).toContain('title: Kopi Gayo 250 g');
  });
});
