import type { OperationKey } from '../node/api/operations.js';
import type { SearchView } from '../node/api/views.js';
import { isObject, renderFields } from './render.js';
import { renderTable, type Column } from './table.js';

type Fields = Readonly<Record<string, unknown>>;

interface List {
  /** The field of a single output in which the list stands; without it the operation answers by pages. */
  readonly within?: string;
  readonly columns: readonly Column[];
  /** What is said of the rest of a single output. */
  readonly summary?: (output: Fields) => string;
}

const id = (key: string): Column => ({ key, whole: true });
const column = (key: string): Column => ({ key });

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

/**
 * One output for people: what to print, if anything, and what to say beside it.
 * @param width columns of the terminal; undefined: it is none
 */
export function outputInWords(
  key: OperationKey,
  output: unknown,
  width: number | undefined,
): { readonly text?: string; readonly note?: string } {
  const list = LISTS[key];
  if (!isObject(output)) return { text: String(output) };
  if (list?.within === undefined) return { text: renderFields(output).join('\n') };
  const text = itemsInWords(key, output[list.within] as readonly unknown[], width);
  return {
    ...(text === undefined ? {} : { text }),
    ...(list.summary === undefined ? {} : { note: list.summary(output) }),
  };
}

/** The items of a list: a table on a terminal that is wide enough, else one after the other; undefined: there are none. */
export function itemsInWords(
  key: OperationKey,
  items: readonly unknown[],
  width: number | undefined,
): string | undefined {
  const rows = items as readonly Fields[];
  if (rows.length === 0) return undefined;
  const table = width === undefined ? undefined : renderTable(rows, LISTS[key]?.columns ?? [], width);
  return table?.join('\n') ?? rows.map((row) => renderFields(row).join('\n')).join('\n\n');
}
