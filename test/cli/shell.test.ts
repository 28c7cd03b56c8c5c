import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { commandTree } from '../../cli/command-tree.js';
import { complete } from '../../cli/commands/shell.js';
import { isKept } from '../../cli/shell-history.js';
import { shellWord, splitWords } from '../../cli/shell-words.js';
import { niaga, serveHome } from './cli.js';

describe('the words of a line', () => {
  it('are those that were quoted for a shell, whatever they are', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), fc.constantFrom(' ', '  ', '\t'), (words, space) => {
        expect(splitWords(words.map(shellWord).join(space))).toEqual(words);
      }),
    );
  });

  it.each<[string, string[] | undefined]>([
    ['search "kopi gayo" -robusta', ['search', 'kopi gayo', '-robusta']],
    [`offer X --note 'say "hi"' ''`, ['offer', 'X', '--note', 'say "hi"', '']],
    ['a\\ b "c\\"d\\e" f"g h"i', ['a b', 'c"d\\e', 'fg hi']],
    ['  ', []],
    ['search "kopi', undefined],
  ])('%s', (line, words) => {
    if (words === undefined) expect(() => splitWords(line)).toThrow('not closed');
    else expect(splitWords(line)).toEqual(words);
  });
});

it('Tab offers what the completions of other shells offer', () => {
  const tree = commandTree();
  const offered = (line: string) => complete(tree, line);
  expect(offered('tr')).toEqual([['trade ', 'trader '], 'tr']);
  expect(offered('trade acc')).toEqual([['accept '], 'acc']);
  expect(offered('niaga trade acc')).toEqual([['accept '], 'acc']);
  expect(offered('search kopi --so')).toEqual([['--sort '], '--so']);
  expect(offered('search kopi --sort ')).toEqual([['relevance ', 'newest ', 'price '], '']);
  expect(offered('completion ')[0]).toEqual(expect.arrayContaining(['bash ', 'zsh ', 'fish ']));
  expect(offered('search kopi --home ')).toEqual([[], '']);
});

it.each<[string, boolean]>([
  ['search kopi', true],
  ['--home /x trade list', true],
  [' search something that nobody need know of', false],
  ['abandon ability able about above absent', false],
  ['identity restore', false],
  ['chat send bafy "where I live"', false],
  ['trade ship bafy --code 483920', false],
  ['offer bafy --note=private', false],
])('the history keeps commands and nothing private: %s', (line, kept) => {
  expect(isKept(line, splitWords(line))).toBe(kept);
});

const at = (handlers: Parameters<typeof serveHome>[0] = {}) =>
  serveHome({
    tokenList: async () => ({ items: [] }),
    traderShow: async () => ({ name: 'Sari' }) as never,
    ...handlers,
  });

describe('niaga shell', () => {
  it('does what it reads line by line on the home that it was given, and ends as the last one did', async () => {
    await using served = await at();
    const stdin = '# a comment\ntoken list\n\nniaga trader show --jsonl z6Mk\nnonsense\n"open\nexit\ntoken list\n';
    const ran = await niaga(['shell', '--home', served.home], { stdin });
    expect(ran.out).toBe('{"name":"Sari"}\n');
    expect(ran.err).toMatch(/^There is nothing to list\.\nerror: .*nonsense[^]*error: A quote/);
    expect(ran.code).toBe(2);
    const all = await niaga(['shell', '--json', '--home', served.home], { stdin: 'token list\nshell\ntoken list\n' });
    expect(all).toMatchObject({ code: 0, out: '[]\n[]\n' });
    expect(JSON.parse(all.err)).toMatchObject({ error: { code: 'USAGE' } });
  });

  it('on a terminal completes and recalls, and keeps the history for its owner only', async () => {
    await using served = await at();
    const history = join(served.home, 'main', 'shell-history');
    await writeFile(history, 'trader show z6MkOld\n');
    const stdin = Object.assign(new PassThrough(), { isTTY: true });
    // What is typed after each prompt: one word to complete, a line from before, a line that is given up, the end.
    const up = '\u001b[A';
    const typed = [[...'token li\t\r'], [up, up, '\r'], [...'tok\u0003'], [...'identity devices --help\r'], ['\u0004']];
    const press = async (keys: readonly string[]): Promise<void> => {
      for (const key of keys) {
        await setImmediate();
        stdin.write(key);
      }
    };
    let seen = '';
    const ran = await niaga(['shell', '--home', served.home], {
      stdin,
      columns: 100,
      onOut: (text) => {
        seen += text;
        // The prompt with nothing behind it, and the cursor there.
        if (seen.endsWith('niaga> \u001b[8G')) {
          seen = '';
          const next = typed.shift();
          // Key by key: what comes at once counts as pasted, and a Tab in it as a tab.
          if (next !== undefined) void Promise.resolve(next).then(press);
        }
      },
    });
    expect(typed).toEqual([]);
    expect(ran).toMatchObject({ code: 0, err: expect.stringContaining('There is nothing to list.') as string });
    expect(ran.out).toContain('name: Sari');
    expect(ran.out).toContain('Usage: niaga identity devices');
    // What was recalled is the newest again; what is about the identity is not kept.
    expect(await readFile(history, 'utf8')).toBe('token list \ntrader show z6MkOld\n');
    expect((await stat(history)).mode & 0o777).toBe(0o600);
  });

  it('on a terminal does all lines that are pasted at once, in their order, each behind its prompt', async () => {
    const asked: string[] = [];
    await using served = await at({
      traderShow: async ({ trader }) => {
        asked.push(trader);
        return { name: trader } as never;
      },
    });
    const stdin = Object.assign(new PassThrough(), { isTTY: true });
    // In two pieces, parted within a word; what is wrong stops nobody, as in other shells.
    const pasted = 'trader show a\rnonsense\r\ntrader show "b c"\ntrader sh';
    let seen = '';
    const ran = await niaga(['shell', '--home', served.home], {
      stdin,
      columns: 100,
      onOut: (text) => {
        const prompts = (all: string): number => all.split('niaga> \u001b[8G').length - 1;
        const before = prompts(seen);
        seen += text;
        if (before === 0 && prompts(seen) === 1) stdin.write(pasted);
        if (before === 3 && prompts(seen) === 4) stdin.write('ow d\rexit\r');
      },
    });
    expect(asked).toEqual(['a', 'b c', 'd']);
    expect(ran).toMatchObject({ code: 0, err: expect.stringContaining('nonsense') as string });
    const shown = ran.out.replaceAll(/\u001b\[\d*[A-Z]/g, '');
    expect(shown).toMatch(
      /niaga> trader show a\s[^]*name: a[^]*niaga> nonsense\s[^]*niaga> trader show "b c"\s[^]*name: b c[^]*niaga> trader show d\s/,
    );
  });
});
