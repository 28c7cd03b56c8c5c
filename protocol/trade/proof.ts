import type { CID } from 'multiformats/cid';
import { z } from 'zod';
import { decode, encode } from '../cbor.js';
import { NiagaError } from '../errors.js';
import { equalBytes } from '../ids.js';
import { MAX_PARCEL_BYTES } from '../mail/parcel.js';
import { openRecord, type SignedRecord, type Verify } from '../record.js';
import { cidSchema } from '../schema.js';
import { concurrent, keyOf } from './log.js';
import { MESSAGE_KINDS, type MessageKind, type TradePayload } from './schema.js';
import type { TradeState } from './state.js';

/** Two envelopes and little else. */
const MAX_DEPTH = 3;
const envelope = z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'not bytes');
const proofSchema = z.looseObject({ trade: cidSchema, messages: z.tuple([envelope, envelope]) });

/** Two messages of one device of which neither knows the other: it signed a fork of the log (DESIGN section 6). */
export interface Proof {
  readonly trade: CID;
  /** Whole envelopes; the one with the smaller id first. */
  readonly messages: readonly [Uint8Array, Uint8Array];
}

/** Undefined where the two do not fit a parcel: then the log itself, which goes to everybody in it, has to do. */
export function writeProof({ trade, messages }: Proof): Uint8Array | undefined {
  const size = messages[0].length + messages[1].length + 128;
  return size > MAX_PARCEL_BYTES ? undefined : encode({ trade, messages }, { maxBytes: MAX_PARCEL_BYTES });
}

/** @throws NiagaError RECORD_MALFORMED, RECORD_TOO_LARGE, RECORD_SCHEMA */
export function readProof(bytes: Uint8Array): Proof {
  const parsed = proofSchema.safeParse(decode(bytes, { maxBytes: MAX_PARCEL_BYTES, maxDepth: MAX_DEPTH }));
  if (!parsed.success) throw new NiagaError('RECORD_SCHEMA', 'The proof is not of its form.');
  const [first, second] = parsed.data.messages;
  return { trade: parsed.data.trade, messages: [first.slice(), second.slice()] };
}

export type ProvenPair = readonly [SignedRecord<TradePayload>, SignedRecord<TradePayload>];

/**
 * The two messages of a proof, as far as they prove anything alone: both signed by one device, for this trade.
 * @throws NiagaError RECORD_…, DELEGATION_…; PROOF_INVALID
 */
export function openProof(
  { trade, messages }: Proof,
  context: { network: string; verify?: Verify | undefined; now?: number | undefined },
): ProvenPair {
  const { network, verify, now } = context;
  const open = (bytes: Uint8Array): SignedRecord<TradePayload> =>
    openRecord<MessageKind>(bytes, {
      network,
      kinds: MESSAGE_KINDS,
      ...(verify === undefined ? {} : { verify }),
      ...(now === undefined ? {} : { now }),
    });
  const [a, b] = [open(messages[0]), open(messages[1])];
  const isOfTrade = ({ id, payload }: SignedRecord<TradePayload>): boolean =>
    (payload.kind === 'offer' ? id : payload.trade).equals(trade);
  if (a.id.equals(b.id)) throw new NiagaError('PROOF_INVALID', 'The proof holds one message twice.');
  if (!equalBytes(a.payload.trader, b.payload.trader) || !equalBytes(a.payload.device, b.payload.device))
    throw new NiagaError('PROOF_INVALID', 'The messages are of two devices.');
  if (!isOfTrade(a) || !isOfTrade(b)) throw new NiagaError('PROOF_INVALID', 'A message is of another trade.');
  return [a, b];
}

/**
 * Whether two messages of one device contradict each other in a log: neither was in the other's past. Undefined where the log lacks
 * one of them, and so cannot say.
 */
export function contradict({ log }: Pick<TradeState, 'log'>, a: CID, b: CID): boolean | undefined {
  const [one, other] = [log.byKey.get(keyOf(a)), log.byKey.get(keyOf(b))];
  if (one === undefined || other === undefined) return undefined;
  return one.device === other.device && concurrent(one, other);
}
