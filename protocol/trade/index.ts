/**
 * Trades: the messages, and the pure state machine over the set of them.
 *
 * A message is valid or not by its past alone (the messages reached through its `heads`), judged by the one table in
 * rules.ts. A state is a function of the *set* of valid messages. So whatever is lost, repeated or comes late on the way,
 * everybody who holds the same messages sees the same trade.
 *
 * ```ts
 * let outcome = apply(undefined, offer);          // {ok: true, state, effects} or {ok: false, code, message, allowed}
 * if (outcome.ok) outcome = apply(outcome.state, accept);
 * if (outcome.ok) console.log(outcome.state.word); // accepted
 * ```
 */
export { arbiterFee, arbiterOfferSchema, WHOLE_SHARE, type ArbiterOffer } from './arbiter.js';
export { commitmentsOf, PRIVATE_KINDS, type Committed, type PrivateKind } from './commitments.js';
export {
  checkOpens,
  MAX_INLINE_VALUE,
  readPrivate,
  readWanted,
  writePrivate,
  writeWanted,
  type PrivateParcel,
} from './private-parcel.js';
export { CONTENT_KEY_BYTES, CONTENT_NONCE_BYTES, CONTENT_OVERHEAD, openContent, sealContent } from './content.js';
export { CODE_BYTES, pickupCode, readPickupCode, saltOfCode } from './pickup-code.js';
export { admits, type AdmissionOptions } from './admission.js';
export { describeMachine } from './describe.js';
export { effectsBetween, type Effect, type TradeEvent } from './effects.js';
export {
  DEADLINE_GRACE,
  DEADLINE_NAMES,
  DEADLINES,
  deadlinesOf,
  type Deadline,
  type DeadlineName,
} from './deadlines.js';
export type { DisputeRegion } from './dispute.js';
export { leftToReceive, leftToReturn, leftToSee, leftToShip, type Goods } from './goods.js';
export type { Equivocation, Log, Pair } from './log.js';
export type { Agreement, Conflict } from './negotiation.js';
export type { Remedy } from './messages/dispute.js';
export { CONFIRMATION_TIME, type Proposal } from './proposal.js';
export { contradict, openProof, readProof, writeProof, type Proof, type ProvenPair } from './proof.js';
export { partsOf, type Amounts, type Parts } from './parts.js';
export type { Rating, Ratings } from './ratings.js';
export {
  agreementIn,
  type ContractRegion,
  type DeliveryRegion,
  type DeliveryStatus,
  type PaymentRegion,
  type Regions,
} from './regions.js';
export type { OpenRemedy } from './remedies.js';
export { stateOf, type Replay, type ReplayOptions } from './replay.js';
export { isSide, otherSide, roleIn, ROLES, sideOf, SIDES, type Parties, type Role, type Side } from './roles.js';
export { RULES, type Refusal, type Rule, type Rules } from './rules.js';
export {
  MAX_HEADS,
  MAX_MESSAGES,
  MAX_MESSAGES_OF,
  MESSAGE_KINDS,
  receiptSchema,
  TRADE_SCHEMAS,
  type MessageKind,
  type Receipt,
  type TradeMessage,
  type TradePayload,
  type TradePayloadOf,
} from './schema.js';
export {
  allowed,
  apply,
  messagesOf,
  nextHeads,
  refusalError,
  roleOf,
  type Applied,
  type Outcome,
  type TradeState,
} from './state.js';
export {
  settlementOf,
  type Claim,
  type MoneyFacts,
  type PaymentStatus,
  type Settlement,
  type SettlementStep,
  type Stage,
} from './settlement/index.js';
export {
  checkTerms,
  DEFAULT_DURATIONS,
  DELIVERY_METHODS,
  lineSchema,
  durationsSchema,
  LONGEST_DEADLINE,
  SETTLEMENT_METHODS,
  SHORTEST_DEADLINE,
  STOCK_PROMISES,
  termsSchema,
  totalOf,
  type Durations,
  type Line,
  type SettlementMethod,
  type StockPromise,
  type Terms,
  type TermsProblem,
} from './terms.js';
export { WORDS, type Phase, type Word } from './words.js';
