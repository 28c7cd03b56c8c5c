import { expect, test } from 'vitest';
import { apply, MESSAGE_KINDS, ROLES, WORDS, type TradeState } from '../../../protocol/trade/index.js';
import { after, agreed, crossed, draft, idr, offered, T0 } from './traders.js';

/** One trade for each row of the table: at least one for every word. */
const STATES: Record<string, () => TradeState> = {
  'offered by buyer': offered,
  'offered by seller': () => after(undefined, ['seller', 'offer']),
  'countered by seller': () => after(offered(), ['seller', 'counter']),
  'countered by buyer': () => after(offered(), ['seller', 'counter'], ['buyer', 'counter']),
  unconfirmed: () =>
    after(undefined, ['seller', 'offer', { terms: { stock: 'subject-to-stock' } }], ['buyer', 'accept']),
  accepted: agreed,
  paid: () => after(agreed(), ['buyer', 'paid']),
  'paid short': () => after(agreed(), ['seller', 'payment-seen', { amount: idr(1) }]),
  'paid, cancel proposed by buyer': () => after(agreed(), ['buyer', 'paid'], ['buyer', 'cancel']),
  'payment-confirmed': () => after(agreed(), ['seller', 'payment-seen']),
  'shipped unpaid': () => after(agreed(), ['seller', 'shipped']),
  'shipped and claimed': () => after(agreed(), ['buyer', 'paid'], ['seller', 'shipped']),
  'shipped and seen': () => after(agreed(), ['seller', 'payment-seen'], ['seller', 'shipped']),
  'received unpaid': () => after(agreed(), ['seller', 'shipped'], ['buyer', 'received']),
  'received and claimed': () => after(agreed(), ['seller', 'shipped'], ['buyer', 'received'], ['buyer', 'paid']),
  completed: () => after(agreed(), ['seller', 'payment-seen'], ['seller', 'shipped'], ['buyer', 'received']),
  declined: () => after(offered(), ['seller', 'decline']),
  withdrawn: () => after(offered(), ['buyer', 'withdraw']),
  expired: () => after(offered(), ['seller', 'timeout']),
  'cancelled without contract': () => after(offered(), ['seller', 'cancel']),
  'cancelled with contract': () => after(agreed(), ['buyer', 'cancel']),
  'refund-due': () => crossed(agreed(), ['buyer', 'paid'], ['seller', 'cancel']),
  'return-due': () => crossed(agreed(), ['buyer', 'cancel'], ['seller', 'shipped']),
  'disputed before payment': () => crossed(offered(), ['seller', 'accept'], ['seller', 'decline']),
};

/** `+` taken, else why not: Heads (of another trade), Role, State, Turn. Columns: buyer and seller for each kind. */
const CODES: Record<string, string> = { H: 'TRADE_HEADS', R: 'TRADE_ROLE', S: 'TRADE_STATE', T: 'TRADE_TURN' };

const KINDS = [
  'offer',
  'counter',
  'accept',
  'decline',
  'withdraw',
  'cancel',
  'paid',
  'payment-seen',
  'shipped',
  'received',
  'timeout',
];

const TABLE: Record<string, string> = {
  //                               off ctr acc dec wdr cnl pay see shp rcv tmo
  'offered by buyer': '             HH  T+  T+  T+  +T  ++  SR  RS  RS  SR  ++',
  'offered by seller': '            HH  +T  +T  +T  T+  ++  SR  RS  RS  SR  ++',
  'countered by seller': '          HH  +T  +T  +T  T+  ++  SR  RS  RS  SR  ++',
  'countered by buyer': '           HH  T+  T+  T+  +T  ++  SR  RS  RS  SR  ++',
  unconfirmed: '                    HH  T+  T+  T+  +T  ++  SR  RS  RS  SR  ++',
  accepted: '                       HH  SS  SS  SS  SS  ++  +R  R+  R+  SR  SS',
  paid: '                           HH  SS  SS  SS  SS  ++  SR  R+  R+  SR  SS',
  'paid short': '                   HH  SS  SS  SS  SS  ++  +R  R+  R+  SR  SS',
  'paid, cancel proposed by buyer': 'HH  SS  SS  SS  SS  S+  SR  R+  R+  SR  SS',
  'payment-confirmed': '            HH  SS  SS  SS  SS  ++  SR  RS  R+  SR  SS',
  'shipped unpaid': '               HH  SS  SS  SS  SS  ++  +R  R+  RS  +R  SS',
  'shipped and claimed': '          HH  SS  SS  SS  SS  ++  SR  R+  RS  +R  SS',
  'shipped and seen': '             HH  SS  SS  SS  SS  ++  SR  RS  RS  +R  SS',
  'received unpaid': '              HH  SS  SS  SS  SS  ++  +R  R+  RS  SR  SS',
  'received and claimed': '         HH  SS  SS  SS  SS  ++  SR  R+  RS  SR  SS',
  completed: '                      HH  SS  SS  SS  SS  SS  SR  RS  RS  SR  SS',
  declined: '                       HH  SS  SS  SS  SS  SS  SR  RS  RS  SR  SS',
  withdrawn: '                      HH  SS  SS  SS  SS  SS  SR  RS  RS  SR  SS',
  expired: '                        HH  SS  SS  SS  SS  SS  SR  RS  RS  SR  SS',
  'cancelled without contract': '   HH  SS  SS  SS  SS  SS  SR  RS  RS  SR  SS',
  'cancelled with contract': '      HH  SS  SS  SS  SS  SS  SR  R+  RS  SR  SS',
  'refund-due': '                   HH  SS  SS  SS  SS  SS  SR  R+  RS  SR  SS',
  'return-due': '                   HH  SS  SS  SS  SS  SS  SR  R+  RS  +R  SS',
  'disputed before payment': '      HH  SS  SS  SS  SS  ++  SR  R+  RS  SR  SS',
};

test('the columns are all kinds, and the rows reach every word', () => {
  expect(KINDS).toEqual(MESSAGE_KINDS);
  expect(Object.keys(TABLE)).toEqual(Object.keys(STATES));
  expect(new Set(Object.values(STATES).map((state) => state().word))).toEqual(new Set(Object.keys(WORDS)));
});

test.each(Object.entries(TABLE))('%s: each step of each side is taken or refused as the table says', (name, cells) => {
  const state = STATES[name]?.();
  if (state === undefined) throw new Error(name);
  expect(name.startsWith(state.word)).toBe(true);
  const row = cells.trim().split(/ +/);
  MESSAGE_KINDS.forEach((kind, column) => {
    ROLES.forEach((role, place) => {
      const message = draft(state, role, kind, kind === 'timeout' ? {} : { created: T0 + 100 });
      const outcome = apply(state, message);
      const cell = row[column]?.[place] ?? '';
      expect([role, kind, outcome.ok ? '+' : outcome.code]).toEqual([role, kind, CODES[cell] ?? cell]);
      if (!outcome.ok) expect(outcome.message).toContain(state.word);
    });
  });
});
