import type { Page } from '../node/api/handlers.js';
import type { OperationKey } from '../node/api/operations.js';
import type { SearchView } from '../node/api/views.js';
import { typeNext, type Context } from './context.js';
import { isObject, renderFields } from './render.js';
import { safeJson } from './safe-text.js';
import { renderTable, type Column } from './table.js';

type Fields = Readonly<Record<string, unknown>>;

const id = (key: string): Column => ({ key, whole: true });
const column = (key: string): Column => ({ key });

interface List {
  /** The field of a single output in which the list stands; without it the operation answers by pages. */
  readonly within?: string;
  readonly columns: readonly Column[];
  /** What is said of the rest of a single output. */
  readonly summary?: (output: Fields) => string;
}

/** What of a list's items is shown in a table. */
const LISTS: Readonly<Partial<Record<OperationKey, List>>> = {
  search: {
    within: 'hits',
    columns: [column('title'), column('price'), column('availability'), id('listing')],
    summary: (output) => searchSummary(output as unknown as SearchView),
  },
  listingList: { columns: [column('title'), column('price'), column('available'), column('status'), id('listing')] },
  tradeList: { columns: [column('state'), column('role'), column('total'), column('updated'), id('trade')] },
};

/** "Nothing found" and "nobody answered" are different answers (DESIGN section 5). */
function searchSummary({ hits, coverage, tookMs }: SearchView): string {
  const { verdict, asked, answered } = coverage;
  const found = hits.length === 1 ? '1 hit' : `${hits.length === 0 ? 'no' : hits.length} hits`;
  const who = answered === 0 ? 'nobody answered' : `${answered} of ${asked} index nodes answered`;
  return `${found} in ${Math.round(tookMs)} ms; coverage ${verdict}: ${who}`;
}

/** Prints one output: with `--json` a line, else words. */
export async function printOne(key: OperationKey, output: unknown, context: Context): Promise<void> {
  if (context.json) return print(context, safeJson(output));
  const list = LISTS[key];
  if (list?.within !== undefined && isObject(output)) {
    await printItems(output[list.within] as readonly Fields[], list.columns, context);
    if (list.summary !== undefined) note(context, list.summary(output));
    return;
  }
  await print(context, isObject(output) ? renderFields(output).join('\n') : String(output));
}

/** Prints a page: with `--json` one array on one line. How to go on is said on standard error. */
export async function printPage(key: OperationKey, page: Page<unknown>, context: Context): Promise<void> {
  if (context.json) await print(context, safeJson(page.items));
  else await printItems(page.items as readonly Fields[], LISTS[key]?.columns ?? [], context);
  if (page.items.length === 0) note(context, 'There is nothing to list.');
  if (page.next !== undefined)
    note(context, `There are more: ${typeNext(context, `${context.command} --after ${page.next}`)}`);
}

async function printItems(items: readonly Fields[], columns: readonly Column[], context: Context): Promise<void> {
  if (items.length === 0) return;
  const { isTTY, columns: width = 80 } = context.stdout;
  const table = isTTY === true ? renderTable(items, columns, width) : undefined;
  await print(
    context,
    (
      table ??
      items
        .map((item) => renderFields(item).join('\n'))
        .join('\n\n')
        .split('\n')
    ).join('\n'),
  );
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
