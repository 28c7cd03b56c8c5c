import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { NiagaError } from '../protocol/errors.js';
import type { Context } from './context.js';

/** More than 24 words ever take, with numbers and line ends. */
const MAX_LINE = 4_096;
const WORDS = 24;

/** What is typed, line by line. */
interface Typed {
  /** The next line; undefined at the end of standard input. @throws the signal's reason */
  next(prompt: string): Promise<string | undefined>;
  close(): void;
}

/**
 * Lines from standard input; questions go to standard error, so that standard output stays data.
 * @param hidden on a terminal what is typed is not shown
 */
export function typed(context: Context, { hidden }: { hidden: boolean }): Typed {
  const { stdin, stderr, signal } = context;
  const terminal = 'isTTY' in stdin && stdin.isTTY === true;
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, output: hidden ? silent : stderr, terminal, historySize: 0 });
  // A terminal that hides what is typed gives Ctrl-C to us.
  lines.on('SIGINT', () => process.emit('SIGINT'));
  const waiting: string[] = [];
  let wake: (() => void) | undefined;
  let ended = false;
  lines.on('line', (line) => {
    waiting.push(line.slice(0, MAX_LINE));
    wake?.();
  });
  lines.on('close', () => {
    ended = true;
    wake?.();
  });
  const abort = (): void => wake?.();
  signal.addEventListener('abort', abort);
  return {
    async next(prompt) {
      if (terminal || !hidden) stderr.write(prompt);
      while (waiting.length === 0 && !ended && !signal.aborted) await new Promise<void>((resolve) => (wake = resolve));
      signal.throwIfAborted();
      if (terminal && hidden) stderr.write('\n');
      return waiting.shift();
    },
    close() {
      signal.removeEventListener('abort', abort);
      lines.close();
    },
  };
}

/**
 * The 24 words, from standard input: never from an argument, which other users of the machine and the shell's history would see.
 * @throws NiagaError ROOT_MISSING where there are none
 */
export async function askWords(context: Context): Promise<string> {
  const input = typed(context, { hidden: true });
  try {
    let words: string[] = [];
    for (;;) {
      const prompt =
        words.length === 0 ? 'The 24 words (not shown while you type): ' : `${words.length} so far; go on: `;
      const line = await input.next(prompt);
      const more = (line ?? '').split(/[^\p{L}]+/u).filter((word) => word !== '');
      words = [...words, ...more];
      if (line === undefined || more.length === 0 || words.length >= WORDS) break;
    }
    if (words.length > 0) return words.join(' ');
  } finally {
    input.close();
  }
  throw new NiagaError('ROOT_MISSING', 'The root key is not on this machine, and no words came on standard input.', {
    next: 'Type the 24 words when you are asked, or give them on standard input: … < FILE',
  });
}
