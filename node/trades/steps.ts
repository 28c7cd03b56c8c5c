import type { CID } from 'multiformats/cid';
import { NiagaError } from '../../protocol/errors.js';
import { parseMoney, type Money } from '../../protocol/money.js';
import type { Draft } from '../../protocol/record.js';
import {
  isSide,
  nextHeads,
  readPickupCode,
  saltOfCode,
  type MessageKind,
  type Parts,
  type Remedy,
  type TradeState,
} from '../../protocol/trade/index.js';
import type { ChosenArbiter } from '../arbiters/index.js';
import type { OpenTrade } from './book.js';
import type { MessageRecord } from './journal.js';
import { parseParts } from './parts.js';
import { changedTerms, type CounterWish } from './terms.js';
import { termsOf } from './view.js';

type Said = string | undefined;

/** A remedy as a person types it: amounts as text, goods as in {@link parseParts}. */
interface RemedyWish {
  readonly refund?: Said;
  readonly return?: readonly string[] | undefined;
  readonly replace?: readonly string[] | undefined;
  readonly omit?: readonly string[] | undefined;
}

interface Sending {
  readonly parts?: readonly string[] | undefined;
  readonly tracking?: Said;
  readonly carrier?: Said;
  readonly note?: Said;
}

/** A sealed file of a delivery (node/content). */
export interface ShippedContent {
  readonly cid: CID;
  readonly size: number;
  readonly name: string;
  /** Commitment of its key. */
  readonly key: Uint8Array;
}

/** What a buyer tells with an accept, where the seller's proposal could not name it: commitments (node/private). */
interface Contacts {
  readonly address?: Uint8Array | undefined;
  readonly phone?: Uint8Array | undefined;
  readonly code?: Uint8Array | undefined;
}

interface Attached {
  /** Commitments of files (node/private). */
  readonly attachments?: readonly Uint8Array[] | undefined;
}

/** What a person can do to a trade with one command; each is the message of that kind. */
export type Step =
  | ({ readonly kind: 'accept' } & Contacts)
  | { readonly kind: 'decline'; readonly reason?: Said }
  | { readonly kind: 'withdraw' }
  | { readonly kind: 'cancel'; readonly reason?: Said }
  | ({ readonly kind: 'counter' } & CounterWish)
  | {
      readonly kind: 'paid';
      readonly amount?: Said;
      readonly reference?: Said;
      /** Commitment of a proof (node/private). */
      readonly proof?: Uint8Array | undefined;
    }
  | { readonly kind: 'payment-seen'; readonly amount?: Said }
  | ({
      readonly kind: 'shipped';
      /** The buyer's pick-up code, as it was typed. */
      readonly code?: Said;
      readonly content?: readonly ShippedContent[] | undefined;
    } & Sending)
  | { readonly kind: 'received'; readonly parts?: readonly string[] | undefined; readonly note?: Said }
  | { readonly kind: 'approved'; readonly note?: Said }
  | { readonly kind: 'refunded'; readonly amount?: Said; readonly reference?: Said }
  | { readonly kind: 'refund-seen'; readonly amount?: Said }
  | ({ readonly kind: 'returned' } & Sending)
  | { readonly kind: 'return-seen'; readonly parts?: readonly string[] | undefined; readonly note?: Said }
  | { readonly kind: 'consent'; readonly note?: Said }
  | ({ readonly kind: 'remedy'; readonly reason: string } & RemedyWish)
  | { readonly kind: 'remedy-accept' }
  | { readonly kind: 'remedy-decline'; readonly reason?: Said }
  | ({ readonly kind: 'dispute'; readonly reason: string } & RemedyWish & Attached)
  | { readonly kind: 'dispute-withdrawn'; readonly reason?: Said }
  | ({ readonly kind: 'statement'; readonly text: string } & Attached)
  | ({ readonly kind: 'ruling'; readonly reason: string } & RemedyWish)
  | { readonly kind: 'rating'; readonly stars: number; readonly text?: Said }
  | { readonly kind: 'reply'; readonly text: string };

/** Signs a message as this device. */
export type Sign = <K extends MessageKind>(kind: K, draft: Draft<K>) => MessageRecord;

export interface StepContext {
  readonly sign: Sign;
  readonly now: number;
  /** The arbiter of a counter-offer, looked up before; undefined: it stays as it was. */
  readonly arbiter?: ChosenArbiter | undefined;
}

/**
 * The message of a step, made from the trade as it stands. Amounts and goods that are not named are all that is due.
 * @throws NiagaError INPUT_INVALID, INPUT_MISSING, MONEY_INVALID, TRADE_ROLE, TRADE_TERMS
 */
export function stepMessage(trade: OpenTrade, step: Step, { sign, now, arbiter }: StepContext): MessageRecord {
  const { state, role } = trade;
  const open = state.contract.status === 'open' ? state.contract.last : undefined;
  const remedy = state.remedies.find(({ by }) => by !== role);
  const answered = step.kind === 'remedy-accept' || step.kind === 'remedy-decline' ? remedy?.id : open?.id;
  const answers = answered ?? state.trade;
  const common = { trade: state.trade, heads: [...nextHeads(state, role, answered)] };
  switch (step.kind) {
    case 'accept':
      return sign('accept', { ...common, answers, ...contactsOf(step) });
    case 'withdraw':
    case 'remedy-accept':
      return sign(step.kind, { ...common, answers });
    case 'decline':
    case 'remedy-decline':
      return sign(step.kind, { ...common, answers, ...said('reason', step.reason) });
    case 'counter': {
      if (!isSide(role)) throw new NiagaError('TRADE_ROLE', `The trade is ${state.word}: an arbiter makes no offers.`);
      const terms = changedTerms(termsOf(state), step, role, now, arbiter);
      return sign('counter', { ...common, answers, terms });
    }
    case 'cancel':
    case 'dispute-withdrawn':
      return sign(step.kind, { ...common, ...said('reason', step.reason) });
    case 'paid':
      return sign('paid', {
        ...common,
        amount: amountOf(state, step),
        ...said('reference', step.reference),
        ...(step.proof === undefined ? {} : { proof: step.proof }),
      });
    case 'refunded':
      return sign('refunded', { ...common, amount: amountOf(state, step), ...said('reference', step.reference) });
    case 'payment-seen':
    case 'refund-seen':
      return sign(step.kind, { ...common, amount: amountOf(state, step) });
    case 'shipped':
      return sign('shipped', {
        ...common,
        ...sending(step),
        ...handedOver(state, step.code),
        ...contentOf(step.content),
      });
    case 'returned':
      return sign('returned', { ...common, ...sending(step) });
    case 'received':
    case 'return-seen':
      return sign(step.kind, { ...common, ...goods(step.parts), ...said('note', step.note) });
    case 'approved':
    case 'consent':
      return sign(step.kind, { ...common, ...said('note', step.note) });
    case 'remedy':
    case 'ruling':
      return sign(step.kind, { ...common, ...remedyOf(state, step), reason: step.reason });
    case 'dispute': {
      const wants = remedyOf(state, step);
      const some = Object.keys(wants).length > 0;
      return sign('dispute', { ...common, reason: step.reason, ...(some ? { wants } : {}), ...attached(step) });
    }
    case 'statement':
      return sign('statement', { ...common, text: step.text, ...attached(step) });
    case 'reply':
      return sign('reply', { ...common, text: step.text });
    case 'rating':
      return sign('rating', { ...common, stars: step.stars, ...said('text', step.text) });
  }
}

type MoneyStep = Extract<Step, { kind: 'paid' | 'payment-seen' | 'refunded' | 'refund-seen' }>;

function amountOf(state: TradeState, { kind, amount }: MoneyStep): Money {
  const { total } = termsOf(state);
  return amount === undefined
    ? { amount: expected(state, kind, total.amount), currency: total.currency }
    : parseMoney(amount, { fallbackCurrency: total.currency, where: 'amount' });
}

/** What a person means who names no amount: all that is due, as the message counts it. */
function expected({ payment, contract }: TradeState, kind: MoneyStep['kind'], total: number): number {
  // A contract that ended costs nothing any more; a payment that comes late is for what it cost.
  const price = contract.status === 'agreed' ? (payment.price?.amount ?? total) : total;
  const claimed = payment.claims.reduce((sum, { amount }) => sum + amount.amount, 0);
  switch (kind) {
    case 'paid':
      return Math.max(0, price - (payment.seen?.amount ?? 0));
    case 'payment-seen':
      return contract.status === 'cancelled' && claimed > 0 ? claimed : price;
    case 'refunded':
    case 'refund-seen':
      return payment.owed?.amount ?? 0;
  }
}

function remedyOf(state: TradeState, wish: RemedyWish): Remedy {
  const { currency } = termsOf(state).total;
  const refund = wish.refund === undefined ? undefined : parseMoney(wish.refund, { fallbackCurrency: currency });
  const named = (name: 'return' | 'replace' | 'omit'): Partial<Record<typeof name, Parts>> => {
    const parts = parseParts(wish[name], name);
    return parts === undefined ? {} : { [name]: parts };
  };
  return { ...(refund === undefined ? {} : { refund }), ...named('return'), ...named('replace'), ...named('omit') };
}

function sending({ parts, tracking, carrier, note }: Sending) {
  return { ...goods(parts), ...said('tracking', tracking), ...said('carrier', carrier), ...said('note', note) };
}

function contactsOf({ address, phone, code }: Contacts): Partial<Record<keyof Contacts, Uint8Array>> {
  return {
    ...(address === undefined ? {} : { address }),
    ...(phone === undefined ? {} : { phone }),
    ...(code === undefined ? {} : { code }),
  };
}

/** The code that a buyer has shown, with the salt that is made from it. @throws NiagaError INPUT_INVALID, TRADE_TERMS */
function handedOver(state: TradeState, typed: Said): { code?: { salt: Uint8Array; value: string } } {
  if (typed === undefined) return {};
  if (termsOf(state).delivery?.code === undefined)
    throw new NiagaError('TRADE_TERMS', `The trade is ${state.word}, and names no pick-up code.`, { where: 'code' });
  const value = readPickupCode(typed);
  return { code: { salt: saltOfCode(value), value } };
}

function contentOf(content: readonly ShippedContent[] = []): { content?: ShippedContent[] } {
  return content.length === 0 ? {} : { content: [...content] };
}

function attached({ attachments = [] }: Attached): { attachments?: Uint8Array[] } {
  return attachments.length === 0 ? {} : { attachments: [...attachments] };
}

function goods(typed: readonly string[] | undefined): { parts?: Parts } {
  const parts = parseParts(typed, 'parts');
  return parts === undefined ? {} : { parts };
}

function said<K extends string>(name: K, value: Said): Partial<Record<K, string>> {
  return value === undefined || value === '' ? {} : ({ [name]: value } as Record<K, string>);
}
