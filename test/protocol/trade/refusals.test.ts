import type { CID } from 'multiformats/cid';
import { describe, expect, test } from 'vitest';
import { ERRORS } from '../../../protocol/errors.js';
import { recordId } from '../../../protocol/ids.js';
import {
  apply,
  MAX_HEADS,
  messagesOf,
  otherSide,
  refusalError,
  type MessageKind,
  type Role,
  type TradeState,
} from '../../../protocol/trade/index.js';
import {
  after,
  agreed,
  crossed,
  draft,
  EXPIRES,
  idr,
  KEYS,
  key,
  merged,
  messageOf,
  offered,
  refused,
  T0,
  type StepOptions,
} from './traders.js';

function refusal(state: TradeState | undefined, role: Role, kind: MessageKind, options?: StepOptions) {
  return refused(state, draft(state, role, kind, options));
}

const unknown = (number: number): CID => recordId(Uint8Array.of(number));

describe('a refusal', () => {
  test('says what is wrong, the state, and what is allowed now', () => {
    expect(refusal(agreed(), 'buyer', 'shipped')).toEqual({
      ok: false,
      code: 'TRADE_ROLE',
      message:
        'Only the seller can send "shipped". The trade is accepted (there is a contract; nothing is paid or shipped yet). ' +
        'The buyer can now send: cancel, timeout, paid.',
      allowed: ['cancel', 'timeout', 'paid'],
    });
  });

  test('becomes an error with the figures that a program needs', () => {
    const error = refusalError(refusal(offered(), 'seller', 'accept', { heads: [unknown(1)] }));
    expect(error.code).toBe('TRADE_HEADS');
    expect(error.where).toBe('heads');
    expect(error.status).toBe(ERRORS.TRADE_HEADS.status);
    expect(error.details).toMatchObject({ missing: [unknown(1).toString()] });
  });
});

describe('an offer', () => {
  test('is between two traders', () => {
    expect(refusal(undefined, 'buyer', 'offer', { fields: { seller: KEYS.buyer } })).toMatchObject({
      code: 'TRADE_OWN_LISTING',
    });
  });

  test('is made by its buyer or its seller', () => {
    expect(refusal(undefined, 'buyer', 'offer', { fields: { trader: key(9) } })).toMatchObject({ code: 'TRADE_ROLE' });
  });

  test('opens a trade of its own', () => {
    expect(refusal(offered(), 'buyer', 'offer', { created: T0 })).toMatchObject({
      code: 'TRADE_HEADS',
      where: 'trade',
    });
    expect(refusal(undefined, 'buyer', 'offer', { fields: { heads: [unknown(1)] } })).toMatchObject({
      code: 'TRADE_HEADS',
    });
    const accept = draft(offered(), 'seller', 'accept');
    expect(refused(undefined, accept)).toMatchObject({ code: 'TRADE_HEADS', missing: offered().heads });
    expect(refused(undefined, messageOf({ ...accept.payload, heads: [] }))).toMatchObject({ code: 'TRADE_STATE' });
  });
});

describe('heads', () => {
  const accept = (heads: readonly CID[]) => refusal(offered(), 'seller', 'accept', { heads, answers: offered().trade });

  test('that are not there are named', () => {
    const heads = [offered().trade, unknown(1)].sort((a, b) => Buffer.compare(a.bytes, b.bytes));
    expect(accept(heads)).toMatchObject({ code: 'TRADE_HEADS', missing: [unknown(1)] });
  });

  test('are there, sorted, different, few, and none before another', () => {
    const state = after(offered(), ['seller', 'counter']);
    const answers = state.heads[0];
    if (answers === undefined) throw new Error('no head');
    expect(accept([])).toMatchObject({ code: 'TRADE_HEADS' });
    expect(accept([offered().trade, offered().trade])).toMatchObject({ code: 'TRADE_HEADS' });
    const many = Array.from({ length: MAX_HEADS + 1 }, (_, place) => unknown(place));
    expect(accept(many)).toMatchObject({ code: 'TRADE_HEADS' });
    const nested = [state.trade, answers].sort((a, b) => Buffer.compare(a.bytes, b.bytes));
    for (const heads of [nested, [...nested].reverse()]) {
      expect(refusal(state, 'buyer', 'accept', { heads, answers })).toMatchObject({ code: 'TRADE_HEADS' });
    }
  });

  test('of another trade or network do not count', () => {
    const other = after(undefined, ['buyer', 'offer', { terms: { note: 'another' } }], ['seller', 'accept']);
    const message = messagesOf(other).at(-1);
    if (message === undefined) throw new Error('no message');
    expect(refused(offered(), message)).toMatchObject({ code: 'TRADE_HEADS', where: 'trade' });
    expect(refusal(offered(), 'seller', 'accept', { fields: { network: 'else' } })).toMatchObject({
      code: 'RECORD_NETWORK',
    });
  });
});

describe('an answer', () => {
  const countered = () => after(offered(), ['seller', 'counter']);

  test('is given in turn', () => {
    for (const kind of ['accept', 'counter', 'decline'] as const) {
      expect(refusal(offered(), 'buyer', kind)).toMatchObject({
        code: 'TRADE_TURN',
        allowed: ['withdraw', 'cancel', 'timeout'],
      });
    }
    expect(refusal(offered(), 'seller', 'withdraw')).toMatchObject({ code: 'TRADE_TURN' });
  });

  test('names an open proposal of the other side', () => {
    for (const kind of ['accept', 'counter', 'decline'] as const) {
      const to = (answers: CID) => refusal(countered(), 'buyer', kind, { answers });
      expect(to(offered().trade)).toMatchObject({ code: 'TRADE_STATE', where: 'answers' });
      expect(to(unknown(1))).toMatchObject({ code: 'TRADE_HEADS', where: 'answers' });
    }
    const answers = offered().trade;
    expect(refusal(countered(), 'seller', 'withdraw', { answers })).toMatchObject({ code: 'TRADE_STATE' });
  });

  test('is to the other side, also where forks leave a proposal of each open', () => {
    const fork = after(offered(), ['seller', 'counter', { terms: { note: 'fork' } }], ['buyer', 'counter']);
    const state = merged(after(countered(), ['buyer', 'counter'], ['seller', 'counter']), fork);
    if (state.contract.status !== 'open') throw new Error('not open');
    expect(new Set(state.contract.open.map(({ by }) => by))).toEqual(new Set(['buyer', 'seller']));
    for (const { id, by } of state.contract.open) {
      for (const kind of ['accept', 'counter', 'decline'] as const) {
        expect(refusal(state, by, kind, { answers: id, created: T0 + 99 })).toMatchObject({ code: 'TRADE_TURN' });
      }
      expect(refusal(state, otherSide(by), 'withdraw', { answers: id })).toMatchObject({ code: 'TRADE_TURN' });
    }
  });

  test('to an expired proposal is no accept', () => {
    expect(refusal(offered(), 'seller', 'accept', { created: EXPIRES + 1 })).toMatchObject({ code: 'TRADE_EXPIRED' });
  });

  test('is not given to what has ended', () => {
    const ended = after(offered(), ['seller', 'decline']);
    expect(refusal(ended, 'seller', 'accept', { answers: ended.trade })).toMatchObject({
      code: 'TRADE_STATE',
      allowed: [],
    });
  });
});

describe('money', () => {
  test('is in the currency of the contract and more than nothing', () => {
    for (const [role, kind] of [
      ['buyer', 'paid'],
      ['seller', 'payment-seen'],
    ] as const) {
      expect(refusal(agreed(), role, kind, { amount: { amount: 1, currency: 'USD' } })).toMatchObject({
        code: 'TRADE_TERMS',
        where: 'amount',
      });
      expect(refusal(agreed(), role, kind, { amount: idr(0) })).toMatchObject({ code: 'TRADE_TERMS', where: 'amount' });
    }
  });
});

describe('a timeout', () => {
  test('is of a deadline that runs, and was made after it', () => {
    expect(refusal(offered(), 'buyer', 'timeout', { fields: { deadline: 'delivery' } })).toMatchObject({
      code: 'TRADE_STATE',
      where: 'deadline',
    });
    expect(refusal(offered(), 'buyer', 'timeout', { created: EXPIRES + 10 * 60_000 })).toMatchObject({
      code: 'TRADE_STATE',
      where: 'created',
    });
    expect(after(offered(), ['buyer', 'timeout', { created: EXPIRES + 10 * 60_000 + 1 }]).word).toBe('expired');
  });
});

test('steps before their time or twice are refused', () => {
  expect(refusal(agreed(), 'buyer', 'received')).toMatchObject({ code: 'TRADE_STATE' });
  const shipped = after(agreed(), ['seller', 'shipped']);
  expect(refusal(shipped, 'seller', 'shipped', { created: T0 })).toMatchObject({ code: 'TRADE_STATE' });
  const paid = after(agreed(), ['buyer', 'paid']);
  expect(refusal(paid, 'buyer', 'paid', { created: T0 })).toMatchObject({ code: 'TRADE_STATE' });
  const back = after(crossed(agreed(), ['buyer', 'cancel'], ['seller', 'shipped']), ['buyer', 'received']);
  expect(refusal(back, 'buyer', 'received', { created: T0 })).toMatchObject({ code: 'TRADE_STATE' });
});

test('a message that the log has already changes nothing', () => {
  const state = agreed();
  for (const message of messagesOf(state)) {
    const outcome = apply(state, message);
    expect(outcome).toEqual({ ok: true, state, effects: [] });
  }
});
