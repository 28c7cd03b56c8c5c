import { expect, test } from 'vitest';
import { apply, MESSAGE_KINDS, ROLES, WORDS, type TradeState } from '../../../protocol/trade/index.js';
import { draft, T0 } from './traders.js';
import { STATES } from './states.js';
import { TABLE } from './table.js';

/** `+` taken, else why not: Heads (of another trade), Role, State, Turn. Columns: buyer, seller and arbiter for each kind. */
const CODES: Record<string, string> = { H: 'TRADE_HEADS', R: 'TRADE_ROLE', S: 'TRADE_STATE', T: 'TRADE_TURN' };

test('the columns are all kinds, and the rows reach every word', () => {
  expect(TABLE.kinds.split(/ +/)).toEqual(MESSAGE_KINDS);
  expect(Object.keys(TABLE.rows)).toEqual(Object.keys(STATES));
  expect(new Set(Object.values(STATES).map((state) => state().word))).toEqual(new Set(Object.keys(WORDS)));
});

test.each(Object.entries(TABLE.rows))(
  '%s: each step of each role is taken or refused as the table says',
  (name, cells) => {
    const state = STATES[name]?.();
    if (state === undefined) throw new Error(name);
    expect(name.startsWith(state.word)).toBe(true);
    const row = cells.trim().split(/ +/);
    expect(rowOf(state)).toEqual(row);
  },
);

function rowOf(state: TradeState): string[] {
  return MESSAGE_KINDS.map((kind) =>
    ROLES.map((role) => {
      const message = draft(state, role, kind, kind === 'timeout' ? {} : { created: T0 + 100 });
      const outcome = apply(state, message);
      if (outcome.ok) return '+';
      expect(outcome.message).toContain(state.word);
      return Object.entries(CODES).find(([, code]) => code === outcome.code)?.[0] ?? outcome.code;
    }).join(''),
  );
}
