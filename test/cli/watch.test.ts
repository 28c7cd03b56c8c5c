import { describe, expect, it } from 'vitest';
import { Interrupted } from '../../cli/context.js';
import { parseWords } from '../../cli/program.js';
import type { EventView } from '../../node/api/rows/events.js';
import { jsonLines, niaga, serveHome } from './cli.js';

const silent = { out: () => undefined, err: () => undefined };
const parse = (...words: string[]) => parseWords(words, '1.2.3', silent);

describe('watch', () => {
  it('takes words as a search does, and has commands of its own below it', () => {
    expect(parse('watch', 'kopi', 'gayo', '--max-price', '90000 IDR')).toMatchObject({
      key: 'watch',
      input: { words: ['kopi', 'gayo'], maxPrice: '90000 IDR' },
    });
    expect(parse('watch', 'kopi', '-robusta').input).toMatchObject({ words: ['kopi', '-robusta'] });
    expect(parse('watch', '--category', 'Kopi').input).toMatchObject({ words: [], category: 'Kopi' });
    expect(parse('watch', 'list')).toMatchObject({ key: 'watchList', command: 'watch list' });
    expect(parse('watch', 'remove', '4f1c09ab')).toMatchObject({ key: 'watchRemove', input: { watch: '4f1c09ab' } });
    // A word that is also a command is watched for together with others, or in another case.
    expect(parse('watch', 'shopping', 'list').input).toMatchObject({ words: ['shopping', 'list'] });
    expect(parse('watch', 'List').input).toMatchObject({ words: ['List'] });
  });

  it('lists watches in words', async () => {
    const watch = {
      watch: '4f1c09ab',
      words: ['kopi', 'gayo'],
      filters: { maxPrice: '90000 IDR' },
      created: 0,
      checked: null,
      matches: 3,
      full: false,
    };
    await using at = await serveHome({ watchList: async () => ({ items: [watch] }) });
    const { out } = await niaga(['watch', 'list', '--home', at.home]);
    expect(out).toContain('words: kopi, gayo');
    expect(out).toContain('maxPrice: 90000 IDR');
    expect(jsonLines((await niaga(['watch', 'list', '--json', '--home', at.home])).out)).toEqual([[watch]]);
  });
});

const about = { watch: '4f1c09ab', words: ['kopi'], listing: 'bafyA', title: 'Kopi\u001b[2J Gayo' };
const EVENTS: EventView[] = [
  { seq: 1, time: 0, type: 'gap', data: { missed: 12 } },
  { seq: 2, time: 0, type: 'watch-match', data: { ...about, price: { amount: '8500000', currency: 'IDR' } } },
  {
    seq: 3,
    time: 0,
    type: 'price-drop',
    data: { ...about, was: { amount: '8500000', currency: 'IDR' }, price: { amount: '8000000', currency: 'IDR' } },
  },
  {
    seq: 4,
    time: 0,
    type: 'trade-changed',
    data: { trade: 'bafyT', state: 'offered', kind: 'offer', by: 'counterparty', role: 'seller' },
  },
];

describe('events', () => {
  const handlers = {
    events: async function* ({ after = 0 }: { after?: number | undefined }) {
      yield* EVENTS.filter(({ seq }) => seq > after);
    },
  };

  it('are one line each, in words that obey nobody else', async () => {
    await using at = await serveHome(handlers);
    const { out, code } = await niaga(['events', '--home', at.home]);
    expect(code).toBe(0);
    const lines = out.trimEnd().split('\n');
    expect(lines).toHaveLength(4);
    expect(out).not.toContain('\u001b');
    expect(lines[0]).toMatch(/^1 {2}1970-01-01T00:00:00Z {2}gap {2}12 events are not kept any more$/);
    expect(lines[2]).toMatch(/was .*85,?.?000.*now .*80,?.?000.*bafyA \(watch 4f1c09ab: kopi\)/);
    expect(lines[3]).toContain('offered by offer of the other side: bafyT');
  });

  it('are one line of JSON each, from a number on', async () => {
    await using at = await serveHome(handlers);
    const { out } = await niaga(['events', '--after', '2', '--json', '--home', at.home]);
    expect(jsonLines(out)).toMatchObject([{ seq: 3 }, { seq: 4 }]);
  });
});

type Handlers = NonNullable<Parameters<typeof serveHome>[0]>;

const CLEAR = '\u001b[2J\u001b[H';
const token = (name: string) => ({ name, scopes: ['read' as const], created: 0, page: false });

/** A node that tells of an event each time that `tell` is called. */
function telling(): { readonly events: NonNullable<Handlers['events']>; readonly tell: () => void } {
  let waiting = 0;
  let wake = (): void => undefined;
  return {
    tell: () => {
      waiting++;
      wake();
    },
    events: async function* ({ after }, { signal }) {
      expect(after).toBe(Number.MAX_SAFE_INTEGER);
      signal.addEventListener('abort', () => wake());
      for (let seq = 0; ; seq++) {
        yield { seq, time: 0, type: 'gap' as const, data: {} };
        while (waiting === 0 && !signal.aborted) await new Promise<void>((resolve) => (wake = resolve));
        if (signal.aborted) return;
        waiting = 0;
      }
    },
  };
}

describe('a watched list', () => {
  it('is shown again when something has changed, in place of the one before on a terminal', async () => {
    const { events, tell } = telling();
    let names = ['kasir'];
    let asked = 0;
    await using at = await serveHome({
      events,
      evidenceList: async () => {
        asked++;
        return { items: names.map((title) => ({ listing: 'L', title, terms: [], found: 0 })) as never };
      },
    });
    const ending = new AbortController();
    // Each picture leads to the next step: an event that changes nothing, one that changes the list, the end.
    const steps = [
      () => {
        tell();
        names = ['kasir', 'toko'];
        tell();
      },
      () => ending.abort(new Interrupted(130)),
    ];
    const ran = await niaga(['evidence', 'list', '--watch', '--home', at.home], {
      columns: 80,
      signal: ending.signal,
      onOut: (text) => {
        if (text.includes('TITLE')) steps.shift()?.();
      },
    });
    expect(ran).toMatchObject({ code: 130, err: '' });
    const [before, first = '', second = '', ...more] = ran.out.split(CLEAR);
    expect([before, more]).toEqual(['', []]);
    expect(first).not.toContain('toko');
    expect(second).toMatch(/kasir[^]*toko/);
    expect(asked).toBeGreaterThanOrEqual(2);
  });

  it('of which no event tells is looked at again by itself, one line for each item with --jsonl', async () => {
    let asked = 0;
    const ending = new AbortController();
    await using at = await serveHome({
      events: telling().events,
      tokenList: async () => ({ items: asked++ === 0 ? [token('one')] : [token('one'), token('two')] }),
    });
    const ran = await niaga(['token', 'list', '--watch', '--jsonl', '--home', at.home], {
      signal: ending.signal,
      onOut: (text) => {
        if (text.includes('"two"')) ending.abort(new Interrupted(130));
      },
    });
    expect(ran.code).toBe(130);
    expect(jsonLines(ran.out).map(({ name }) => name)).toEqual(['one', 'one', 'two']);
  });

  it('ends with the error when the node goes away', async () => {
    const at = await serveHome({ events: telling().events, evidenceList: async () => ({ items: [] }) });
    const ran = await niaga(['evidence', 'list', '--watch', '--json', '--home', at.home], {
      onOut: () => void at[Symbol.asyncDispose](),
    });
    expect(ran.out).toBe('[]\n');
    expect([3, 0]).toContain(ran.code);
  });
});
