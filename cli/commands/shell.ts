import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import type { z } from 'zod';
import type { OPERATIONS } from '../../node/api/operations.js';
import { NiagaError } from '../../protocol/errors.js';
import { commandTree, type CommandNode } from '../command-tree.js';
import { completionsAfter } from '../completion.js';
import { folderOf } from '../connect.js';
import { Interrupted, type Context } from '../context.js';
import { commandAt } from '../dashed-words.js';
import { reportError } from '../errors.js';
import type { Command } from '../forms.js';
import { note } from '../output.js';
import { run } from '../run.js';
import { isKept, readHistory, withLine, writeHistory } from '../shell-history.js';
import { splitWords } from '../shell-words.js';
import { TypedLine } from '../typed-line.js';

const PROMPT = 'niaga> ';
const HISTORY_FILE = 'shell-history';
/** Commands that take the terminal, or standard input, for themselves. */
const NOT_HERE: ReadonlySet<string> = new Set(['shell', 'mcp']);
const SIGINT_EXIT = 130;

/** Reads commands until `exit` or the end of standard input; gives the exit code of the last one, as shells do. */
export const shell: Command<z.output<typeof OPERATIONS.shell.input>> = async (_input, context) => {
  const { stdin } = context;
  const isTerminal = 'isTTY' in stdin && stdin.isTTY === true;
  return isTerminal ? onTerminal(context) : fromStream(context);
};

async function onTerminal(context: Context): Promise<number> {
  const { signal } = context;
  const path = join(folderOf(context), HISTORY_FILE);
  const tree = commandTree();
  let history = await readHistory(path);
  let code = 0;
  note(context, 'Type a command, Tab to complete it, "help" for all of them, "exit" to leave.');
  while (!signal.aborted) {
    const line = await ask(context, tree, history);
    if (line === undefined) break;
    const words = wordsOf(line, context);
    if (words === undefined) code = 2;
    if (words === undefined || words.length === 0) continue;
    if (isExit(words)) break;
    if (isKept(line, words)) {
      history = withLine(history, line);
      // A home that is not there yet, or is full, is no reason to leave somebody without a shell.
      if (existsSync(folderOf(context))) await writeHistory(path, history).catch(() => undefined);
    }
    code = await perform(words, context, context.stdin);
  }
  return code;
}

/** A line; undefined at the end. The terminal is the shell's only while it asks: a command may ask for something itself. */
function ask(context: Context, tree: readonly CommandNode[], history: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    const { stdin, stdout: output, signal } = context;
    const input = new TypedLine(stdin);
    const completer = (line: string): [string[], string] => complete(tree, line);
    const past = { history: [...history], historySize: history.length + 1, removeHistoryDuplicates: true };
    const prompt = createInterface({ input, output, terminal: true, completer, signal, ...past });
    prompt.on('SIGINT', () => {
      // As in other shells: the line is given up, not the shell.
      output.write('^C\n');
      resolve('');
      prompt.close();
    });
    prompt.on('close', () => {
      input.release();
      resolve(undefined);
    });
    prompt.question(PROMPT, (line) => {
      resolve(line);
      prompt.close();
    });
  });
}

/** What Tab offers: the words that go on as the last one begins, and that last one. */
export function complete(tree: readonly CommandNode[], line: string): [string[], string] {
  const words = line.split(/\s+/).filter((word) => word !== '');
  const last = /\s$/.test(line) || line === '' ? '' : (words.pop() ?? '');
  const fitting = completionsAfter(tree, words[0] === 'niaga' ? words.slice(1) : words).filter((word) =>
    word.startsWith(last),
  );
  return [fitting.map((word) => `${word} `), last];
}

async function fromStream(context: Context): Promise<number> {
  const lines = createInterface({ input: context.stdin, signal: context.signal });
  let code = 0;
  for await (const line of lines) {
    const words = wordsOf(line, context);
    if (words === undefined) code = 2;
    if (words === undefined || words.length === 0) continue;
    if (isExit(words)) break;
    // The lines are the shell's; a command that reads standard input finds its end.
    code = await perform(words, context, Readable.from([]));
  }
  lines.close();
  return code;
}

const isExit = ([first]: readonly string[]): boolean => first === 'exit' || first === 'quit';

/** The words after `niaga`, which may be typed, as help and errors have it; undefined: they cannot be read, which was said. */
function wordsOf(line: string, context: Context): string[] | undefined {
  try {
    const words = splitWords(line);
    return words[0] === 'niaga' ? words.slice(1) : words[0]?.startsWith('#') === true ? [] : words;
  } catch (error) {
    reportError(error, context.json, context);
    return undefined;
  }
}

/** One command, on the home of the shell unless it names another. Ctrl-C ends the command and not the shell. */
async function perform(words: readonly string[], context: Context, stdin: Readable): Promise<number> {
  const name = words[commandAt(words)] ?? '';
  if (NOT_HERE.has(name)) {
    const error = new NiagaError('USAGE', `"${name}" cannot be started from within this shell.`, {
      next: `Leave it with "exit", and type: niaga ${name}`,
    });
    return reportError(error, context.json, context);
  }
  const ending = new AbortController();
  const interrupt = (): void => {
    if (ending.signal.aborted) process.exit(SIGINT_EXIT);
    ending.abort(new Interrupted(SIGINT_EXIT));
  };
  const others = process.listeners('SIGINT');
  process.removeAllListeners('SIGINT').on('SIGINT', interrupt);
  try {
    const signal = AbortSignal.any([context.signal, ending.signal]);
    return await run([...globalWords(context), ...words], { ...context, stdin, signal });
  } finally {
    process.off('SIGINT', interrupt);
    for (const listener of others) process.on('SIGINT', listener);
  }
}

function globalWords({ home, network, json, lines, quiet }: Context): string[] {
  return [
    ...(home === undefined ? [] : ['--home', home]),
    ...['--network', network],
    ...(lines ? ['--jsonl'] : json ? ['--json'] : []),
    ...(quiet ? ['--quiet'] : []),
  ];
}
