import type { Page } from '../node/api/handlers.js';
import type { OperationKey } from '../node/api/operations.js';
import { typeNext, type Context } from './context.js';
import { safeJson, safeLine } from './safe-text.js';

/** Of a terminal that does not say how wide it is. */
const USUAL_WIDTH = 80;

/** Prints one output: with `--json` a line, else words. */
export async function printOne(key: OperationKey, output: unknown, context: Context): Promise<void> {
  if (context.json) return print(context, safeJson(output));
  const { outputInWords } = await import('./in-words.js');
  const words = outputInWords(key, output, widthOf(context));
  if (words.text !== undefined) await print(context, words.text);
  if (words.note !== undefined) note(context, words.note);
}

/** Prints a page: with `--json` one array on one line, with `--jsonl` a line for each item. How to go on, and what is damaged, is said on standard error. */
export async function printPage(
  key: OperationKey,
  { items, next, damaged = [] }: Page<unknown>,
  context: Context,
): Promise<void> {
  if (context.lines) {
    for (const item of items) await print(context, safeJson(item));
  } else if (context.json) {
    await print(context, safeJson(items));
  } else {
    const { itemsInWords } = await import('./in-words.js');
    const text = itemsInWords(key, items, widthOf(context));
    if (text === undefined) note(context, 'There is nothing to list.');
    else await print(context, text);
  }
  for (const { message, next: remedy } of damaged)
    note(context, safeLine(`${message}${remedy === undefined ? '' : ` ${remedy}`}`));
  if (next !== undefined) note(context, `There are more: ${typeNext(context, `${context.command} --after ${next}`)}`);
}

function widthOf({ stdout }: Context): number | undefined {
  return stdout.isTTY === true ? (stdout.columns ?? USUAL_WIDTH) : undefined;
}

/** Data: goes to standard output. Resolves when the reader can take more. */
export async function print({ stdout }: Context, text: string): Promise<void> {
  if (stdout.write(`${text}\n`) || stdout.destroyed) return;
  await new Promise<void>((resolve) => {
    const go = (): void => {
      stdout.off('drain', go).off('close', go).off('error', go);
      resolve();
    };
    stdout.on('drain', go).on('close', go).on('error', go);
  });
}

/** What is not data: goes to standard error, and nowhere with `--quiet`. */
export function note(context: Pick<Context, 'stderr' | 'quiet'>, text: string): void {
  if (!context.quiet) context.stderr.write(`${text}\n`);
}
