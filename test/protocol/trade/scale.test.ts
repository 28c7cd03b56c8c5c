import { expect, test } from 'vitest';
import {
  apply,
  MAX_HEADS,
  MAX_MESSAGES_OF,
  messagesOf,
  nextHeads,
  stateOf,
  type Side,
  type TradeState,
} from '../../../protocol/trade/index.js';
import { after, draft, must, offered, refused, summary } from './traders.js';

/** Milliseconds for one step on a log of the largest size. */
const GOAL = 50;

/** The best of a few times: what the code takes, not what else the machine is doing. */
function timed<T>(task: () => T): { result: T; took: number } {
  const times: number[] = [];
  let result: T;
  do {
    const start = performance.now();
    result = task();
    times.push(performance.now() - start);
  } while (times.length < 5 || (times.length < 50 && Math.min(...times) > GOAL));
  return { result, took: Math.min(...times) };
}

function haggle(messages: number): TradeState {
  let state = offered();
  for (let role: Side = 'seller'; state.size < messages; role = role === 'seller' ? 'buyer' : 'seller') {
    state = after(state, [role, 'counter']);
  }
  return state;
}

test('a log of the largest size is extended and replayed in good time, and then is full', () => {
  const most = MAX_MESSAGES_OF.buyer + MAX_MESSAGES_OF.seller;
  const long = haggle(most - 1);
  const { result: full, took } = timed(() =>
    after(long, [long.contract.status === 'open' ? long.contract.turn : 'buyer', 'counter']),
  );
  expect(took).toBeLessThan(GOAL);
  expect(full.size).toBe(most);
  const turn = full.contract.status === 'open' ? full.contract.turn : 'buyer';
  expect(refused(full, draft(full, turn, 'accept'))).toMatchObject({ code: 'TRADE_FULL' });
  expect(summary(stateOf(messagesOf(full)).state)).toEqual(summary(full));
});

test('a side that floods the log with forks fills its own half of it, and the other side still gets on', () => {
  let state = offered();
  for (let fork = 0; fork < MAX_MESSAGES_OF.seller; fork++) {
    const counter = draft(offered(), 'seller', 'counter', { terms: { note: String(fork) } });
    const before = state;
    state = must(before, counter);
    if (fork === MAX_MESSAGES_OF.seller - 1) expect(timed(() => must(before, counter)).took).toBeLessThan(GOAL);
  }
  const more = draft(offered(), 'seller', 'counter', { terms: { note: 'one more' } });
  expect(refused(state, more)).toMatchObject({ code: 'TRADE_FULL' });
  expect(state.heads).toHaveLength(MAX_MESSAGES_OF.seller);
  expect(state.equivocations.length).toBeLessThan(MAX_MESSAGES_OF.seller);
  if (state.contract.status !== 'open') throw new Error('not open');
  const wanted = state.contract.open.at(-1)?.id;
  if (wanted === undefined) throw new Error('nothing open');
  const accept = draft(state, 'buyer', 'accept', { answers: wanted });
  expect(accept.payload.heads).toHaveLength(MAX_HEADS);
  const { result: accepted, took } = timed(() => must(state, accept));
  expect(took).toBeLessThan(GOAL);
  expect(accepted.agreement?.proposal).toEqual(wanted);
  expect(nextHeads(accepted, 'buyer')).toContainEqual(accept.id);
  expect(apply(accepted, draft(accepted, 'buyer', 'cancel'))).toMatchObject({ ok: true });
});
