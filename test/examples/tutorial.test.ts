import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../support/processes.js';
import { blocksOf, readDocument, ROOT } from './documents.js';
import { Shell } from './shell.js';

const README = readDocument('README.md');
const TUTORIAL = readDocument('docs/tutorial.md');

const lines = (block = ''): string[] => block.split('\n').filter((line) => line !== '');

interface Turn {
  readonly who: string;
  readonly types: string;
  readonly state: string;
}

/** The rows of the table in which the two take turns. */
const turns: Turn[] = [...TUTORIAL.matchAll(/^\| (seller|buyer) +\| `([^`]+)` +\| ([\w-]+) +\|$/gm)].map(
  ([, who = '', types = '', state = '']) => ({ who, types, state }),
);

it('the README names only scripts of package.json', () => {
  const { scripts } = JSON.parse(readDocument('package.json')) as { scripts: object };
  const named = [...README.matchAll(/npm (?:run )?([a-z:]+)/g)]
    .map(([, script = '']) => script)
    .filter((word) => word !== 'ci');
  expect(new Set(named)).toContain('demo');
  for (const script of named) expect(Object.keys(scripts)).toContain(script);
});

it('the README fits on two screens', () => {
  expect(README.split('\n').length).toBeLessThanOrEqual(80);
});

it(
  'the tutorial leads two terminals, line by line, from nothing to a verified trade',
  { timeout: 180_000 },
  async () => {
    const { path, remove } = await temporaryFolder();
    await using _ = { [Symbol.asyncDispose]: remove };
    // The project's folder is read from, and nothing is written into it.
    for (const name of ['dist', 'examples']) await symlink(join(ROOT, name), join(path, name));
    const { NIAGA_HOME: _home, NIAGA_PASSPHRASE: _passphrase, ...inherited } = process.env;
    const env = { ...inherited, HOME: path, NO_COLOR: '1' };
    await using seller = new Shell(path, env);
    await using buyer = new Shell(path, env);

    /** What the words in capitals stand for. */
    const shown = new Map<string, string>();
    const type = async (shell: Shell, line: string): Promise<string> => {
      const filled = line.replace(/\b[A-Z]{5,}\b/g, (word) => shown.get(word) ?? word);
      const from = shell.shown.length;
      const { code, text } = await shell.type(filled.replace('/tmp/', `${path}/`));
      expect(code, `${filled}\n${text}`).toBe(0);
      if (filled.includes('&')) await shell.waitFor(/The node runs/, from);
      return text;
    };
    const remember = (word: string, pattern: RegExp, text: string): void => {
      const found = pattern.exec(text)?.[1];
      if (found !== undefined) shown.set(word, found);
    };

    const [install, first, second, last] = blocksOf(TUTORIAL).map(({ text }) => text);
    expect(install).toBe('npm ci && npm run build\n');
    for (const line of lines(first))
      remember('ADDRESS', /(\/ip4\/127\.0\.0\.1\/tcp\/\d+\/p2p\/\w+)/, await type(seller, line));
    expect([...shown.keys()]).toEqual(['ADDRESS']);
    for (const line of lines(second)) {
      const text = await type(buyer, line);
      remember('LISTING', /^listing: (\w+)$/m, text);
      remember('TRADE', /^trade: (\w+)$/m, text);
    }
    expect([...shown.keys()], buyer.shown).toEqual(['ADDRESS', 'LISTING', 'TRADE']);

    expect(turns).toHaveLength(8);
    let before = 'offered';
    for (const { who, types, state } of turns) {
      const shell = who === 'seller' ? seller : buyer;
      await untilShown(shell, shown.get('TRADE') ?? '', before);
      expect(await type(shell, types)).toMatch(new RegExp(`^state: ${state}$`, 'm'));
      before = state;
    }
    await untilShown(seller, shown.get('TRADE') ?? '', before);

    for (const line of lines(last)) {
      const text = await type(buyer, line);
      if (line.startsWith('niaga verify')) expect(text).toMatch(/^valid: true$/m);
    }
    await type(seller, lines(last).at(-1) ?? '');
  },
);

/** A person looks until the other's step has come. */
async function untilShown(shell: Shell, trade: string, state: string): Promise<void> {
  for (let tries = 0; tries < 60; tries++) {
    if ((await shell.type(`niaga trade show ${trade} --json`)).text.includes(`"state":"${state}"`)) return;
  }
  throw new Error(`${trade} does not get to “${state}”`);
}
