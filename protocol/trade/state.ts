import type { CID } from 'multiformats/cid';
import { NiagaError } from '../errors.js';
import type { Money } from '../money.js';
import { quote } from '../quote.js';
import { effectsBetween, type Effect } from './effects.js';
import { arbiterIn, judge, judgeOffer, mayKinds, type Judged } from './judge.js';
import { append, EMPTY_LOG, headsToName, inCausalOrder, keyOf, type Entry, type Log } from './log.js';
import type { Agreement } from './negotiation.js';
import { agreementIn, derive, type Regions } from './regions.js';
import { roleIn, type Parties, type Role, type Side } from './roles.js';
import { RULES, type Refusal, type Rules } from './rules.js';
import { MAX_HEADS, type MessageKind, type TradeMessage } from './schema.js';

/**
 * A trade as a set of valid messages says it is. Immutable; two states of the same set are equal in everything but `log`,
 * whose numbering follows the order of arrival.
 */
export interface TradeState extends Regions {
  /** Id of the first offer. */
  readonly trade: CID;
  readonly network: string;
  readonly parties: Parties;
  /** Messages that no other names, sorted by bytes. */
  readonly heads: readonly CID[];
  /** Number of messages. */
  readonly size: number;
  /** Whose answer is awaited, while the trade is negotiated. */
  readonly turn?: Side;
  /** The contract, once there is one (a cancelled one too). */
  readonly agreement?: Agreement;
  /** The contract's total; before there is one, that of the last proposal. */
  readonly total: Money;
  readonly log: Log;
}

export interface Applied {
  readonly ok: true;
  readonly state: TradeState;
  /** What the runner has to do, once `message` is on disk. Empty when the log had the message already. */
  readonly effects: readonly Effect[];
}

export type Outcome = Applied | Refusal;

/**
 * Adds a verified message to a trade; `undefined` stands for no trade yet and takes an offer. Nothing is parked: a message
 * that names unknown ones is refused with TRADE_HEADS and `missing`.
 * @param rules for checkers that take a rule away; every node has {@link RULES}
 */
export function apply(state: TradeState | undefined, message: TradeMessage, rules: Rules = RULES): Outcome {
  if (state?.log.byKey.has(keyOf(message.id)) === true) return { ok: true, state, effects: [] };
  const { kind } = message.payload;
  // What types forbid may still come from outside: a receipt, say, is a signed record of the trade, yet no part of its state.
  if (!Object.hasOwn(rules, kind)) {
    return {
      ok: false,
      code: 'RECORD_KIND',
      message: `A record of kind ${quote(kind)} is no message of a trade.`,
      allowed: [],
    };
  }
  const judged: Judged | Refusal = state === undefined ? judgeOffer(message, rules) : judge(state, message, rules);
  if (!judged.ok) return judged;
  const next = stateWith(judged.trade, append(state?.log ?? EMPTY_LOG, judged.entry));
  return { ok: true, state: next, effects: effectsBetween(state, next, judged.entry) };
}

/** What a trader is in a trade: one of its sides, or the arbiter of its contract. */
export function roleOf(state: TradeState, trader: Uint8Array): Role | undefined {
  return roleIn(state.parties, trader, arbiterIn(state));
}

/** The kinds of message that a role may send now. */
export function allowed(state: TradeState, role: Role, rules: Rules = RULES): readonly MessageKind[] {
  return mayKinds(state, role, rules);
}

/** The `heads` of the next message of a role; `answers`, where it answers a proposal. */
export function nextHeads(state: TradeState, role: Role, answers?: CID): readonly CID[] {
  return headsToName(state.log, role, MAX_HEADS, answers);
}

/** All messages, in an order in which each stands after its past and on which all holders of the same set agree. */
export function messagesOf(state: TradeState): readonly TradeMessage[] {
  return inCausalOrder(state.log.entries).map((entry) => entry.message);
}

/** The refusal as an error, for those who throw. */
export function refusalError(refusal: Refusal): NiagaError {
  const { allowed: may, missing, retryAt } = refusal;
  return new NiagaError(refusal.code, refusal.message, {
    where: refusal.where,
    details: {
      allowed: may,
      ...(missing === undefined ? {} : { missing: missing.map(keyOf) }),
      ...(retryAt === undefined ? {} : { retryAt }),
    },
  });
}

function stateWith(trade: Judged['trade'], log: Log): TradeState {
  const regions = derive(log.entries);
  const { contract } = regions;
  const agreement = agreementIn(contract);
  const terms = 'last' in contract ? (agreement ?? contract.last).terms : contract.agreement.terms;
  return {
    ...trade,
    ...regions,
    heads: log.heads.map((head: Entry) => head.message.id),
    size: log.entries.length,
    ...(contract.status === 'open' ? { turn: contract.turn } : {}),
    ...(agreement === undefined ? {} : { agreement }),
    total: terms.total,
    log,
  };
}
