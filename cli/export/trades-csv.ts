import type { TradeView } from '../../node/api/views.js';
import { csvRow } from './csv.js';
import { moneyText } from './item.js';

const COLUMNS = [
  'trade',
  'state',
  'role',
  'counterparty',
  'goods',
  'pieces',
  'total',
  'currency',
  'created',
  'updated',
];

export const TRADES_HEADER = csvRow(COLUMNS);

/** A trade as a row of bookkeeping: the total in the currency's own units, times in UTC. */
export function tradeAsCsv({ trade, state, role, counterparty, lines, total, created, updated }: TradeView): string {
  const [amount = '', currency = ''] = moneyText(total).split(' ');
  // No semicolon of a stranger's title: where lists are separated by it, a spreadsheet opens what follows as a cell of its own.
  const goods = lines.map(({ quantity, title }) => `${quantity} × ${title.replaceAll(';', ',')}`).join(' / ');
  const pieces = lines.reduce((sum, { quantity }) => sum + quantity, 0);
  const at = (time: number) => new Date(time).toISOString();
  return csvRow([trade, state, role, counterparty, goods, String(pieces), amount, currency, at(created), at(updated)]);
}
