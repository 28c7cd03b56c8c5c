import { formatMoney, moneyToJson } from '../../protocol/money.js';
import { slotId, traderToText } from '../../protocol/ids.js';
import {
  messagesOf,
  roleOf,
  type Remedy,
  type Terms,
  type TradePayload,
  type TradeState,
} from '../../protocol/trade/index.js';
import type { TradeDetailView, TradeView } from '../api/views.js';
import type { SentState } from '../mail/index.js';
import type { OpenTrade } from './book.js';
import { commandFor, nextSteps, verbsOf } from './commands.js';
import { dueIn } from './due.js';
import { partsInWords } from './parts.js';

/** The terms that stand: the contract's, else those of the last proposal. */
export function termsOf(state: TradeState): Terms {
  const { contract } = state;
  return state.agreement?.terms ?? lastOf(contract).terms;
}

function lastOf(contract: TradeState['contract']) {
  switch (contract.status) {
    case 'open':
    case 'declined':
    case 'withdrawn':
    case 'expired':
    case 'cancelled':
      return contract.last;
    case 'agreed':
    case 'lapsed':
    case 'completed':
      throw new TypeError('a contract has its agreement');
  }
}

/** @param pending own messages that the other side has not signed for */
export function tradeToView(trade: OpenTrade, pending: number): TradeView {
  const { state, role, row } = trade;
  const terms = termsOf(state);
  return {
    trade: trade.id,
    state: state.word,
    role,
    counterparty: traderToText(row.counterparty),
    regions: {
      contract: state.contract.status,
      payment: state.payment.status,
      delivery: state.delivery.status,
      dispute: state.dispute.status,
    },
    turn: state.turn ?? null,
    allowed: verbsOf(trade),
    due: dueToView(trade),
    lines: terms.lines.map((line, place) => ({
      line: place + 1,
      listing: slotId(state.network, state.parties.seller, line.slot).toString(),
      version: line.listing.toString(),
      title: line.title,
      ...(line.variant === undefined ? {} : { variant: line.variant }),
      quantity: line.quantity,
      price: moneyToJson(line.price),
    })),
    total: moneyToJson(terms.total),
    expires: terms.expires,
    created: row.created,
    updated: row.updated,
    equivocations: state.equivocations.length,
    pending,
  };
}

/** What is waited for; with the command where it is this side's to do. */
export function dueToView({ id, state, role }: Pick<OpenTrade, 'id' | 'state' | 'role'>): TradeView['due'] {
  return dueIn(state).map(({ by, step, amount, parts, until }) => {
    const command = by === role ? commandFor(step, id) : undefined;
    return {
      by,
      step,
      ...(amount === undefined ? {} : { amount: moneyToJson(amount) }),
      ...(parts === undefined ? {} : { parts: partsInWords(parts) }),
      ...(until === undefined ? {} : { until }),
      ...(command === undefined ? {} : { command }),
    };
  });
}

/** @param sent what is known of own messages, by id; one that is not there was sent before there was mail */
export function tradeToDetail(
  trade: OpenTrade,
  pending: number,
  sent: ReadonlyMap<string, SentState>,
): TradeDetailView {
  const { state, role } = trade;
  return {
    ...tradeToView(trade, pending),
    delivery: deliveryToView(termsOf(state)),
    next: nextSteps(trade),
    messages: messagesOf(state).map(({ id, payload }) => {
      const author = roleOf(state, payload.trader) ?? role;
      const known = sent.get(id.toString());
      const delivery = known?.state ?? 'delivered';
      const text = known?.reason === undefined ? textOf(payload) : `not taken by the other side: ${known.reason}`;
      return {
        id: id.toString(),
        kind: payload.kind,
        author: traderToText(payload.trader),
        role: author,
        time: payload.created,
        delivered: delivery === 'delivered' || delivery === 'read',
        delivery,
        ...(text === undefined ? {} : { text }),
      };
    }),
  };
}

function deliveryToView({ delivery }: Terms): TradeDetailView['delivery'] {
  if (delivery === undefined) return null;
  const { method, code, milestones } = delivery;
  const steps = milestones?.map(({ title, amount }, place) => ({
    milestone: place + 1,
    title,
    amount: moneyToJson(amount),
  }));
  return { method, code: code !== undefined, ...(steps === undefined ? {} : { milestones: steps }) };
}

/** What a message says beside its kind, on one line. */
function textOf(payload: TradePayload): string | undefined {
  switch (payload.kind) {
    case 'offer':
    case 'counter':
      return [`${formatMoney(payload.terms.total)} in all`, payload.terms.note]
        .filter((part) => part !== undefined && part !== '')
        .join(': ');
    case 'decline':
    case 'cancel':
      return payload.reason;
    case 'paid':
    case 'refunded':
      return [formatMoney(payload.amount), payload.reference].filter((part) => part !== undefined).join(', reference ');
    case 'payment-seen':
    case 'refund-seen':
      return formatMoney(payload.amount);
    case 'shipped':
      return [
        ...(payload.code === undefined ? [] : ['handed over for the code']),
        ...(payload.content ?? []).map(({ name }) => `file ${name}`),
        ...(payload.parts === undefined ? [] : [`parts ${partsInWords(payload.parts).join(' ')}`]),
        ...(payload.tracking === undefined ? [] : [`tracking ${payload.tracking}`]),
        ...(payload.note === undefined ? [] : [payload.note]),
      ].join(', ');
    case 'returned':
      return payload.tracking === undefined ? payload.note : `tracking ${payload.tracking}`;
    case 'received':
    case 'approved':
    case 'return-seen':
    case 'consent':
      return payload.note;
    case 'remedy':
    case 'ruling':
      return [...remedyInWords(payload), payload.reason].join(': ');
    case 'dispute':
      return [...remedyInWords(payload.wants ?? {}), payload.reason].join(': ');
    case 'remedy-decline':
    case 'dispute-withdrawn':
      return payload.reason;
    case 'statement':
    case 'reply':
      return payload.text;
    case 'rating':
      return [`${payload.stars} of 5`, payload.text].filter((part) => part !== undefined && part !== '').join(': ');
    case 'timeout':
      return payload.deadline;
    case 'accept':
    case 'withdraw':
    case 'remedy-accept':
      return undefined;
  }
}

/** What a remedy changes, as one text or none. */
function remedyInWords(remedy: Remedy): string[] {
  const { refund, replace, omit } = remedy;
  const goods = { return: remedy.return, replace, 'leave out': omit };
  const parts = Object.entries(goods).flatMap(([name, some]) =>
    some === undefined ? [] : [`${name} ${partsInWords(some).join(' ')}`],
  );
  const all = [...(refund === undefined ? [] : [`refund ${formatMoney(refund)}`]), ...parts];
  return all.length === 0 ? [] : [all.join(', ')];
}
