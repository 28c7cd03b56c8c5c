import { stateOf } from '../../dist/protocol/index.js';
import { hex } from '../lib/bytes.mjs';
import { NETWORK } from './keys.mjs';
import { REFUSED } from './trades-refused.mjs';
import { TOLD } from './trades-told.mjs';

/** Lists of messages in several orders → the one state that they come to. */
export function tradeStates() {
  const cases = [...TOLD.map((told) => caseOf(told, true)), ...REFUSED.map((told) => caseOf(told, false))];
  return { about: 'trade-states', network: NETWORK, cases };
}

function caseOf({ description, word, code, tell }, valid) {
  const { records } = tell();
  const { state, refused, waiting } = stateOf(records);
  const place = ({ id }) => records.findIndex((record) => record.id.equals(id));
  if (state?.word !== word) throw new Error(`"${description}" comes to ${state?.word}, not to ${word}`);
  const codes = [...refused.map(({ refusal }) => refusal.code), ...waiting.map(() => 'TRADE_HEADS')];
  if (codes.join() !== (code ?? ''))
    throw new Error(`"${description}" is refused with ${codes.join()}, not with ${code}`);
  return {
    description,
    valid,
    ...(code === undefined ? {} : { code }),
    messages: records.map(({ bytes }) => hex(bytes)),
    ids: records.map(({ id }) => id.toString()),
    orders: ordersOf(records.length),
    refused: refused
      .map(({ message, refusal }) => ({ message: place(message), code: refusal.code }))
      .sort((a, b) => a.message - b.message),
    waiting: waiting.map(place).sort((a, b) => a - b),
    state: state === undefined ? null : stateJson(state),
  };
}

/** As told, backwards, and the later half first. */
function ordersOf(count) {
  const told = Array.from({ length: count }, (_, place) => place);
  const half = Math.floor(count / 2);
  const orders = [told, told.toReversed(), [...told.slice(half), ...told.slice(0, half)]];
  return [...new Map(orders.map((order) => [order.join(), order])).values()];
}

/** What all who hold the same messages must agree on. */
function stateJson(state) {
  const { word, contract, payment, delivery, dispute, heads, turn, total, agreement, equivocations, cancelProposedBy } =
    state;
  return {
    word,
    regions: { contract: contract.status, payment: payment.status, delivery: delivery.status, dispute: dispute.status },
    turn: turn ?? null,
    total,
    agreement:
      agreement === undefined ? null : { proposal: agreement.proposal.toString(), accept: agreement.accept.toString() },
    heads: heads.map(String),
    cancelProposedBy,
    equivocations: equivocations.map(({ role, messages }) => ({ role, messages: messages.map(String) })),
  };
}
