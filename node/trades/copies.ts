import { isNiagaError } from '../../protocol/errors.js';
import { equalBytes } from '../../protocol/ids.js';
import { openRecord, type Verify } from '../../protocol/record.js';
import { roleOf } from '../../protocol/trade/index.js';
import { roleIn } from '../../protocol/trade/roles.js';
import type { Identity } from '../identity/index.js';
import type { Logger } from '../logger.js';
import type { Store } from '../store/index.js';
import type { TradeBook } from './book.js';
import { caseIn } from './cases.js';
import type { Journal, MessageRecord } from './journal.js';
import type { Ledger } from './ledger.js';

interface CopiesDeps {
  readonly store: Store;
  readonly identity: Identity;
  readonly verify: Verify;
  readonly logger: Logger;
  readonly onRefused: (code: string) => void;
  readonly book: TradeBook;
  readonly journal: Journal;
  readonly ledger: Ledger;
  readonly now: () => number;
  /** Told of trades that name this trader as their arbiter and were not here. */
  readonly onCase: (trade: string) => void;
}

/** Takes up what somebody has who holds the log; what does not hold is left out. */
export async function takeCopies(
  messages: readonly Uint8Array[],
  receipts: readonly Uint8Array[],
  deps: CopiesDeps,
  judged: boolean,
): Promise<void> {
  const { ledger, journal, now, onRefused, logger } = deps;
  const refused = (error: unknown): void => {
    if (!isNiagaError(error)) throw error;
    onRefused(error.code);
    logger.debug({ code: error.code, error: error.message }, 'a copy of a message was not taken');
  };
  const records = messages.flatMap((bytes) => {
    try {
      return [journal.open(bytes.slice(), now())];
    } catch (error) {
      refused(error);
      return [];
    }
  });
  await takeCases(records, deps, judged);
  for (const record of records)
    await ledger.take(record, { way: 'copy', judged, beside: records }, () => Promise.resolve()).catch(refused);
  for (const bytes of receipts) {
    try {
      await takeReceipt(bytes, deps);
    } catch (error) {
      if (!isNiagaError(error)) throw error;
      onRefused(error.code);
    }
  }
}

/** A log of which this trader is the arbiter is taken up as a whole: until its contract is there, it is no party. */
async function takeCases(
  records: readonly MessageRecord[],
  { book, identity, ledger, now, onCase, onRefused }: CopiesDeps,
  judged: boolean,
): Promise<void> {
  for (const offer of records) {
    const { payload, id: trade } = offer;
    if (payload.kind !== 'offer' || book.rows().has(trade.toString()) || roleIn(payload, identity.trader) !== undefined)
      continue;
    const log = records.filter(
      (one) => one === offer || (one.payload.kind !== 'offer' && one.payload.trade.equals(trade)),
    );
    const found = caseIn(log, trade, identity.trader, now());
    if (found === undefined) continue;
    try {
      await ledger.adopt(found, { judged });
      onCase(trade.toString());
    } catch (error) {
      if (!isNiagaError(error)) throw error;
      onRefused(error.code);
    }
  }
}

/** A receipt is the other side's word about what one side wrote. */
async function takeReceipt(bytes: Uint8Array, { store, identity, verify, book, journal }: CopiesDeps): Promise<void> {
  const { payload } = openRecord(bytes, { network: identity.network, kinds: ['receipt'], verify });
  const trade = payload.trade === undefined ? undefined : await book.read(payload.trade.toString());
  const of = trade?.records.get(payload.of.toString());
  if (trade === undefined || of === undefined) return;
  const isParty = roleOf(trade.state, payload.trader) !== undefined;
  if (!isParty || equalBytes(of.payload.trader, payload.trader)) return;
  if ((await journal.receipt(trade.id, payload.of)) !== undefined) return;
  await store.write([journal.putReceipt(trade.id, payload.of, bytes)]);
}
