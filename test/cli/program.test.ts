import { describe, expect, it } from 'vitest';
import { parseWords, type Invocation } from '../../cli/program.js';
import { isNiagaError, type NiagaError } from '../../protocol/errors.js';

const silent = { out: () => undefined, err: () => undefined };

function parse(line: string | string[]): Invocation {
  return parseWords(typeof line === 'string' ? line.split(' ') : line, '1.2.3', silent);
}

function refusal(line: string | string[]): NiagaError {
  try {
    parse(line);
  } catch (error) {
    if (isNiagaError(error, 'USAGE')) return error;
    throw error;
  }
  throw new Error('not refused');
}

/** What a search asks for unless it is said. */
const SEARCH = {
  limit: 20,
  timeoutMs: 2_500,
  inStock: false,
  sort: 'relevance',
  facets: false,
  explain: false,
  stream: false,
};

describe('words become the input of an operation', () => {
  it.each<[string | string[], string, unknown]>([
    ['status', 'status', {}],
    ['trade show bafyabc', 'tradeShow', { trade: 'bafyabc' }],
    ['trade list --limit 5 --after x', 'tradeList', { limit: 5, after: 'x' }],
    ['listing list', 'listingList', { limit: 100 }],
    [
      ['search', 'kopi', 'gayo', '--min-price', '1 USD', '--kind', 'goods'],
      'search',
      { ...SEARCH, words: ['kopi', 'gayo'], minPrice: '1 USD', kind: 'goods' },
    ],
    ['search kopi -robusta', 'search', { ...SEARCH, words: ['kopi', '-robusta'] }],
    [
      [
        'search',
        '--category',
        'Kopi > Bubuk',
        '--ships-to',
        'Bandung',
        '--in-stock',
        '--sort',
        'price',
        '--per-seller',
        '0',
      ],
      'search',
      {
        ...SEARCH,
        words: [],
        category: 'Kopi > Bubuk',
        shipsTo: 'Bandung',
        inStock: true,
        sort: 'price',
        perSeller: 0,
      },
    ],
    [['search', '--', '--kopi', '-h'], 'search', { ...SEARCH, words: ['--kopi', '-h'] }],
    [['offer', 'L', '--quantity', '2', '--note', '--json'], 'offer', { listing: 'L', quantity: 2, note: '--json' }],
    [
      'publish a.csv - b.json --format csv --strict',
      'publish',
      { files: ['a.csv', '-', 'b.json'], format: 'csv', strict: true, restock: false },
    ],
    [
      'start --listen /ip4/1 --listen /ip4/2 --no-mdns --api :0',
      'start',
      {
        listen: ['/ip4/1', '/ip4/2'],
        bootstrap: [],
        keepMedia: false,
        mdns: false,
        api: ':0',
        logLevel: 'warn',
        readReceipts: true,
        detach: false,
      },
    ],
    [
      'start',
      'start',
      { listen: [], bootstrap: [], keepMedia: false, mdns: true, logLevel: 'warn', readReceipts: true, detach: false },
    ],
    [
      'trade export T --out f',
      'tradeExport',
      { trade: 'T', language: 'en', chat: false, values: false, out: 'f', force: false },
    ],
    ['trade invoice T --out f', 'tradeInvoice', { trade: 'T', out: 'f', force: false }],
    ['init --name=Sari', 'init', { name: 'Sari' }],
  ])('%s', (line, key, input) => {
    expect(parse(line)).toMatchObject({ key, input });
    expect(parse(line).input).toEqual(input);
  });

  it('count as given only where they were typed, also those that can only be turned off', () => {
    expect(parse('start').given).toEqual([]);
    expect(parse('start --no-mdns --api 127.0.0.1:0').given.toSorted()).toEqual(['api', 'mdns']);
  });

  it('leaves words that begin with a dash to the search, whatever short options they begin with', () => {
    expect(parse('search -hitam -Vanila').input).toMatchObject({ words: ['-hitam', '-Vanila'] });
  });
});

describe('the global options', () => {
  const wanted = { home: '/h', network: 'test', json: true, quiet: true };

  it.each([
    '--home /h --network test --json --quiet trade show T',
    'trade --home /h --network test --json --quiet show T',
    'trade show T --home /h --network test --json --quiet',
    '--json trade --home /h show --quiet T --network test',
  ])('stand anywhere: %s', (line) => {
    expect(parse(line)).toMatchObject({ key: 'tradeShow', ...wanted });
  });

  it('have defaults, and the last one counts', () => {
    expect(parse('status')).toMatchObject({ home: undefined, network: 'main', json: false, quiet: false });
    expect(parse('--home /a status --home /b').home).toBe('/b');
  });
});

describe('mistakes are refused with what is wrong and where to look', () => {
  it.each<[string, RegExp, string]>([
    ['statsu', /'statsu'.*status/, 'niaga --help'],
    ['trade frobnicate', /'frobnicate'/, 'niaga trade --help'],
    ['search x --limt 3', /'--limt'.*--limit/, 'niaga search --help'],
    ['trade show', /'trade'/, 'niaga trade show --help'],
    ['trade show a b', /Too many arguments/, 'niaga trade show --help'],
    ['search kopi -x', /'-x'/, 'niaga search --help'],
    ['publish', /'files'/, 'niaga publish --help'],
    ['listing list --limit', /--limit/, 'niaga listing list --help'],
    ['listing list --limit 0', /^--limit must be 1 or more, not "0"\.$/, 'niaga listing list --help'],
    ['listing list --limit 1e3', /^--limit must be a number/, 'niaga listing list --help'],
    ['listing list --limit NaN', /^--limit must be a number/, 'niaga listing list --help'],
    ['listing list --limit 0x10', /^--limit must be a number/, 'niaga listing list --help'],
    ['offer L --quantity 1.5', /^--quantity must be a whole number/, 'niaga offer --help'],
    ['offer L --quantity -1', /^--quantity must be 1 or more/, 'niaga offer --help'],
    ['search x --kind thing', /^--kind must be one of: goods, service, digital/, 'niaga search --help'],
    ['search x --limit -1', /^--limit must be 1 or more/, 'niaga search --help'],
    ['search x --limit 101', /^--limit must be at most 100/, 'niaga search --help'],
    ['search x --per-seller -1', /^--per-seller must be 0 or more/, 'niaga search --help'],
    [
      'search x --place Jakarta --place Bandung',
      /^--place takes one value, and was given "Jakarta" and "Bandung"\.$/,
      'niaga search --help',
    ],
    ['search --kind goods x --kind goods', /^--kind takes one value/, 'niaga search --help'],
    ['listing list --limit 3 --limit 5', /^--limit takes one value/, 'niaga listing list --help'],
    ['watch x --condition new --condition used', /^--condition takes one value/, 'niaga watch --help'],
    ['search x --sort best', /^--sort must be one of: relevance, newest, price/, 'niaga search --help'],
    ['trade export T', /^--out is missing\.$/, 'niaga trade export --help'],
    ['status --limit 3', /'--limit'/, 'niaga status --help'],
    ['', /command/, 'niaga --help'],
  ])('%s', (line, message, next) => {
    const error = refusal(line === '' ? [] : line);
    expect(error.message).toMatch(message);
    expect(error.next).toBe(next);
    expect(error.exit).toBe(2);
  });
});

describe('the help of a command', () => {
  const help = (line: string): string => {
    let text = '';
    try {
      parseWords([...line.split(' '), '--help'], '1.2.3', { ...silent, out: (part) => (text += part) });
    } catch (error) {
      if (!(error instanceof Error && 'exitCode' in error && error.exitCode === 0)) throw error;
    }
    return text;
  };

  it.each([
    ['offer', 1, []],
    ['completion', 1, ['bash', 'fish', 'zsh']],
  ])('%s says what its words are, and each choice once', (line, words, choices) => {
    const [, told = ''] = /Arguments:\n([\s\S]*?)\n\n/.exec(help(line)) ?? [];
    expect(told).not.toContain('choices');
    expect(told.match(/^ {2}\S/gm)).toHaveLength(words);
    for (const choice of choices) expect(told.split(choice)).toHaveLength(2);
  });
});
