import type { OperationKey } from '../node/api/operations.js';
import type { EventView } from '../node/api/rows/events.js';
import type { SearchView } from '../node/api/views.js';
import type { RatingsView } from '../node/api/rows/rating.js';
import type { DoctorView } from '../node/api/rows/doctor.js';
import { doctorInWords } from './doctor-in-words.js';
import { eventInWords } from './event-in-words.js';
import { isObject, renderFields } from './render.js';
import { searchInWords } from './search-in-words.js';
import { renderTable, type Column } from './table.js';

type Fields = Readonly<Record<string, unknown>>;

const id = (key: string): Column => ({ key, whole: true });
const column = (key: string): Column => ({ key });

/** Outputs that are a list and nothing else. */
const WITHIN: Readonly<Partial<Record<OperationKey, { readonly list: string; readonly columns: readonly Column[] }>>> =
  {
    configList: { list: 'settings', columns: [id('key'), column('value'), column('origin')] },
    logList: { list: 'areas', columns: [id('area'), column('level')] },
    logSet: { list: 'areas', columns: [id('area'), column('level')] },
  };

const NOT_ANSWERED =
  'No node answers that keeps this trader’s ratings: these are only those of trades on this node. Ask again later.';

/** What of a list's items is shown in a table. */
const LISTS: Readonly<Partial<Record<OperationKey, readonly Column[]>>> = {
  listingList: [column('title'), column('price'), column('available'), column('status'), id('listing')],
  watchList: [column('words'), column('filters'), column('matches'), column('checked'), id('watch')],
  evidenceList: [column('title'), column('terms'), column('found'), id('listing')],
  peers: [column('place'), column('connected'), column('lastSeen'), id('peerId')],
  webhookList: [column('url'), column('type'), column('sent'), column('newest'), id('webhook')],
  tokenList: [id('name'), column('scopes'), column('created'), column('expires')],
  inbox: [column('kind'), column('deadline'), column('text'), id('command')],
  chatShow: [column('time'), column('own'), column('text'), column('delivery'), id('id')],
  chatList: [column('unread'), column('updated'), column('text'), id('with')],
  tradeList: [column('state'), column('role'), column('total'), column('updated'), id('trade')],
};

/**
 * One output for people: what to print, if anything, and what to say beside it.
 * @param width columns of the terminal; undefined: it is none
 */
export function outputInWords(
  key: OperationKey,
  output: unknown,
  width: number | undefined,
): { readonly text?: string; readonly note?: string } {
  if (!isObject(output)) return { text: String(output) };
  if (key === 'search') {
    const { notes, ...words } = searchInWords(output as unknown as SearchView, width);
    return { ...words, note: notes.join('\n') };
  }
  if (key === 'events') return { text: eventInWords(output as unknown as EventView) };
  if (key === 'doctor') return { text: doctorInWords(output as unknown as DoctorView) };
  const text = (tableWithin(key, output, width) ?? renderFields(output)).join('\n');
  if (key === 'traderRatings' && (output as RatingsView).answered === false) return { text, note: NOT_ANSWERED };
  return { text };
}

function tableWithin(key: OperationKey, output: Fields, width: number | undefined): string[] | undefined {
  const within = WITHIN[key];
  if (within === undefined || width === undefined) return undefined;
  const rows = output[within.list] as readonly Fields[];
  const columns = within.columns.filter((each) => rows.some((row) => row[each.key] !== undefined));
  return renderTable(rows, columns, width);
}

/** The items of a list: a table on a terminal that is wide enough, else one after the other; undefined: there are none. */
export function itemsInWords(
  key: OperationKey,
  items: readonly unknown[],
  width: number | undefined,
): string | undefined {
  const rows = items as readonly Fields[];
  if (rows.length === 0) return undefined;
  const table = width === undefined ? undefined : renderTable(rows, LISTS[key] ?? [], width);
  return table?.join('\n') ?? rows.map((row) => renderFields(row).join('\n')).join('\n\n');
}
