import fc from 'fast-check';
import { expect, test } from 'vitest';
import { messagesOf, stateOf } from '../../../protocol/trade/index.js';
import { deliver, marketArbitrary } from './market.js';
import { merged, summary } from './traders.js';

const RUNS = 150;

test.each([{ honest: true }, { honest: false }])(
  'any order, with repeats, ends in the same state ($honest)',
  (options) => {
    const schedules = marketArbitrary(options).chain((market) =>
      fc.record({
        market: fc.constant(market),
        order: fc.shuffledSubarray([...market.messages, ...market.messages], { minLength: market.messages.length * 2 }),
      }),
    );
    fc.assert(
      fc.property(schedules, ({ market, order }) => {
        const expected = summary(stateOf(market.messages).state);
        expect(summary(deliver(order).at(-1))).toEqual(expected);
        expect(summary(stateOf(order).state)).toEqual(expected);
      }),
      { numRuns: RUNS },
    );
  },
);

test('every closed part of a log has one state, however it came about', () => {
  const schedules = marketArbitrary({ honest: false }).chain((market) =>
    fc.tuple(fc.constant(market), fc.shuffledSubarray([...market.messages], { minLength: market.messages.length })),
  );
  fc.assert(
    fc.property(schedules, ([, order]) => {
      for (const state of deliver(order)) {
        const replay = stateOf(state.log.entries.map(({ message }) => message));
        expect(replay.refused).toEqual([]);
        expect(summary(replay.state)).toEqual(summary(state));
      }
    }),
    { numRuns: 60 },
  );
});

test('devices that have heard of everything agree', () => {
  fc.assert(
    fc.property(marketArbitrary({ honest: false }), ({ states }) => {
      const everything = states.reduce(merged);
      const expected = summary(stateOf(messagesOf(everything)).state);
      for (const start of states) expect(summary(states.reduce(merged, start))).toEqual(expected);
    }),
    { numRuns: RUNS },
  );
});

test('a message that is lost leaves what follows it waiting, and nothing else', () => {
  fc.assert(
    fc.property(marketArbitrary({ honest: true }), fc.nat(), ({ messages }, nat) => {
      const lost = messages[1 + (nat % Math.max(1, messages.length - 1))];
      const { state, refused, waiting } = stateOf(messages.filter((message) => message !== lost));
      expect(refused).toEqual([]);
      expect((state?.size ?? 0) + waiting.length + (lost === undefined ? 0 : 1)).toBe(messages.length);
    }),
    { numRuns: RUNS },
  );
});
