import { expect, test } from 'vitest';
import { allowed, CONFIRMATION_TIME, DEADLINE_GRACE, stateOf } from '../../../protocol/trade/index.js';
import {
  after,
  agreed,
  crossed,
  draft,
  EXPIRES,
  idr,
  merged,
  must,
  offered,
  received,
  refused,
  type Move,
} from './traders.js';

const BUYERS_SECOND = 11;

test('a trade goes from offer to completion, in whatever order goods and money come', () => {
  expect(offered()).toMatchObject({ word: 'offered', turn: 'seller', total: idr(10_000_000) });
  const countered = after(offered(), ['seller', 'counter', { terms: { shipping: idr(0), total: idr(8_000_000) } }]);
  expect(countered).toMatchObject({ word: 'countered', turn: 'buyer', total: idr(8_000_000) });
  const accepted = after(countered, ['buyer', 'accept']);
  expect(accepted.word).toBe('accepted');
  expect(accepted.agreement?.proposal).toEqual(countered.heads[0]);
  const paidFirst = after(accepted, ['buyer', 'paid'], ['seller', 'payment-seen'], ['seller', 'shipped']);
  expect(paidFirst).toMatchObject({ word: 'shipped', payment: { status: 'seen' } });
  const inspecting = after(paidFirst, ['buyer', 'received']);
  expect(inspecting.word).toBe('received');
  for (const state of [paidFirst, inspecting]) expect(after(state, ['buyer', 'approved']).word).toBe('completed');
  const cashOnDelivery = after(accepted, ['seller', 'shipped'], ['buyer', 'approved']);
  expect(cashOnDelivery).toMatchObject({ word: 'received', payment: { status: 'due' } });
  expect(after(cashOnDelivery, ['seller', 'payment-seen']).word).toBe('completed');
});

test('an answer that crosses a withdraw or a timeout wins', () => {
  for (const end of ['withdraw', 'timeout'] as const) {
    expect(crossed(offered(), ['buyer', end], ['seller', 'accept']).word).toBe('accepted');
    expect(crossed(offered(), ['seller', 'counter'], ['buyer', end]).word).toBe('countered');
    expect(crossed(offered(), ['seller', 'decline'], ['buyer', end]).word).toBe('declined');
    const ended = after(offered(), ['buyer', end]);
    expect(refused(ended, draft(ended, 'seller', 'accept', { answers: ended.trade })).code).toBe('TRADE_STATE');
  }
});

test('an accept binds up to the expiry by its own clock, and not after', () => {
  expect(after(offered(), ['seller', 'accept', { created: EXPIRES }]).word).toBe('accepted');
  expect(refused(offered(), draft(offered(), 'seller', 'accept', { created: EXPIRES + 1 })).code).toBe('TRADE_EXPIRED');
  expect(after(offered(), ['seller', 'counter', { created: EXPIRES + 1, terms: { expires: EXPIRES + 2 } }]).word).toBe(
    'countered',
  );
});

test('goods that are subject to stock bind only once the seller confirms', () => {
  const terms = { stock: 'subject-to-stock' as const };
  const start = after(undefined, ['seller', 'offer', { terms }]);
  const accepted = after(start, ['buyer', 'accept']);
  expect(accepted).toMatchObject({ word: 'unconfirmed', turn: 'seller', contract: { status: 'open' } });
  expect(accepted.agreement).toBeUndefined();
  expect(refused(accepted, draft(accepted, 'buyer', 'paid')).code).toBe('TRADE_STATE');
  const confirmed = after(accepted, ['seller', 'accept', { created: EXPIRES + CONFIRMATION_TIME }]);
  expect(confirmed).toMatchObject({ word: 'accepted', agreement: { proposal: start.trade } });
  expect(
    refused(accepted, draft(accepted, 'seller', 'accept', { created: EXPIRES + CONFIRMATION_TIME + 1 })).code,
  ).toBe('TRADE_EXPIRED');
  expect(after(accepted, ['seller', 'decline']).word).toBe('declined');
  expect(after(accepted, ['seller', 'counter']).word).toBe('countered');
  expect(after(accepted, ['buyer', 'withdraw']).word).toBe('withdrawn');
});

test('cancel before payment and shipment ends the trade at once, by either side', () => {
  for (const role of ['buyer', 'seller'] as const) {
    for (const state of [offered(), agreed()]) expect(after(state, [role, 'cancel']).word).toBe('cancelled');
    expect(crossed(offered(), [role, 'cancel'], ['seller', 'accept']).contract).toMatchObject({ status: 'cancelled' });
  }
});

test('a cancel that crosses a payment or a shipment leaves them as facts', () => {
  expect(crossed(agreed(), ['seller', 'cancel'], ['buyer', 'paid'])).toMatchObject({
    word: 'refund-due',
    payment: { status: 'refund-due', claims: [{ amount: idr(10_000_000) }] },
    delivery: { status: 'void' },
  });
  expect(crossed(agreed(), ['buyer', 'cancel'], ['seller', 'payment-seen'])).toMatchObject({ word: 'refund-due' });
  expect(crossed(agreed(), ['buyer', 'cancel'], ['seller', 'shipped'])).toMatchObject({
    word: 'return-due',
    payment: { status: 'void' },
    delivery: { status: 'return-due' },
  });
  const returning = crossed(agreed(), ['buyer', 'cancel'], ['seller', 'shipped']);
  expect(after(returning, ['buyer', 'received'])).toMatchObject({ word: 'return-due', delivery: { received: [{}] } });
  // Received after the cancel, it has to go back: this does not complete the trade.
  expect(after(returning, ['buyer', 'received'], ['seller', 'payment-seen']).word).toBe('refund-due');
});

test('after a payment or a shipment both have to cancel', () => {
  for (const step of [
    ['buyer', 'paid'],
    ['seller', 'payment-seen'],
    ['seller', 'shipped'],
  ] as const) {
    const begun = after(agreed(), step);
    const proposed = after(begun, ['seller', 'cancel']);
    expect(proposed).toMatchObject({ word: begun.word, cancelProposedBy: ['seller'] });
    expect(refused(proposed, draft(proposed, 'seller', 'cancel')).code).toBe('TRADE_STATE');
    expect(after(proposed, ['buyer', 'cancel']).contract.status).toBe('cancelled');
    expect(crossed(begun, ['seller', 'cancel'], ['buyer', 'cancel']).contract.status).toBe('cancelled');
  }
});

test('a proposal to cancel lapses when its author goes on', () => {
  const proposed = after(agreed(), ['buyer', 'paid'], ['seller', 'cancel'], ['seller', 'shipped']);
  expect(proposed.cancelProposedBy).toEqual([]);
  expect(after(proposed, ['buyer', 'cancel'])).toMatchObject({ word: 'shipped', cancelProposedBy: ['buyer'] });
});

test('consent that crosses the going on counts, for it was given to a proposal that stood', () => {
  const proposed = after(agreed(), ['buyer', 'paid'], ['seller', 'cancel']);
  const state = crossed(proposed, ['seller', 'shipped'], ['buyer', 'cancel']);
  expect(state).toMatchObject({ word: 'refund-due', delivery: { status: 'return-due' } });
});

test('money is seen in full, in parts, or with nobody claiming it', () => {
  const short = after(agreed(), ['buyer', 'paid'], ['seller', 'payment-seen', { amount: idr(9_999_999) }]);
  expect(short).toMatchObject({ word: 'paid', payment: { status: 'short', seen: idr(9_999_999) } });
  expect(allowed(short, 'buyer')).toContain('paid');
  expect(refused(short, draft(short, 'seller', 'payment-seen', { amount: idr(9_999_999) })).code).toBe('TRADE_STATE');
  expect(after(short, ['seller', 'payment-seen', { amount: idr(10_000_001) }])).toMatchObject({
    word: 'payment-confirmed',
  });
  expect(after(agreed(), ['seller', 'payment-seen']).word).toBe('payment-confirmed');
  // Two devices that each saw the half of it saw the same half, for each says all that came.
  const half = { amount: idr(5_000_000) };
  const twice = crossed(
    agreed(),
    ['seller', 'payment-seen', half],
    ['seller', 'payment-seen', { ...half, device: 12 }],
  );
  expect(twice.payment).toMatchObject({ status: 'short', seen: idr(5_000_000) });
});

test('a claim after a part payment waits for the seller, who may answer that no more came', () => {
  const part = idr(4_000_000);
  const short = after(agreed(), ['buyer', 'paid', { amount: part }], ['seller', 'payment-seen', { amount: part }]);
  expect(short.payment.status).toBe('short');
  expect(short.deadlines.map(({ deadline }) => deadline)).toContain('payment');
  const claimed = after(short, ['buyer', 'paid', { amount: idr(6_000_000) }]);
  expect(claimed).toMatchObject({ word: 'paid', payment: { status: 'claimed', seen: part } });
  // It is not told to pay again, and cannot be late while the seller looks.
  expect(allowed(claimed, 'buyer')).not.toContain('paid');
  expect(claimed.deadlines.map(({ deadline }) => deadline)).not.toContain('payment');
  expect(after(claimed, ['seller', 'payment-seen']).word).toBe('payment-confirmed');
  const less = draft(claimed, 'seller', 'payment-seen', { amount: idr(3_999_999) });
  expect(refused(claimed, less)).toMatchObject({ code: 'TRADE_STATE' });
  const answered = after(claimed, ['seller', 'payment-seen', { amount: part }]);
  expect(answered).toMatchObject({ word: 'paid', payment: { status: 'short', seen: part } });
  expect(allowed(answered, 'buyer')).toContain('paid');
  // A claim of money that does not come wins no time.
  expect(answered.deadlines).toEqual(short.deadlines);
  const again = draft(answered, 'seller', 'payment-seen', { amount: part });
  expect(refused(answered, again).code).toBe('TRADE_STATE');
  // What was said before the claim was seen answers it not.
  const unseen = crossed(agreed(), ['buyer', 'paid'], ['seller', 'payment-seen', { amount: part }]);
  expect(unseen.payment).toMatchObject({ status: 'claimed', seen: part });
  expect(after(unseen, ['seller', 'payment-seen', { amount: part }]).payment.status).toBe('short');
});

test('a trade that silence completed stays complete, whatever is contested of what it left owed', () => {
  const refund = { fields: { refund: idr(5_000_000) } };
  const silent = after(received(), ['buyer', 'remedy', refund], ['seller', 'remedy-accept'], ['seller', 'timeout']);
  expect(silent).toMatchObject({ word: 'refund-due', contract: { status: 'completed' } });
  for (const side of ['buyer', 'seller'] as const) {
    const disputed = after(silent, [side, 'dispute']);
    expect(disputed).toMatchObject({ word: 'disputed', contract: { status: 'completed' } });
    expect(after(disputed, [side, 'timeout'])).toMatchObject({ word: 'unresolved', contract: { status: 'completed' } });
  }
  // One that was on its way had not seen it: then it is not complete.
  const settled = after(received(), ['buyer', 'remedy', refund], ['seller', 'remedy-accept']);
  expect(crossed(settled, ['seller', 'timeout'], ['buyer', 'dispute']).contract.status).toBe('agreed');
});

test('goods that silence counted as seen stay seen, whoever disputes what is left; a dispute that crossed it had not heard of it', () => {
  const terms = { fields: { return: [{ line: 0, quantity: 1 }], refund: idr(5_000_000) } };
  const back = after(received(), ['buyer', 'remedy', terms], ['seller', 'remedy-accept'], ['buyer', 'returned']);
  const { at = 0 } = back.deadlines.find(({ deadline }) => deadline === 'return') ?? {};
  const silence: Move = ['seller', 'timeout', { fields: { deadline: 'return', created: at + DEADLINE_GRACE + 1 } }];
  const seen = after(back, silence);
  expect([back.delivery.status, seen.delivery.status]).toEqual(['returned', 'received']);
  expect(after(seen, ['seller', 'dispute']).delivery.status).toBe(seen.delivery.status);
  expect(crossed(back, silence, ['seller', 'dispute', { device: 11 }]).delivery.status).toBe('returned');
});

const lapsedShort = () =>
  after(agreed(), ['buyer', 'paid'], ['seller', 'payment-seen', { amount: idr(4_000_000) }], ['seller', 'timeout']);

test('a contract that lapsed with a part of its price paid is opened again by a late payment, and then ends by a cancel of the seller', () => {
  const lapsed = lapsedShort();
  expect(lapsed).toMatchObject({
    word: 'refund-due',
    contract: { status: 'lapsed' },
    payment: { owed: idr(4_000_000) },
  });
  const late = after(lapsed, ['buyer', 'paid', { amount: idr(6_000_000) }]);
  expect(late).toMatchObject({ word: 'paid', contract: { status: 'agreed' }, payment: { status: 'claimed' } });
  expect(after(late, ['seller', 'payment-seen']).word).toBe('payment-confirmed');
  const kept = after(late, ['seller', 'payment-seen'], ['seller', 'cancel']);
  expect(kept).toMatchObject({ word: 'refund-due', payment: { owed: idr(10_000_000) } });
});

test('a contract of which money went back stays lapsed, and what comes late goes back too', () => {
  const back = after(lapsedShort(), ['seller', 'refunded']);
  expect(refused(back, draft(back, 'buyer', 'paid')).code).toBe('TRADE_STATE');
  // The rest was on its way when the seller sent the first part back.
  const late = merged(back, after(lapsedShort(), ['buyer', 'paid', { amount: idr(6_000_000) }]));
  expect(late).toMatchObject({ contract: { status: 'lapsed' }, payment: { status: 'refund-claimed' } });
  const seen = after(late, ['seller', 'payment-seen']);
  expect(seen).toMatchObject({
    word: 'refund-due',
    contract: { status: 'lapsed' },
    payment: { owed: idr(10_000_000) },
  });
  expect(after(seen, ['seller', 'refunded'], ['buyer', 'refund-seen']).word).toBe('lapsed');
});

test('what costs nothing is completed when it is received', () => {
  const lines = draft(undefined, 'buyer', 'offer').payload.terms as { lines: object[] };
  const free = { lines: [{ ...lines.lines[0], price: idr(0) }] as never, shipping: idr(0), total: idr(0) };
  const state = after(undefined, ['buyer', 'offer', { terms: free }], ['seller', 'accept'], ['seller', 'shipped']);
  expect(state.payment.status).toBe('not-due');
  expect(refused(state, draft(state, 'buyer', 'paid', { amount: idr(1) })).code).toBe('TRADE_STATE');
  expect(after(state, ['buyer', 'received'], ['buyer', 'approved']).word).toBe('completed');
});

test('a proposer that forks is held to the proposal that was accepted', () => {
  const rivals = crossed(
    offered(),
    ['seller', 'counter', { terms: { note: 'one' } }],
    ['seller', 'counter', { terms: { note: 'two' } }],
  );
  expect(rivals).toMatchObject({ word: 'countered', turn: 'buyer', conflicts: [{ role: 'seller', freezes: false }] });
  expect(rivals.equivocations).toHaveLength(1);
  if (rivals.contract.status !== 'open') throw new Error('not open');
  expect(rivals.contract.open).toHaveLength(2);
  for (const { id } of rivals.contract.open) {
    const state = after(rivals, ['buyer', 'accept', { answers: id }]);
    expect(state).toMatchObject({ word: 'accepted', dispute: { status: 'none' } });
    expect(state.agreement?.proposal).toEqual(id);
  }
  expect(after(rivals, ['buyer', 'decline']).word).toBe('declined');
});

test('an accepter that contradicts itself freezes the trade, and the other side may leave', () => {
  for (const kind of ['decline', 'counter'] as const) {
    const frozen = crossed(offered(), ['seller', 'accept'], ['seller', kind]);
    expect(frozen).toMatchObject({ word: 'disputed', dispute: { status: 'frozen', conflicts: [{ role: 'seller' }] } });
    expect(allowed(frozen, 'buyer')).toEqual(['cancel', 'timeout', 'dispute']);
    expect(allowed(frozen, 'seller')).toEqual(['cancel', 'timeout', 'payment-seen', 'dispute']);
    expect(after(frozen, ['buyer', 'cancel']).word).toBe('cancelled');
  }
});

test('two devices of one side conflict only where they answer the same proposal in different ways', () => {
  const second = { device: BUYERS_SECOND };
  const start = after(undefined, ['seller', 'offer']);
  const same = crossed(start, ['buyer', 'accept'], ['buyer', 'accept', second]);
  expect(same).toMatchObject({ word: 'accepted', conflicts: [], equivocations: [] });
  const different = crossed(start, ['buyer', 'accept'], ['buyer', 'decline', second]);
  expect(different).toMatchObject({ word: 'disputed', equivocations: [] });
  const later = crossed(same, ['buyer', 'paid'], ['buyer', 'paid', second]);
  expect(later).toMatchObject({ word: 'paid', conflicts: [], equivocations: [] });
  expect(later.payment.claims).toHaveLength(2);
});

test('the contract is the one that the other side acted upon, whatever its accepter signs later', () => {
  // The buyer accepts the seller's second proposal; the seller ships; then an accept of the first one turns up.
  const first = after(undefined, ['seller', 'offer']);
  const second = after(first, ['buyer', 'counter'], ['seller', 'counter', { terms: { note: 'last word' } }]);
  const shipped = after(second, ['buyer', 'accept'], ['seller', 'shipped']);
  const fork = after(first, ['buyer', 'accept']);
  const state = merged(shipped, fork);
  expect(state.agreement?.proposal).toEqual(second.heads[0]);
  expect(state).toMatchObject({ word: 'disputed', equivocations: [{ role: 'buyer' }] });
  expect(stateOf([...state.log.entries].reverse().map(({ message }) => message)).state?.agreement).toEqual(
    state.agreement,
  );
});

test('what was done under a contract keeps it the contract, even beside one that its accepter did not contradict', () => {
  const first = after(undefined, ['seller', 'offer']);
  const second = after(first, ['buyer', 'counter'], ['seller', 'counter', { terms: { note: 'last word' } }]);
  const disputed = must(second, draft(first, 'buyer', 'accept'));
  expect(disputed).toMatchObject({ word: 'disputed', agreement: { proposal: first.trade } });
  const acted = after(disputed, ['seller', 'payment-seen']);
  // Several, so that some of them have the smaller id.
  for (let number = 0; number < 8; number++) {
    const rival = draft(second, 'buyer', 'accept', { fields: { note: number } });
    expect(must(acted, rival).agreement?.proposal).toEqual(first.trade);
  }
  // With nothing done under it, the accept that nothing contradicts is the better one.
  expect(must(disputed, draft(second, 'buyer', 'accept')).agreement?.proposal).toEqual(second.heads[0]);
});

test('where a side accepts and counters, the accept of its counter is the contract', () => {
  const both = crossed(offered(), ['seller', 'accept'], ['seller', 'counter', { terms: { note: 'other' } }]);
  const counter = after(offered(), ['seller', 'counter', { terms: { note: 'other' } }]);
  const state = merged(both, after(counter, ['buyer', 'accept']));
  expect(state.agreement?.proposal).toEqual(counter.heads[0]);
  expect(state.word).toBe('disputed');
});

test('a cancel kept up the sleeve does not undo a finished trade', () => {
  const done = after(
    agreed(),
    ['buyer', 'paid'],
    ['seller', 'payment-seen'],
    ['seller', 'shipped'],
    ['buyer', 'approved'],
  );
  expect(done.word).toBe('completed');
  const early = draft(agreed(), 'buyer', 'cancel');
  const begun = after(agreed(), ['buyer', 'paid'], ['seller', 'cancel']);
  expect(must(done, early)).toMatchObject({ word: 'completed', equivocations: [{ role: 'buyer' }] });
  const consent = draft(begun, 'buyer', 'cancel');
  const went = after(begun, ['seller', 'payment-seen'], ['seller', 'shipped'], ['buyer', 'approved']);
  expect(must(went, consent).word).toBe('completed');
  const shipped = after(agreed(), ['seller', 'shipped']);
  const received = must(shipped, draft(shipped, 'buyer', 'approved'));
  const forked = must(received, draft(agreed(), 'seller', 'cancel'));
  expect(forked.word).toBe('return-due');
  expect(after(forked, ['seller', 'payment-seen']).word).toBe('completed');
});
