import type { CID } from 'multiformats/cid';
import { NiagaError } from '../../protocol/errors.js';
import { equalBytes } from '../../protocol/ids.js';
import { standsIn, type Stands } from '../../protocol/identity/stands.js';
import { delegationEnded, hasEnded, type SignedRecord } from '../../protocol/record.js';
import type { TradePayload } from '../../protocol/trade/index.js';
import type { DeviceBook } from './device-book.js';

type Book = Pick<DeviceBook, 'revocationsOf' | 'writerOf'>;

/** Statements that bound what a device may still have signed: that it was revoked, or that another device writes. */
function boundsOf({ payload }: SignedRecord<TradePayload>, book: Book, own: boolean) {
  const revocations = book.revocationsOf(payload.trader, payload.device);
  if (revocations.length > 0) {
    const since = new Date(Math.min(...revocations.map((one) => one.payload.created))).toISOString();
    const lists = revocations.map((one) => one.payload.stands);
    return { code: 'DELEGATION_REVOKED', message: `was revoked ${since}`, lists } as const;
  }
  const writer = book.writerOf(payload.trader);
  // What another own device signed while it wrote comes from that device itself.
  if (own || writer === undefined || equalBytes(writer.payload.holder, payload.device)) return undefined;
  return { code: 'WRITER_OTHER', message: 'no longer writes for its trader', lists: [writer.payload.stands] } as const;
}

/** Whether {@link checkStanding} has anything to check. */
export function isBounded(record: SignedRecord<TradePayload>, book: Book, own: boolean): boolean {
  return boundsOf(record, book, own) !== undefined;
}

/**
 * Refuses a trade message of a device that was revoked, or that no longer writes for its trader, unless it is one of those that
 * stand (DESIGN section 4). Only for messages that are not in the log yet: what was admitted stays, for no later statement undoes
 * what the other side has acted upon (section 6).
 *
 * A message also stands that another device of its trader, which may sign now, has built upon: that device says itself what it took,
 * and a list of what stands has no room for everything. The other side's word does not count: it may be the thief's.
 * @param known the messages of the trade by their ids, also those that wait for others
 * @param own whether it is the reader's own trader
 * @throws NiagaError DELEGATION_REVOKED, WRITER_OTHER; TRADE_HEADS where messages must come first that tell whether it stands
 */
export function checkStanding(
  record: SignedRecord<TradePayload>,
  {
    book,
    known,
    own,
  }: { readonly book: Book; readonly known: ReadonlyMap<string, SignedRecord<TradePayload>>; readonly own: boolean },
): void {
  const bounds = boundsOf(record, book, own);
  if (bounds === undefined) return;
  const { payload, id } = record;
  const trade = payload.kind === 'offer' ? id : payload.trade;
  const headsOf = (name: string) => known.get(name)?.payload.heads;
  const builtUpon = [...known.values()]
    .filter((one) => equalBytes(one.payload.trader, payload.trader) && !isBounded(one, book, false))
    .map((one) => ({ trade, last: one.id }));
  if (standsIn(id, { trade, lists: [...bounds.lists, builtUpon], headsOf })) return;
  const missing = lastIn(bounds.lists, trade).filter((last) => headsOf(last.toString()) === undefined);
  if (missing.length > 0) {
    throw new NiagaError('TRADE_HEADS', 'The last messages of that device that stand must come first.', {
      details: { missing: missing.map(String) },
    });
  }
  throw new NiagaError(bounds.code, `The device that signed the ${payload.kind} ${bounds.message}.`);
}

/**
 * Refuses a trade message that comes after its delegation has ended, unless somebody has taken it before who may say so: its
 * trader, of whom another message builds upon it or a list names it, or this trader, likewise. That it was signed in time is its
 * author's word alone, and whoever finds the keys of an old machine could say the same. Only for messages that are not in the log
 * yet.
 * @param known the messages of the trade by their ids, also those that wait for others and those that came together with it
 * @param listed what this trader has itself noted to have taken
 * @throws NiagaError DELEGATION_EXPIRED
 */
export function checkInTime(
  record: SignedRecord<TradePayload>,
  {
    book,
    known,
    reader,
    listed,
    now,
  }: {
    readonly book: Book;
    readonly known: ReadonlyMap<string, SignedRecord<TradePayload>>;
    readonly reader: Uint8Array;
    readonly listed: Stands;
    readonly now: number;
  },
): void {
  const { payload, id, until } = record;
  if (until === undefined || !hasEnded(record, now)) return;
  const trade = payload.kind === 'offer' ? id : payload.trade;
  const builtUpon = [...known.values()]
    .filter((one) => [payload.trader, reader].some((trader) => equalBytes(one.payload.trader, trader)))
    .filter((one) => !hasEnded(one, now) && !isBounded(one, book, false))
    .map((one) => ({ trade, last: one.id }));
  const bounds = boundsOf(record, book, equalBytes(payload.trader, reader));
  // Whoever finds the keys of an old machine could make a lease with them as well, and list in it what it likes.
  const writer = book.writerOf(payload.trader);
  const isProven = bounds?.code === 'DELEGATION_REVOKED' || (writer !== undefined && !hasEnded(writer, now));
  const named = bounds !== undefined && isProven ? bounds.lists : [];
  const headsOf = (name: string) => known.get(name)?.payload.heads;
  if (standsIn(id, { trade, lists: [listed, builtUpon, ...named], headsOf })) return;
  throw delegationEnded(payload.kind, until);
}

function lastIn(lists: readonly Stands[], trade: CID): CID[] {
  const name = trade.toString();
  return lists.flatMap((list) => list.flatMap((one) => (one.trade.toString() === name ? [one.last] : [])));
}
