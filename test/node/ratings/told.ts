import type { MessageRecord } from '../../../node/trades/journal.js';
import type { TradeLog } from '../../../node/trades/index.js';
import { messagesOf, type MessageKind } from '../../../protocol/trade/index.js';
import { buyer, Log, seller } from '../trades/log.js';

const paid = { amount: { amount: 8_500_000, currency: 'IDR' } };

export interface Told {
  readonly log: TradeLog;
  readonly of: (kind: MessageKind) => Uint8Array;
}

/** A trade from the offer to ratings of both sides, the seller's with the buyer's reply. */
export function told(begin: number): Told {
  const log = new Log();
  log.clock = begin;
  log.offer(false).answer(seller, 'accept', { named: false });
  const add = (...step: Parameters<Log['sign']>): void => log.add(log.sign(...step));
  add(buyer, 'paid', paid);
  add(seller, 'payment-seen', paid);
  add(seller, 'shipped', {});
  add(buyer, 'received', { note: 'Kunci ada di bawah pot.' });
  add(buyer, 'approved', {});
  add(buyer, 'rating', { stars: 4, text: 'Cepat' });
  add(seller, 'rating', { stars: 5 });
  add(buyer, 'reply', { text: 'Sama-sama' });
  const { state, records } = log.known;
  const all = messagesOf(state).flatMap<MessageRecord>(({ id }) => records.get(id.toString()) ?? []);
  const { trade } = state;
  return {
    log: { trade, state, records: all, counterparty: seller.trader, role: 'buyer', ended: true, updated: 0, heads: [] },
    of: (kind) => all.findLast(({ payload }) => payload.kind === kind)?.bytes ?? new Uint8Array(),
  };
}
