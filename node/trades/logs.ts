import type { CID } from 'multiformats/cid';
import { isNiagaError } from '../../protocol/errors.js';
import { messagesOf } from '../../protocol/trade/index.js';
import type { Logger } from '../logger.js';
import type { OpenTrade, TradeBook } from './book.js';
import type { TradeHeads, TradeLog, Trades } from './index.js';
import { participants } from './journal.js';

/** A trade as others read it. */
export function logOf({ state, records, row, role }: OpenTrade): TradeLog {
  return {
    trade: state.trade,
    counterparty: row.counterparty,
    role,
    state,
    ended: row.ended,
    updated: row.updated,
    records: messagesOf(state).flatMap((message) => records.get(message.id.toString()) ?? []),
    heads: state.log.heads.map((head) => head.message.id),
  };
}

/** As {@link Trades.logs}. */
export async function* logsIn(
  book: TradeBook,
  { ended, whole = false, newest }: Parameters<Trades['logs']>[0],
  logger: Logger,
): AsyncGenerator<TradeLog> {
  const rows = [...book.rows()].filter(([, row]) => ended || !row.ended);
  if (newest !== undefined) rows.sort(([, a], [, b]) => b.updated - a.updated);
  for (const [id] of rows.slice(0, newest)) {
    // What is being written now belongs to a whole answer.
    const reading = whole ? book.locked(id, () => book.get(id)) : book.read(id);
    const trade = await reading.catch((error: unknown) => {
      if (whole || !isNiagaError(error, 'RECORD_CORRUPT')) throw error;
      logger.warn({ trade: id, error: error.message }, 'a log is left out');
      return undefined;
    });
    if (trade !== undefined) yield logOf(trade);
  }
}

/** As {@link Trades.heads}: by the rows, which are in memory. */
export async function* headsIn(
  book: TradeBook,
  { after = '', whole = false }: NonNullable<Parameters<Trades['heads']>[0]>,
): AsyncGenerator<TradeHeads> {
  const ids = [...book.rows().keys()].filter((id) => id > after).sort();
  for (const id of ids) {
    // Of what has ended nobody relies on the last moment, and whoever reads all logs would be waited for at each.
    if (whole && book.rows().get(id)?.ended === false) await book.locked(id, () => Promise.resolve());
    const row = book.rows().get(id);
    if (row?.role === undefined || row.heads === undefined) continue;
    const { counterparty, role, ended, updated, heads, messages } = row;
    yield { id, counterparty, participants: participants(row), role, ended, updated, heads, messages };
  }
}

/** As {@link Trades.has}. Only where this node is further on is its log read. */
export async function hasMessages(book: TradeBook, id: string, messages: readonly CID[]): Promise<boolean> {
  const heads = book.rows().get(id)?.heads ?? [];
  const hasAll = (known: ReadonlySet<string>): boolean => messages.every((message) => known.has(message.toString()));
  if (hasAll(new Set(heads.map(String)))) return true;
  const trade = await book.read(id);
  return trade !== undefined && hasAll(new Set(trade.records.keys()));
}
