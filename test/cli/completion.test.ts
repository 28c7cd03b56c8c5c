import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { commandTree } from '../../cli/command-tree.js';
import { manPage } from '../../cli/man-page.js';
import { OPERATIONS } from '../../node/api/operations.js';
import type { Operation } from '../../node/api/operation.js';
import { folderWith, niaga } from './cli.js';

const run = promisify(execFile);
const TYPED = Object.values(OPERATIONS as Record<string, Operation>).filter((row) => row.typedAs === undefined);

/** Whether a program is on this machine: the other shells need not be. */
const has = (program: string) =>
  run(program, ['--version']).then(
    () => true,
    () => false,
  );

/** What bash would offer for the last of these words. */
async function offered(...words: string[]): Promise<string[]> {
  const { out } = await niaga(['completion', 'bash']);
  await using folder = await folderWith({ 'niaga.bash': out });
  const program = `. "$1"; shift; COMP_WORDS=(niaga "$@"); COMP_CWORD=$#; _niaga; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await run('bash', ['-c', program, 'bash', join(folder.path, 'niaga.bash'), ...words]);
  return stdout.split('\n').filter((word) => word !== '');
}

describe('niaga completion', () => {
  it('makes bash offer commands, those below them, options and their choices', async () => {
    expect(await offered('tra')).toEqual(['trade', 'trader']);
    expect(await offered('trade', 'remedy-')).toEqual(['remedy-accept', 'remedy-decline']);
    expect(await offered('--json', 'listing', 'l')).toEqual(['list']);
    expect(await offered('search', 'kopi', '--min')).toEqual(['--min-price']);
    expect(await offered('publish', '--format', '')).toEqual(['json', 'csv', 'ndjson', 'json-ld', 'google']);
    expect(await offered('completion', '')).toEqual(expect.arrayContaining(['bash', 'zsh', 'fish']));
    expect(await offered('watch', 'l')).toEqual(['list']);
  });

  it('names every command of the table to every shell', async () => {
    for (const shell of ['bash', 'zsh', 'fish']) {
      const { code, out } = await niaga(['completion', shell]);
      expect(code).toBe(0);
      for (const { command } of TYPED) expect(out, command.join(' ')).toContain(command.at(-1));
      for (const { command } of TYPED.filter(({ command: words }) => words.length > 1))
        expect(out).toContain(`'${command.join(' ')}'`);
    }
  });

  it.each(['zsh', 'fish'])('is a program that %s can read, where there is one', async (shell) => {
    if (!(await has(shell))) return;
    const { out } = await niaga(['completion', shell]);
    await using folder = await folderWith();
    const file = join(folder.path, 'script');
    await writeFile(file, out);
    await run(shell, ['-n', file]);
  });

  it('refuses a shell that it does not know', async () => {
    const { code, err } = await niaga(['completion', 'tcsh']);
    expect([code, err.includes('<shell>')]).toEqual([2, true]);
  });
});

describe('niaga man', () => {
  it('has every command with its options, and no line that man would take for something else', async () => {
    const { code, out } = await niaga(['man']);
    expect(code).toBe(0);
    expect(out).toMatch(/^\.TH NIAGA 1/);
    for (const { command } of TYPED) expect(out).toContain(`.SS niaga ${command.join(' ').replaceAll('-', '\\-')}`);
    expect(out).toContain('.B \\-\\-min\\-price <text>');
    for (const line of out.split('\n')) {
      expect(line).toMatch(/^(\.(TH|SH|SS|TP|B|I|RI) |\.TP$|[^.'])|^$/);
      expect(line.replaceAll(/\\[e&-]/g, '')).not.toContain('\\');
    }
  });

  it('keeps what roff would read as a request or an escape', () => {
    const [program] = commandTree();
    const node = {
      ...program,
      path: 'x',
      help: '.dotted \\back-slash',
      words: [],
      options: [],
      positional: [],
      choices: [],
    };
    expect(manPage([node], '1')).toContain('\\&.dotted \\eback\\-slash');
  });
});
