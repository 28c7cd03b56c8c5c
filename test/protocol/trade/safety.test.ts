import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  allowed,
  apply,
  leftToShip,
  MESSAGE_KINDS,
  ROLES,
  RULES,
  SIDES,
  stateOf,
  WORDS,
  type MessageKind,
  type Role,
  type Rule,
  type TradeMessage,
  type TradeState,
} from '../../../protocol/trade/index.js';
import { deliver, marketArbitrary } from './market.js';
import { exitOf } from './exits.js';
import { draft, key, KEYS, messageOf, summary, T0 } from './traders.js';

const RUNS = 150;
const anyMarket = fc.oneof(marketArbitrary({ honest: true }), marketArbitrary({ honest: false }));

/** A random order of arrival of a random trade. */
const arrivals = (honest: boolean) =>
  marketArbitrary({ honest }).chain(({ messages }) =>
    fc.shuffledSubarray([...messages], { minLength: messages.length }),
  );

function last({ messages }: { messages: readonly TradeMessage[] }): TradeState {
  const { state } = stateOf(messages);
  if (state === undefined) throw new Error('no trade');
  return state;
}

test('nobody takes a step of the other side or of a trade that is not theirs', () => {
  fc.assert(
    fc.property(anyMarket, (market) => {
      const state = last(market);
      for (const kind of MESSAGE_KINDS.filter((one) => one !== 'offer')) {
        for (const role of ROLES) {
          const rule: Rule = RULES[kind];
          const message = draft(state, role, kind);
          const outcome = apply(state, message);
          if (!rule.by.includes(role)) expect(outcome).toMatchObject({ ok: false, code: 'TRADE_ROLE' });
          const stranger = messageOf({ ...message.payload, trader: key(9), device: key(9) });
          expect(apply(state, stranger)).toMatchObject({ ok: false, code: 'TRADE_ROLE', allowed: [] });
        }
      }
    }),
    { numRuns: 60 },
  );
});

test('a step is taken exactly where it is allowed', () => {
  fc.assert(
    fc.property(anyMarket, (market) => {
      const state = last(market);
      for (const role of ROLES) {
        const may = allowed(state, role);
        for (const kind of MESSAGE_KINDS) {
          const amount = { amount: Number.MAX_SAFE_INTEGER, currency: 'IDR' };
          const message = draft(state, role, kind, { amount, ...(kind === 'timeout' ? {} : { created: T0 }) });
          const outcome = apply(state, message);
          expect([role, kind, outcome.ok]).toEqual([role, kind, may.includes(kind)]);
        }
      }
    }),
    { numRuns: RUNS },
  );
});

test.each([true, false])(
  'what was claimed, seen, shipped or received stays so, whatever comes (honest: %s)',
  (honest) => {
    fc.assert(
      fc.property(arrivals(honest), (messages) => {
        let before: TradeState | undefined;
        for (const state of deliver(messages)) {
          const facts = (one: TradeState) =>
            [
              ...one.payment.claims.map(({ message }) => message),
              ...one.delivery.shipped,
              ...one.delivery.received,
            ].map(String);
          const now = new Set(facts(state));
          // Where both sides fork, and nobody acted on either contract but who forks, the later one may win: what belongs to the other
          // goes with it. That an honest side's contract stays is said below.
          const same = honest || before?.agreement?.proposal.toString() === state.agreement?.proposal.toString();
          if (before !== undefined && same) {
            expect(facts(before).filter((fact) => !now.has(fact))).toEqual([]);
            expect(state.payment.seen?.amount ?? 0).toBeGreaterThanOrEqual(before.payment.seen?.amount ?? 0);
            expect(new Set(state.equivocations.map(deviceOf)).size).toBeGreaterThanOrEqual(
              new Set(before.equivocations.map(deviceOf)).size,
            );
          }
          before = state;
        }
      }),
      { numRuns: RUNS },
    );
  },
);

const deviceOf = ({ role, device }: { role: Role; device: Uint8Array }) => `${role} ${device.join()}`;

test('honest sides make one contract at most, and it stays the same one', () => {
  fc.assert(
    fc.property(arrivals(true), (messages) => {
      let contract: string | undefined;
      for (const state of deliver(messages)) {
        expect(state.conflicts).toEqual([]);
        expect(state.equivocations).toEqual([]);
        expect(state.dispute.conflicts).toEqual([]);
        const now = state.agreement?.proposal.toString();
        if (contract !== undefined) expect(now).toBe(contract);
        contract = now;
      }
    }),
    { numRuns: RUNS },
  );
});

test('what an honest side acted upon stays the contract, whatever the other side forks', () => {
  // The buyer forks and has two devices; the seller has one and never goes back.
  const honestSeller = marketArbitrary({ honest: false }).filter(({ messages }) => {
    const { state } = stateOf(messages);
    return (
      state !== undefined &&
      state.equivocations.every(({ role }) => role !== 'seller') &&
      soleDevice(messages, 'seller')
    );
  });
  fc.assert(
    fc.property(honestSeller, (market) => {
      const state = last(market);
      for (const { message, role, past } of state.log.entries) {
        if (role !== 'seller' || !['shipped', 'payment-seen'].includes(message.payload.kind)) continue;
        const before = state.log.entries.filter(({ index }) => ((past[index >>> 5] ?? 0) & (1 << (index & 31))) !== 0);
        const acted = stateOf(before.map((entry) => entry.message)).state?.agreement;
        expect(acted).toBeDefined();
        if (acted !== undefined) expect(state.agreement?.proposal.toString()).toBe(acted.proposal.toString());
      }
    }),
    { numRuns: RUNS },
  );
});

function soleDevice(messages: readonly TradeMessage[], role: Role): boolean {
  return messages.every(({ payload }) => payload.trader[0] !== KEYS[role][0] || payload.device[0] === KEYS[role][0]);
}

test('every side can bring every trade to its end alone, at worst by letting time pass', () => {
  fc.assert(
    fc.property(anyMarket, (market) => {
      const state = last(market);
      for (const side of SIDES) {
        const end = exitOf(state, side);
        expect(WORDS[end.word].phase, `${side} cannot leave ${state.word}: ${end.word}`).toBe('final');
      }
    }),
    { numRuns: RUNS },
  );
});

test('what is completed was paid, and has nothing left to deliver', () => {
  fc.assert(
    fc.property(anyMarket, (market) => {
      const { contract, delivery, payment } = last(market);
      if (contract.status !== 'completed' || delivery.goods === undefined) return;
      expect(Math.max(0, ...leftToShip(delivery.goods))).toBe(0);
      expect(payment.seen?.amount ?? 0).toBeGreaterThanOrEqual(payment.price?.amount ?? 0);
    }),
    { numRuns: RUNS },
  );
});

test('receipts change nothing', () => {
  const receipts = fc.array(
    fc.record({
      of: fc.nat(),
      trader: fc.constantFrom(KEYS.buyer, KEYS.seller, key(9)),
      fields: fc.dictionary(fc.constantFrom('heads', 'answers', 'amount', 'note'), fc.nat()),
    }),
  );
  fc.assert(
    fc.property(anyMarket, receipts, (market, drafts) => {
      const state = last(market);
      const records = drafts.map(({ of, trader, fields }) => {
        const { heads: _heads, ...more } = fields;
        const message = market.messages[of % market.messages.length];
        return messageOf({
          ...more,
          kind: 'receipt',
          network: 'test',
          trader,
          device: trader,
          created: T0,
          of: message?.id,
          trade: state.trade,
          ...('heads' in fields ? { heads: [message?.id] } : {}),
        } as never);
      });
      expect(summary(stateOf([...records, ...market.messages]).state)).toEqual(summary(state));
      for (const record of records) expect(apply(state, record)).toMatchObject({ ok: false, code: 'RECORD_KIND' });
    }),
    { numRuns: 60 },
  );
});

test('random trades reach every word', () => {
  const words = new Set<string>();
  const kinds = new Set<MessageKind>();
  fc.assert(
    fc.property(anyMarket, (market) => {
      for (const state of deliver(market.messages)) words.add(state.word);
      for (const { payload } of market.messages) kinds.add(payload.kind);
    }),
    { numRuns: 800, seed: 7 },
  );
  expect([...words].sort()).toEqual(Object.keys(WORDS).sort());
  expect([...kinds].sort()).toEqual([...MESSAGE_KINDS].sort());
});
