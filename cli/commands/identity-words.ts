import { randomInt } from 'node:crypto';
import type { z } from 'zod';
import type { OPERATIONS } from '../../node/api/operations.js';
import type { Root } from '../../node/identity/index.js';
import { NiagaError } from '../../protocol/errors.js';
import { askWords, typed } from '../ask.js';
import type { Context } from '../context.js';
import type { Command } from '../forms.js';
import { note, print, printOne } from '../output.js';

/** Words that are asked back: enough that nobody guesses them who has not written them down. */
const ASKED_BACK = 3;
const TRIES = 3;
/** Clears a terminal with what was scrolled away (ECMA-48 ED 2, xterm ED 3, CUP). */
const CLEAR = '\u001b[2J\u001b[3J\u001b[H';
const WORDS_A_LINE = 4;

/**
 * On a terminal: shows the words, asks some of them back, and takes the root key off this machine. Elsewhere words are printed only
 * with --show, and the key goes only with --confirm and all words on standard input.
 * @throws NiagaError ROOT_MISSING, WORDS_…, IDENTITY_…, USAGE
 */
export const words: Command<z.output<typeof OPERATIONS.identityWords.input>> = async ({ show, confirm }, context) => {
  const { openHome, resolveHome } = await import('../../node/home/index.js');
  const { confirmWords, eraseRoot, ownWords } = await import('../../node/identity/index.js');
  const home = await openHome(resolveHome({ home: context.home, env: context.env }), context.network);
  const passphrase = context.env['NIAGA_PASSPHRASE'] || undefined;
  const root = await ownWords(home, passphrase);
  const trader = root.traderText;
  if (confirm) {
    await confirmWords(home, await askWords(context), passphrase);
  } else if (show) {
    await printOne('identityWords', { trader, words: root.words, erased: false }, context);
    note(context, 'Whoever has these words is you. Then type: niaga identity words --confirm');
    return 0;
  } else {
    await showAndAskBack(root, context);
    await eraseRoot(home);
  }
  await printOne('identityWords', { trader, erased: true }, context);
  note(context, 'The file of the root key was overwritten and removed. Flash memory, snapshots and backups of this');
  note(context, 'disk may still hold older copies of it: remove those where you can.');
  return 0;
};

async function showAndAskBack(root: Root, context: Context): Promise<void> {
  if (context.stdout.isTTY !== true || context.json) {
    throw new NiagaError('USAGE', 'The words are shown on a terminal only, not written into a file or a pipe.', {
      next: 'Type it on a terminal and without --json. Where a program must have them: niaga identity words --show',
    });
  }
  const input = typed(context, { hidden: false });
  try {
    await print(context, inRows(root.words));
    note(
      { ...context, quiet: false },
      'Write the 24 words down in their order, and keep them where nobody else looks.',
    );
    note({ ...context, quiet: false }, 'Whoever has them is you; without them a lost machine is a lost trader.');
    if ((await input.next('Then press Enter: ')) === undefined) throw notConfirmed();
    context.stdout.write(CLEAR);
    const places = new Set<number>();
    while (places.size < ASKED_BACK) places.add(randomInt(root.words.length));
    for (const place of places) await askBack(root.words[place] ?? '', place, input);
  } finally {
    input.close();
  }
}

async function askBack(word: string, place: number, input: ReturnType<typeof typed>): Promise<void> {
  for (let left = TRIES; left > 0; left--) {
    const line = await input.next(`Word ${place + 1}: `);
    if (line === undefined) break;
    if (line.trim().toLowerCase() === word) return;
  }
  throw notConfirmed();
}

function notConfirmed(): NiagaError {
  return new NiagaError('WORDS_INVALID', 'The words were not confirmed, so the root key stays on this machine.', {
    next: 'Show them again with: niaga identity words',
  });
}

function inRows(all: readonly string[]): string {
  const cells = all.map((word, at) => `${String(at + 1).padStart(2)}. ${word.padEnd(10)}`);
  const rows = [];
  for (let at = 0; at < cells.length; at += WORDS_A_LINE)
    rows.push(
      cells
        .slice(at, at + WORDS_A_LINE)
        .join('')
        .trimEnd(),
    );
  return rows.join('\n');
}
