import { formatMoney, moneyFromJson, moneyToJson } from '../../protocol/money.js';
import { slotId, traderToText } from '../../protocol/ids.js';
import type { PageLanguage } from '../../protocol/trade/evidence-words.js';
import { messagesOf, roleOf, type Terms, type TradeState } from '../../protocol/trade/index.js';
import { saidInWords, type Said } from '../../protocol/trade/message-words.js';
import type { TradeView } from '../api/views.js';
import type { TradeDetailView } from '../api/trade-views.js';
import type { SentState } from '../mail/index.js';
import { remembered } from '../remembered.js';
import type { OpenTrade } from './book.js';
import { commandFor, nextSteps, verbsOf } from './commands.js';
import { dueIn } from './due.js';
import { partsInWords } from './parts.js';
import { saidBy } from './said.js';

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

/** Ids in text, which take longer than all else that is shown of a trade: of who is in it, and of the listings in its lines. */
const traderText = remembered(traderToText);
const listingsIn = remembered((state: TradeState) =>
  termsOf(state).lines.map(({ slot }) => slotId(state.network, state.parties.seller, slot).toString()),
);

/** @param pending own messages that the other side has not signed for */
export function tradeToView(trade: OpenTrade, pending: number): TradeView {
  const { state, role, row } = trade;
  const terms = termsOf(state);
  const listings = listingsIn(state);
  return {
    trade: trade.id,
    state: state.word,
    role,
    counterparty: traderText(row.counterparty),
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
      listing: listings[place] ?? '',
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

/**
 * @param sent what is known of own messages, by id; one that is not there was not sent from this device
 * @param language of the texts of messages
 */
export function tradeToDetail(
  trade: OpenTrade,
  pending: number,
  sent: ReadonlyMap<string, SentState>,
  language: PageLanguage,
): TradeDetailView {
  const { state, role } = trade;
  return {
    ...tradeToView(trade, pending),
    terms: termsToView(termsOf(state)),
    delivery: deliveryToView(termsOf(state)),
    next: nextSteps(trade),
    messages: messagesOf(state).map(({ id, payload }) => {
      const author = roleOf(state, payload.trader) ?? role;
      const known = sent.get(id.toString());
      const delivery = known?.state ?? 'delivered';
      const says: Said[] = known?.reason === undefined ? saidBy(payload) : [{ code: 'refused', text: known.reason }];
      const text = saidInWords(says, language, (amount) => formatMoney(moneyFromJson(amount)));
      return {
        id: id.toString(),
        kind: payload.kind,
        author: traderText(payload.trader),
        role: author,
        time: payload.created,
        delivered: delivery === 'delivered' || delivery === 'read',
        delivery,
        ...(says.length === 0 ? {} : { text, says }),
      };
    }),
  };
}

const HOUR = 60 * 60 * 1000;

function termsToView({
  shipping,
  stock,
  arbiter,
  settlement,
  deadlines,
  delivery,
  note,
}: Terms): TradeDetailView['terms'] {
  const { payment, delivery: sending, inspection, answer, ruling } = deadlines;
  return {
    shipping: shipping === undefined ? null : moneyToJson(shipping),
    stock: stock ?? null,
    arbiter:
      arbiter === undefined
        ? null
        : { trader: traderToText(arbiter.trader), fee: moneyToJson(arbiter.fee), offer: arbiter.offer.toString() },
    payment: settlement.method,
    deadlines: {
      payment: payment / HOUR,
      delivery: sending / HOUR,
      inspection: inspection / HOUR,
      answer: answer / HOUR,
      ruling: ruling / HOUR,
    },
    notes: [note, settlement.note, delivery?.note].flatMap((one) => (one === undefined || one === '' ? [] : [one])),
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
