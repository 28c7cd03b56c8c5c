import { readFile } from 'node:fs/promises';
import { writeFileAtomic } from '../node/home/write-file-atomic.js';
import { OPERATIONS } from '../node/api/operations.js';
import { commandAt } from './dashed-words.js';

/** Lines that are kept: some weeks of a busy shop. */
const MOST = 1_000;

/** First words of all commands. What begins otherwise is a mistake, or something that was not meant for this prompt. */
const COMMANDS: ReadonlySet<string> = new Set(Object.values(OPERATIONS).map(({ command }) => command[0]));
/** About keys and words, and what is said to others only: both are read by nobody later. */
const PRIVATE_COMMANDS: ReadonlySet<string> = new Set(['identity', 'chat', 'restore']);
/** Their values are for one reader. */
const PRIVATE_OPTIONS: readonly string[] = ['--code', '--note', '--reference'];

/**
 * Whether a line goes into the history: commands only, none that holds what is private, none that begins with a space (as
 * in other shells).
 */
export function isKept(line: string, words: readonly string[]): boolean {
  const first = words[commandAt(words)] ?? '';
  const hidden = words.some((word) =>
    PRIVATE_OPTIONS.some((option) => word === option || word.startsWith(`${option}=`)),
  );
  return !/^\s/.test(line) && COMMANDS.has(first) && !PRIVATE_COMMANDS.has(first) && !hidden;
}

/** Lines that were typed, the newest first. A file that cannot be read is none. */
export async function readHistory(path: string): Promise<string[]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .slice(-MOST)
    .reverse();
}

/** Puts a line in front, once. @returns the lines, the newest first */
export function withLine(history: readonly string[], line: string): string[] {
  return [line, ...history.filter((one) => one !== line)].slice(0, MOST);
}

/** @throws the operating system's own error */
export async function writeHistory(path: string, history: readonly string[]): Promise<void> {
  await writeFileAtomic(
    path,
    history
      .toReversed()
      .map((line) => `${line}\n`)
      .join(''),
  );
}
