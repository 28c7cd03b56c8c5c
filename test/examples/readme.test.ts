import { existsSync, readFileSync } from 'node:fs';
import { readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/processes.js';
import { Shell, type Typed } from './shell.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');
const WALK = README.slice(README.indexOf('## A first trade'), README.indexOf('## What to publish'));

function blocks(text: string, language: string): string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, 'gm'))].map(([, block = '']) => block);
}

const lines = (block = ''): string[] => block.split('\n').filter((line) => line !== '');

interface Turn {
  readonly who: string;
  readonly types: string;
  readonly state: string;
}

/** The rows of the table in which the two take turns. */
const turns: Turn[] = [...WALK.matchAll(/^\| (seller|buyer) +\| `([^`]+)` +\| ([\w-]+) +\|$/gm)].map(
  ([, who = '', types = '', state = '']) => ({ who, types, state }),
);

describe('the README', () => {
  it('shows examples/two-nodes.mjs as it is', async () => {
    expect(blocks(README, 'js')).toEqual([await readFile(join(ROOT, 'examples/two-nodes.mjs'), 'utf8')]);
  });

  it('names only files that are there', () => {
    const named = [...README.matchAll(/\]\(([^):#]+)\)/g)].map(([, path = '']) => path);
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it('names only scripts of package.json', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: object };
    const named = [...README.matchAll(/npm (?:run )?([a-z:]+)/g)]
      .map(([, script = '']) => script)
      .filter((word) => word !== 'ci');
    expect(new Set(named)).toContain('demo');
    for (const script of named) expect(Object.keys(scripts)).toContain(script);
  });

  it('leads two terminals, line by line, from nothing to a verified trade', { timeout: 180_000 }, async () => {
    const temporary = await temporaryFolder();
    // Where the folder of the project is read, and nothing is written into it.
    for (const name of ['dist', 'examples']) await symlink(join(ROOT, name), join(temporary.path, name));
    const { NIAGA_HOME: _home, NIAGA_PASSPHRASE: _passphrase, ...env } = process.env;
    const terminal = (): Shell => new Shell(temporary.path, { ...env, HOME: temporary.path, NO_COLOR: '1' });
    const shown = new Map<string, string>();
    {
      await using seller = terminal();
      await using buyer = terminal();
      const of = (who: string): Shell => (who === 'seller' ? seller : buyer);

      const type = async (shell: Shell, line: string): Promise<Typed> => {
        const typed = line
          .replace(/\b[A-Z]{5,}\b/g, (word) => shown.get(word) ?? word)
          .replaceAll('/tmp/', `${temporary.path}/`);
        const from = shell.shown.length;
        const result = await shell.type(typed);
        expect(result.code, `${typed}\n${result.text}`).toBe(0);
        if (typed.includes('&')) await shell.waitFor(/The node runs/, from);
        return result;
      };
      const remember = (word: string, pattern: RegExp, { text }: Typed): void => {
        const found = pattern.exec(text)?.[1];
        if (found !== undefined) shown.set(word, found);
      };

      const [first, second, last] = blocks(WALK, 'sh');
      for (const line of lines(first)) remember('ADDRESS', /(\/ip4\/127\.0\.0\.1\/tcp\/\S+)/, await type(seller, line));
      expect(shown.get('ADDRESS')).toMatch(/^\/ip4\/127\.0\.0\.1\/tcp\/\d+\/p2p\/12D3Koo\w+$/);
      for (const line of lines(second)) {
        const result = await type(buyer, line);
        remember('LISTING', /^listing:? +(baf\w+)$/m, result);
        remember('TRADE', /^trade:? +(baf\w+)$/m, result);
      }
      expect([...shown.keys()]).toEqual(['ADDRESS', 'LISTING', 'TRADE']);

      expect(turns).toHaveLength(5);
      let before = 'offered';
      for (const { who, types, state } of turns) {
        await untilShown(of(who), shown.get('TRADE') ?? '', before);
        expect((await type(of(who), types)).text).toContain(state);
        before = state;
      }
      await untilShown(seller, shown.get('TRADE') ?? '', 'completed');

      for (const line of lines(last)) await type(buyer, line);
      expect(buyer.shown).toMatch(/valid:? +(yes|true)/);
      await type(seller, 'kill %1');
    }
    await temporary.remove();
  });
});

/** A person looks until the other's step has come. */
async function untilShown(shell: Shell, trade: string, state: string): Promise<void> {
  for (let tries = 0; tries < 60; tries++) {
    if ((await shell.type(`niaga trade show ${trade} --json`)).text.includes(`"state":"${state}"`)) return;
  }
  throw new Error(`${trade} does not get to “${state}”`);
}
