import { NiagaError } from '../../protocol/errors.js';
import { equalBytes } from '../../protocol/ids.js';
import type { OpenTrade } from './book.js';
import type { MessageRecord } from './journal.js';

const KiB = 1024;
/** Bytes of one side's messages in a log: what a stranger may fill before there is a contract, and what a partner may. */
const MAX_BYTES_BEFORE_CONTRACT = 256 * KiB;
const MAX_BYTES = 4 * KiB * KiB;
/** Where an arbiter is named, before the contract: the log of both sides fits the one parcel in which the arbiter gets it (128 KiB). */
const MAX_BYTES_FOR_ARBITER = 60 * KiB;
/** Beyond them there is room for what ends a negotiation, or a side that has used its own could not leave it. */
const ROOM_TO_END = 2 * KiB;
const ENDS: ReadonlySet<string> = new Set(['decline', 'withdraw', 'timeout']);

/**
 * Whether a message has room in the log; asked of own messages as of those of others, so that no side has what the other refuses.
 * It is the author's own messages that count: the author has them all, whatever else it has not seen yet.
 * @throws NiagaError TRADE_FULL
 */
export function checkRoom(trade: Pick<OpenTrade, 'state' | 'records'> | undefined, record: MessageRecord): void {
  const records = [...(trade?.records.values() ?? [])];
  const bytesOf = (trader: Uint8Array): number =>
    [...records, record].reduce(
      (sum, { payload, bytes }) => sum + (equalBytes(payload.trader, trader) ? bytes.length : 0),
      0,
    );
  const full = (): NiagaError =>
    new NiagaError('TRADE_FULL', 'The messages of that side take more room than they may.');
  const bytes = bytesOf(record.payload.trader) - (ENDS.has(record.payload.kind) ? ROOM_TO_END : 0);
  if (trade?.state.agreement !== undefined) {
    if (bytes > MAX_BYTES) throw full();
    return;
  }
  if (![...records, record].some(namesArbiter)) {
    if (bytes > MAX_BYTES_BEFORE_CONTRACT) throw full();
    return;
  }
  if (bytes > MAX_BYTES_FOR_ARBITER) throw full();
  // Who names an arbiter in a log that is too long already names it in vain: the contract would be without it.
  const { parties } = trade?.state ?? {};
  const sides = namesArbiter(record) && parties !== undefined ? Object.values(parties) : [];
  if (sides.some((side) => bytesOf(side) > MAX_BYTES_FOR_ARBITER)) throw full();
}

function namesArbiter({ payload }: MessageRecord): boolean {
  return (payload.kind === 'offer' || payload.kind === 'counter') && payload.terms.arbiter !== undefined;
}
