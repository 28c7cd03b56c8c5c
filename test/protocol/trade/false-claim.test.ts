import { describe, expect, it } from 'vitest';
import {
  apply,
  DEADLINE_GRACE,
  effectsBetween,
  WORDS,
  type DeadlineName,
  type TradeState,
} from '../../../protocol/trade/index.js';
import { after, draft, idr, must, termsBy } from './traders.js';

/** A contract of which the buyer says to have paid, and nothing came. */
const claimed = after(
  undefined,
  ['buyer', 'offer', { terms: termsBy('buyer') }],
  ['seller', 'accept'],
  ['buyer', 'paid', { amount: idr(10_000_000) }],
);

function passed(state: TradeState, name: DeadlineName): TradeState {
  const found = state.deadlines.find(({ deadline }) => deadline === name);
  if (found === undefined)
    throw new Error(`${name} does not run: ${state.deadlines.map((one) => one.deadline).join()}`);
  const created = found.at + DEADLINE_GRACE + 1;
  return must(state, draft(state, 'seller', 'timeout', { fields: { deadline: name }, created }));
}

describe('a payment that is claimed and never came', () => {
  it('holds the time for paying up; the seller cannot say that nothing came, and says what part came', () => {
    expect(claimed.deadlines.map(({ deadline }) => deadline)).not.toContain('payment');
    expect(apply(claimed, draft(claimed, 'seller', 'payment-seen', { amount: idr(0) }))).toMatchObject({ ok: false });
    const short = after(claimed, ['seller', 'payment-seen', { amount: idr(1) }]);
    expect(short.payment.status).toBe('short');
    expect(passed(short, 'payment').word).not.toBe('paid');
  });

  it('ends by a dispute of the seller, unresolved where nobody rules, and frees what was set aside', () => {
    const disputed = after(claimed, ['seller', 'dispute', { fields: { reason: 'Tidak ada yang masuk.' } }]);
    const ended = passed(disputed, 'ruling');
    expect(effectsBetween(disputed, ended).map(({ kind }) => kind)).toContain('release-stock');
    expect([ended.word, WORDS[ended.word].phase]).toEqual(['unresolved', 'final']);
  });

  it('is owed back where both cancel, until the buyer has it or a dispute about it ends', () => {
    const cancelled = after(claimed, ['buyer', 'cancel'], ['seller', 'cancel']);
    expect([cancelled.word, cancelled.payment.owed?.amount]).toEqual(['refund-due', 10_000_000]);
    const back = after(cancelled, ['buyer', 'refund-seen', { amount: idr(10_000_000) }]);
    expect(WORDS[back.word].phase).toBe('final');
    const disputed = after(cancelled, ['seller', 'dispute', { fields: { reason: 'Tidak ada yang masuk.' } }]);
    expect(passed(disputed, 'ruling').word).toBe('unresolved');
  });

  it('lets the buyer cancel alone once the delivery is late', () => {
    const late = passed(claimed, 'delivery');
    expect(after(late, ['buyer', 'cancel']).contract.status).toBe('cancelled');
  });
});
