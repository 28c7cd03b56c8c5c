import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  apply,
  effectsBetween,
  messagesOf,
  totalOf,
  type Effect,
  type Line,
  type MessageKind,
  type Role,
  type Terms,
  type TradeState,
} from '../../../protocol/trade/index.js';
import { deliver, marketArbitrary } from './market.js';
import { after, agreed, crossed, draft, EXPIRES, idr, must, offered, termsBy, type StepOptions } from './traders.js';

/** What a step asks for, without what is only told to people. */
function effectsOf(
  state: TradeState | undefined,
  role: Role,
  kind: MessageKind,
  options?: StepOptions,
): readonly Effect[] {
  const outcome = apply(state, draft(state, role, kind, options));
  if (!outcome.ok) throw new Error(outcome.message);
  return outcome.effects.filter((effect) => effect.kind !== 'notify');
}

const lines = termsBy('buyer').lines;
const forget = { kind: 'forget-deadline', deadline: 'offer-expiry' };

test('a seller’s proposal reserves until it expires, and what ends it releases', () => {
  expect(effectsOf(undefined, 'seller', 'offer')).toEqual([
    { kind: 'reserve-stock', lines, until: EXPIRES },
    { kind: 'watch-deadline', deadline: 'offer-expiry', at: EXPIRES },
  ]);
  const offer = after(undefined, ['seller', 'offer']);
  for (const [role, kind] of [
    ['buyer', 'decline'],
    ['seller', 'withdraw'],
    ['seller', 'cancel'],
    ['buyer', 'timeout'],
  ] as const) {
    expect(effectsOf(offer, role, kind)).toEqual([{ kind: 'release-stock', lines }, forget]);
  }
  const later = { terms: { expires: EXPIRES + 1 } };
  expect(effectsOf(offer, 'buyer', 'counter', later)).toEqual([
    { kind: 'release-stock', lines },
    { kind: 'watch-deadline', deadline: 'offer-expiry', at: EXPIRES + 1 },
  ]);
});

test('where a seller forks, the reservation follows the proposal that counts as the last', () => {
  const rival = (quantity: number) => {
    const goods = lines.map((line) => ({ ...line, quantity }));
    return draft(offered(), 'seller', 'counter', { terms: { lines: goods, total: totalOf(goods, idr(2_000_000)) } });
  };
  const [last, other] = [rival(3), rival(4)].sort((a, b) => Buffer.compare(a.id.bytes, b.id.bytes));
  if (last === undefined || other === undefined) throw new Error('no rivals');
  const outcome = apply(must(offered(), other), last);
  const reserved = outcome.ok ? outcome.effects.find(({ kind }) => kind === 'reserve-stock') : undefined;
  expect(reserved).toMatchObject({ lines: (last.payload.terms as Terms).lines, until: EXPIRES });
});

test('a proposal that is subject to stock, or the buyer’s, reserves nothing until it is agreed', () => {
  const watch = { kind: 'watch-deadline', deadline: 'offer-expiry', at: EXPIRES };
  expect(effectsOf(undefined, 'buyer', 'offer')).toEqual([watch]);
  expect(effectsOf(undefined, 'seller', 'offer', { terms: { stock: 'subject-to-stock' } })).toEqual([watch]);
  const deadline = { kind: 'watch-deadline', deadline: 'payment', at: agreed().deadlines[0]?.at };
  expect(effectsOf(offered(), 'seller', 'accept')).toEqual([{ kind: 'reserve-stock', lines }, forget, deadline]);
});

const stockOf = (effects: readonly Effect[]) => effects.filter(({ kind }) => kind.includes('stock'));

test('stock is sold when it is shipped, piece by piece, and free again when the contract is cancelled before', () => {
  expect(stockOf(effectsOf(agreed(), 'seller', 'shipped'))).toEqual([{ kind: 'stock-sold', lines }]);
  expect(stockOf(effectsOf(agreed(), 'buyer', 'cancel'))).toEqual([{ kind: 'release-stock', lines }]);
  const piece = lines.map((line) => ({ ...line, quantity: 1 }));
  const one = { fields: { parts: [{ line: 0, quantity: 1 }] } };
  const sold = { kind: 'stock-sold', lines: piece };
  expect(stockOf(effectsOf(agreed(), 'seller', 'shipped', one))).toEqual([
    sold,
    { kind: 'reserve-stock', lines: piece },
  ]);
  const part = after(agreed(), ['seller', 'shipped', one]);
  expect(stockOf(effectsOf(part, 'seller', 'shipped'))).toEqual([sold]);
});

test('a cancel that crosses says what has to go back, once', () => {
  const [paid, cancel] = [draft(agreed(), 'buyer', 'paid'), draft(agreed(), 'seller', 'cancel')];
  const cancelled = apply(agreed(), cancel);
  if (!cancelled.ok) throw new Error(cancelled.message);
  const both = apply(cancelled.state, paid);
  expect(both).toMatchObject({
    effects: [{ kind: 'refund-due', claims: [{ message: paid.id }] }, { kind: 'notify' }, { kind: 'notify' }],
  });
  if (!both.ok) throw new Error(both.message);
  expect(effectsOf(both.state, 'seller', 'payment-seen')).toEqual([]);
  const state = crossed(agreed(), ['buyer', 'cancel'], ['seller', 'shipped']);
  expect(effectsBetween(agreed(), state)).toMatchObject([
    { kind: 'stock-sold' },
    { kind: 'forget-deadline' },
    { kind: 'return-due', parts: [{ line: 0, quantity: 2 }] },
    { kind: 'notify' },
  ]);
  expect(effectsOf(state, 'buyer', 'received')).toEqual([]);
});

test('a proof of equivocation is handed out once', () => {
  const first = after(offered(), ['seller', 'accept']);
  const outcome = apply(first, draft(offered(), 'seller', 'decline'));
  expect(outcome).toMatchObject({ ok: true });
  if (!outcome.ok) return;
  expect(outcome.effects).toContainEqual({ kind: 'equivocation', equivocation: outcome.state.equivocations[0] });
  expect(effectsOf(outcome.state, 'buyer', 'cancel').filter(({ kind }) => kind === 'equivocation')).toEqual([]);
});

test('people are told of each message, each new word, and whose turn it is', () => {
  const outcome = apply(offered(), draft(offered(), 'seller', 'counter'));
  if (!outcome.ok) throw new Error(outcome.message);
  expect(outcome.effects.filter(({ kind }) => kind === 'notify')).toEqual([
    {
      kind: 'notify',
      event: { type: 'message', message: outcome.state.heads[0], messageKind: 'counter', by: 'seller' },
    },
    { kind: 'notify', event: { type: 'state', from: 'offered', to: 'countered' } },
    { kind: 'notify', event: { type: 'turn', role: 'buyer' } },
  ]);
});

test('a replay does nothing twice, and what it did ends where a start from nothing does', () => {
  const arrivals = fc
    .boolean()
    .chain((honest) => marketArbitrary({ honest }))
    .chain(({ messages }) => fc.shuffledSubarray([...messages], { minLength: messages.length }));
  fc.assert(
    fc.property(arrivals, (messages) => {
      let reserved: readonly Line[] = [];
      let sold = 0;
      const deadlines = new Map<string, number>();
      let before: TradeState | undefined;
      for (const state of deliver(messages)) {
        const kept = reserved;
        for (const effect of effectsBetween(before, state)) {
          if (effect.kind === 'reserve-stock') reserved = effect.lines;
          if (effect.kind === 'release-stock') expect(kept).toEqual(effect.lines);
          if (effect.kind === 'release-stock' || effect.kind === 'stock-sold') reserved = [];
          if (effect.kind === 'reserve-stock') reserved = effect.lines;
          if (effect.kind === 'stock-sold') sold += pieces(effect.lines);
          if (effect.kind === 'watch-deadline') deadlines.set(effect.deadline, effect.at);
          if (effect.kind === 'forget-deadline') deadlines.delete(effect.deadline);
          for (const line of 'lines' in effect ? effect.lines : []) expect(line.quantity).toBeGreaterThan(0);
        }
        for (const message of messagesOf(state)) expect(apply(state, message)).toMatchObject({ effects: [] });
        before = state;
      }
      if (before === undefined) return;
      const fresh = effectsBetween(undefined, before);
      expect(fresh.find((effect) => effect.kind === 'reserve-stock')?.lines ?? []).toEqual(reserved);
      expect(
        fresh.flatMap((effect) => (effect.kind === 'watch-deadline' ? [[effect.deadline, effect.at]] : [])),
      ).toEqual(expect.arrayContaining([...deadlines]));
      if (before.conflicts.length > 0 || before.equivocations.length > 0) return;
      const asked = fresh.flatMap((effect) => (effect.kind === 'stock-sold' ? effect.lines : []));
      expect(sold).toBe(pieces(asked));
    }),
    { numRuns: 60 },
  );
});

const pieces = (of: readonly Line[]) => of.reduce((sum, { quantity }) => sum + quantity, 0);
