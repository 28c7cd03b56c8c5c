import { expect, test } from 'vitest';
import { admits, allowed, DEADLINE_GRACE } from '../../../protocol/trade/index.js';
import { after, draft, EXPIRES, offered } from './traders.js';

test('a timeout is admitted from ten minutes after the deadline by the receiver’s clock', () => {
  const timeout = draft(offered(), 'seller', 'timeout');
  const early = { code: 'TRADE_STATE', retryAt: EXPIRES + DEADLINE_GRACE + 1 };
  expect(admits(offered(), timeout, EXPIRES + DEADLINE_GRACE)).toMatchObject(early);
  expect(admits(offered(), timeout, EXPIRES + DEADLINE_GRACE + 1)).toBeUndefined();
});

test('a timeout is weighed by the deadline in its own past, whatever came since', () => {
  const timeout = draft(offered(), 'seller', 'timeout');
  const since = after(offered(), ['seller', 'counter', { terms: { expires: EXPIRES * 2 } }]);
  expect(admits(since, timeout, EXPIRES + DEADLINE_GRACE + 1)).toBeUndefined();
  expect(admits(since, timeout, EXPIRES)).toMatchObject({ code: 'TRADE_STATE' });
});

test('nothing else waits for the clock', () => {
  const offer = draft(undefined, 'buyer', 'offer');
  expect(admits(undefined, offer, 0)).toBeUndefined();
  for (const kind of allowed(offered(), 'seller').filter((one) => one !== 'timeout')) {
    expect(admits(offered(), draft(offered(), 'seller', kind), 0)).toBeUndefined();
  }
});

test('what names unknown heads is left to the log to refuse', () => {
  const later = after(offered(), ['seller', 'counter']);
  expect(admits(offered(), draft(later, 'buyer', 'timeout'), 0)).toBeUndefined();
});
