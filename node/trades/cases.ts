import type { CID } from 'multiformats/cid';
import { z } from 'zod';
import { encode } from '../../protocol/cbor.js';
import { NiagaError } from '../../protocol/errors.js';
import { MAX_PARCEL_BYTES } from '../../protocol/mail/index.js';
import { equalBytes } from '../../protocol/ids.js';
import { cidSchema } from '../../protocol/schema.js';
import {
  admits,
  agreementIn,
  apply,
  MAX_MESSAGES_OF,
  messagesOf,
  roleOf,
  stateOf,
  type TradeState,
} from '../../protocol/trade/index.js';
import type { Outgoing } from '../mail/index.js';
import type { Journal, MessageRecord } from './journal.js';
import { readBody } from '../network/bodies.js';

/** Messages of one case: as many as the sides may send. */
const MAX_MESSAGES = MAX_MESSAGES_OF.buyer + MAX_MESSAGES_OF.seller;

const caseSchema = z.object({
  trade: cidSchema,
  messages: z
    .array(z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'not an envelope'))
    .min(1)
    .max(MAX_MESSAGES),
});

/** The arbiter whom the contract names. */
export function arbiterOf(state: TradeState): Uint8Array | undefined {
  return agreementIn(state.contract)?.terms.arbiter?.trader;
}

/**
 * The log of a trade for its arbiter, who can take a part of it for nothing: until the contract is there, it is no party. Undefined
 * where there is none, or the log is too large for one parcel (room.ts keeps it small enough until the contract is there).
 */
export function caseFor(state: TradeState, records: ReadonlyMap<string, MessageRecord>): Outgoing | undefined {
  const to = arbiterOf(state);
  if (to === undefined) return undefined;
  const messages = messagesOf(state).flatMap(({ id }) => records.get(id.toString())?.bytes ?? []);
  // Before it is written: a log may be larger than anything that is encoded at once.
  const size = messages.reduce((sum, { length }) => sum + length, 0);
  if (messages.length > MAX_MESSAGES || size > MAX_PARCEL_BYTES) return undefined;
  const bytes = encode({ trade: state.trade, messages });
  return bytes.length > MAX_PARCEL_BYTES ? undefined : { to, kind: 'case', bytes, about: state.trade };
}

export interface Case {
  readonly trade: CID;
  readonly state: TradeState;
  /** Each after those that it names. */
  readonly records: readonly MessageRecord[];
}

/**
 * Reads a case that a side of the trade sends to its arbiter.
 * What the clock here does not admit yet is left out: it comes again with the copies of the log.
 * @throws NiagaError PEER_PROTOCOL, RECORD_…, DELEGATION_…; TRADE_ROLE where it is not this trader that the contract names, or its
 *   sender is no side of it
 */
export function openCase(
  bytes: Uint8Array,
  from: Uint8Array,
  own: Uint8Array,
  { journal, now }: { readonly journal: Journal; readonly now: number },
): Case {
  const { trade, messages } = readBody(caseSchema, bytes, 'case');
  const records = messages.map((message) => journal.open(message.slice(), now));
  const found = caseIn(records, trade, own, now);
  if (found === undefined) throw new NiagaError('TRADE_ROLE', 'This trader is not the arbiter of that contract.');
  if (!Object.values(found.state.parties).some((side) => equalBytes(side, from)))
    throw new NiagaError('TRADE_ROLE', 'A case comes from a side of the trade.');
  return found;
}

/** What holds of a log by this node's clock, where a contract in it names this trader as its arbiter. */
export function caseIn(records: readonly MessageRecord[], trade: CID, own: Uint8Array, now: number): Case | undefined {
  const { state, taken } = takenFrom(records, trade, now);
  const isArbiter = state !== undefined && roleOf(state, own) === 'arbiter';
  return isArbiter ? { trade, state, records: taken } : undefined;
}

/** What holds of a log by this node's clock: a deadline that has not passed here is left out, and so is what builds on it. */
function takenFrom(
  records: readonly MessageRecord[],
  trade: CID,
  now: number,
): { readonly state: TradeState | undefined; readonly taken: readonly MessageRecord[] } {
  const byId = new Map(records.map((record) => [record.id.toString(), record]));
  const whole = stateOf(records, { trade }).state;
  const taken: MessageRecord[] = [];
  let state: TradeState | undefined;
  for (const { id } of whole === undefined ? [] : messagesOf(whole)) {
    const record = byId.get(id.toString());
    if (record === undefined || admits(state, record, now) !== undefined) continue;
    const outcome = apply(state, record);
    if (!outcome.ok) continue;
    state = outcome.state;
    taken.push(record);
  }
  return { state, taken };
}
