import type { CID } from 'multiformats/cid';
import { NiagaError } from '../../protocol/errors.js';
import { equalBytes } from '../../protocol/ids.js';
import { CLOCK_SKEW, openRecord, type SignedRecord, type Verify } from '../../protocol/record.js';
import { otherSide, SIDES, type Side, type TradePayloadOf } from '../../protocol/trade/index.js';
import { MAX_RATINGS_BYTES, MAX_SHOWN_RATINGS, type ShownRating } from '../../protocol/trade/shown-ratings.js';
import type { DeviceBook } from '../identity/index.js';
import type { TradeLog } from '../trades/index.js';

/** Names and lengths of the fields of one rating in CBOR, and some to spare. */
const FRAME = 64;
/** Bytes of all that is shown: the rest of the record around it takes less than this leaves. */
const MAX_BYTES = MAX_RATINGS_BYTES - 1_024;

type Reply = SignedRecord<TradePayloadOf<'reply'>>;

/**
 * By what the rated side itself has signed that it was in the trade, and as what: the seller that money came, the buyer that goods
 * did. Neither tells strangers what was bought, or where it went.
 */
const BONDS = { seller: ['payment-seen'], buyer: ['received', 'approved'] } as const satisfies Record<
  Side,
  readonly string[]
>;
const BOND_KINDS = [...BONDS.seller, ...BONDS.buyer] as const;
type Bond = SignedRecord<TradePayloadOf<(typeof BOND_KINDS)[number]>>;

/** A rating, and what shows that it is of a trade between its author and the rated. */
export interface Rated {
  readonly trade: CID;
  readonly rated: Uint8Array;
  /** What the author of the rating was. */
  readonly role: Side;
  readonly rating: SignedRecord<TradePayloadOf<'rating'>>;
  readonly reply?: Reply | undefined;
  /** Absent: nothing of the kind was signed, and nobody else can be shown the rating. */
  readonly bond?: Bond | undefined;
}

/** The ratings that stand in the log of a trade. */
export function ratingsOf({ trade, state, records }: TradeLog): Rated[] {
  return SIDES.flatMap((role) => {
    const found = state.ratings[role];
    const rating = records.find(({ id }) => found?.message.equals(id) === true);
    if (found === undefined || rating === undefined || !isOf(rating, ['rating'])) return [];
    const rated = state.parties[otherSide(role)];
    const reply = records.find(({ id }) => found.reply?.equals(id) === true);
    // A note is for the other side only.
    const bond = records.findLast(
      (one): one is Bond =>
        isOf(one, BONDS[otherSide(role)]) && equalBytes(one.payload.trader, rated) && !('note' in one.payload),
    );
    return [{ trade, rated, role, rating, bond, reply: reply && isOf(reply, ['reply']) ? reply : undefined }];
  });
}

/** What of ratings is shown to others: those that have a bond, as many as one record holds. */
export function shownOf(ratings: readonly Rated[]): ShownRating[] {
  const shown: ShownRating[] = [];
  let size = 0;
  for (const { rating, bond, reply } of ratings) {
    if (bond === undefined) continue;
    const one = { rating: rating.bytes, bond: bond.bytes, ...(reply === undefined ? {} : { reply: reply.bytes }) };
    size += Object.values(one).reduce((sum, { length }) => sum + length, FRAME);
    if (shown.length === MAX_SHOWN_RATINGS || size > MAX_BYTES) break;
    shown.push(one);
  }
  return shown;
}

interface ReadDeps {
  readonly networkName: string;
  readonly devices: Pick<DeviceBook, 'isRevoked'>;
  readonly verify: Verify;
  readonly now: () => number;
}

/**
 * One rating as somebody shows it: each part signed by a device that its trader lets trade, all of one trade, the bond and the reply by
 * the rated and the rating by somebody else.
 * @throws NiagaError RECORD_…, DELEGATION_…; PEER_PROTOCOL where the parts do not belong together
 */
export function readShown(
  { rating: given, bond: bound, reply: replied }: ShownRating,
  rated: Uint8Array,
  deps: ReadDeps,
): Rated {
  const { networkName: network, devices, verify, now } = deps;
  const check = <R extends Reply | Bond | Rated['rating']>(record: R): R => {
    const { trader, device, created } = record.payload;
    if (created > now() + CLOCK_SKEW) throw new NiagaError('RECORD_TIME', 'The rating lies ahead.');
    // What of it stood is known only where the log is.
    if (devices.isRevoked(trader, device))
      throw new NiagaError('DELEGATION_REVOKED', 'The device that signed it was revoked.');
    return record;
  };
  const rating = check(openRecord(given.slice(), { network, kinds: ['rating'], verify }));
  const bond = check(openRecord(bound.slice(), { network, kinds: BOND_KINDS, verify }));
  const reply = replied && check(openRecord(replied.slice(), { network, kinds: ['reply'], verify }));
  const { trade } = rating.payload;
  const theirs = [bond, ...(reply === undefined ? [] : [reply])];
  const isOne = theirs.every(({ payload }) => payload.trade.equals(trade) && equalBytes(payload.trader, rated));
  if (!isOne || equalBytes(rating.payload.trader, rated))
    throw new NiagaError('PEER_PROTOCOL', 'What is shown with a rating is not of the same trade.');
  const role = bond.payload.kind === 'payment-seen' ? 'buyer' : 'seller';
  return { trade, rated, role, rating, bond, reply };
}

function isOf<K extends TradeLog['records'][number]['payload']['kind']>(
  record: TradeLog['records'][number],
  kinds: readonly K[],
): record is SignedRecord<TradePayloadOf<K>> & TradeLog['records'][number] {
  return (kinds as readonly string[]).includes(record.payload.kind);
}
