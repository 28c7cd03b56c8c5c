import type { CID } from 'multiformats/cid';
import { equalBytes } from '../../protocol/ids.js';
import { MAX_STANDS, standsIn, type Stands } from '../../protocol/identity/stands.js';
import type { TradeLog } from '../trades/index.js';

interface Message {
  readonly id: CID;
  readonly payload: { readonly device: Uint8Array; readonly heads: readonly CID[] };
}

interface Log extends Pick<TradeLog, 'trade' | 'updated' | 'ended'> {
  readonly records: readonly Message[];
}

type Logs = AsyncIterable<Log>;

/** Trades, by their ids, of which something is still on its way from here. */
export type UnderWay = ReadonlySet<string>;

/** For each of these trades the last messages of a device, as this machine knows them. */
export async function lastOf(logs: Logs, device: Uint8Array, underWay: UnderWay): Promise<Stands> {
  return collect(logs, underWay, ({ payload }) => equalBytes(payload.device, device));
}

/** For each of these trades its newest messages, whoever signed them. */
export async function newestOf(logs: Logs, underWay: UnderWay): Promise<Stands> {
  return collect(logs, underWay, () => true);
}

/**
 * Where there is no room for all: first the open trades, which a message that is missing here would stop for good, then those whose
 * last word may not have arrived, then those that changed last.
 */
async function collect(logs: Logs, underWay: UnderWay, counts: (message: Message) => boolean): Promise<Stands> {
  const trades: { open: boolean; underWay: boolean; updated: number; stands: Stands }[] = [];
  for await (const { trade, updated, ended, records } of logs) {
    const byId = new Map(records.map((record) => [record.id.toString(), record]));
    const stands: Stands = [];
    // From the newest on: what comes before one that is listed stands with it.
    for (const record of [...records].reverse()) {
      const headsOf = (id: string) => byId.get(id)?.payload.heads;
      if (!counts(record) || standsIn(record.id, { trade, lists: [stands], headsOf })) continue;
      stands.push({ trade, last: record.id });
    }
    if (stands.length > 0) trades.push({ open: !ended, underWay: underWay.has(trade.toString()), updated, stands });
  }
  return trades
    .sort((a, b) => Number(b.open) - Number(a.open) || Number(b.underWay) - Number(a.underWay) || b.updated - a.updated)
    .flatMap(({ stands }) => stands)
    .slice(0, MAX_STANDS);
}
