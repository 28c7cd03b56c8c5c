import { equalBytes } from '../../protocol/ids.js';
import { MAX_STANDS, standsIn, type Stands } from '../../protocol/identity/stands.js';
import type { TradeLog } from '../trades/index.js';

type Log = Pick<TradeLog, 'trade' | 'updated' | 'records'>;
type Logs = AsyncIterable<Log>;

/** For each of these trades the last messages of a device, as this machine knows them. */
export async function lastOf(logs: Logs, device: Uint8Array): Promise<Stands> {
  return collect(logs, ({ payload }) => equalBytes(payload.device, device));
}

/** For each of these trades its newest messages, whoever signed them. */
export async function newestOf(logs: Logs): Promise<Stands> {
  return collect(logs, () => true);
}

async function collect(logs: Logs, counts: (record: Log['records'][number]) => boolean): Promise<Stands> {
  const trades: { updated: number; stands: Stands }[] = [];
  for await (const { trade, updated, records } of logs) {
    const byId = new Map(records.map((record) => [record.id.toString(), record]));
    const stands: Stands = [];
    // From the newest on: what comes before one that is listed stands with it.
    for (const record of [...records].reverse()) {
      const headsOf = (id: string) => byId.get(id)?.payload.heads;
      if (!counts(record) || standsIn(record.id, { trade, lists: [stands], headsOf })) continue;
      stands.push({ trade, last: record.id });
    }
    if (stands.length > 0) trades.push({ updated, stands });
  }
  return trades
    .sort((a, b) => b.updated - a.updated)
    .flatMap(({ stands }) => stands)
    .slice(0, MAX_STANDS);
}
