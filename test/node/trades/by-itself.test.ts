import { describe, expect, it } from 'vitest';
import { unlessRunning } from '../../../node/concurrency.js';
import { Consents } from '../../../node/trades/consents.js';
import { Expiry } from '../../../node/trades/expiry.js';
import type { OpenTrade } from '../../../node/trades/book.js';
import { NiagaError } from '../../../protocol/errors.js';
import type { Role } from '../../../protocol/trade/index.js';
import { quiet } from '../trader-records/support.js';
import { BEGIN, DAY, Log, seller } from './log.js';

const going = new AbortController().signal;
/** Asks others who never answer. */
const unanswered = (signal: AbortSignal | undefined): Promise<never> =>
  new Promise((_, reject) => signal?.addEventListener('abort', () => reject(new NiagaError('STOPPED', 'It stops.'))));

const pending = () => Promise.reject(new NiagaError('RESTORE_PENDING', 'Not yet.'));

/** Trades of this trader by their names; reading the one called `damaged` fails. */
function bookOf(role: Role, ...names: string[]) {
  const { state, records } = new Log().offer(true).answer(seller, 'accept').known;
  const row = {
    counterparty: seller.trader,
    peer: '',
    created: BEGIN,
    updated: BEGIN,
    messages: 2,
    word: state.word,
    ended: false,
    deadline: BEGIN + DAY,
  };
  return {
    rows: () => new Map(names.map((name) => [name, row])),
    read: (id: string): Promise<OpenTrade> =>
      id === 'damaged'
        ? Promise.reject(new NiagaError('RECORD_CORRUPT', 'Not readable.'))
        : Promise.resolve({ id, state, records, role, row }),
  };
}

describe('that a deadline has passed', () => {
  async function said(check?: (trade: string) => Promise<void>): Promise<string[]> {
    const trades: string[] = [];
    const act = async (id: string | undefined): Promise<never> => {
      trades.push(id ?? '');
      throw new NiagaError('TRADE_STATE', 'Enough.');
    };
    const sign = () => {
      throw new Error('not asked');
    };
    const book = bookOf('buyer', 'one', 'damaged', 'two');
    const expiry = new Expiry({ book, ledger: { act }, sign, check, now: () => BEGIN + 30 * DAY, logger: quiet });
    await expiry.run(going);
    return trades;
  }

  it('is said of each trade, though the log of one cannot be read', async () => {
    expect(await said()).toEqual(['one', 'two']);
  });

  it('is said of none that may not go on yet', async () => {
    expect(await said((trade) => (trade === 'one' ? pending() : Promise.resolve()))).toEqual(['two']);
  });

  it('is tried ever less often where it cannot be said, down to once an hour, and at once for another deadline', async () => {
    let now = BEGIN + 30 * DAY;
    const asked: number[] = [];
    const check = (): Promise<void> => {
      asked.push(now);
      return pending();
    };
    const { rows, read } = bookOf('buyer', 'one');
    let deadline = BEGIN + DAY;
    const book = { rows: () => new Map([...rows()].map(([id, row]) => [id, { ...row, deadline }] as const)), read };
    const act = () => Promise.reject(new Error('not asked'));
    const sign = () => {
      throw new Error('not asked');
    };
    const expiry = new Expiry({ book, ledger: { act }, sign, check, now: () => now, logger: quiet });
    const end = now + DAY;
    for (; now < end; now += 10_000) await expiry.run(going);
    // Some ten doublings, and then once an hour.
    expect(asked.length).toBeLessThan(40);
    const pauses = asked.slice(1).map((at, before) => at - (asked[before] ?? 0));
    expect(Math.max(...pauses)).toBe(60 * 60 * 1000);
    expect(pauses).toEqual([...pauses].sort((a, b) => a - b));
    const before = asked.length;
    deadline += DAY;
    await expiry.run(going);
    expect(asked).toHaveLength(before + 1);
  });
});

describe('the consent of an arbiter', () => {
  it('waits until the trade may go on, and is then given once', async () => {
    const given: string[] = [];
    let check: () => Promise<void> = pending;
    const consents = new Consents({
      book: bookOf('arbiter', 'damaged', 'one'),
      arbiters: { offers: () => Promise.resolve(true), fits: () => Promise.resolve(true) },
      check: () => check(),
      consent: async (trade) => given.push(trade),
      logger: quiet,
    });
    consents.load();
    await consents.run(going);
    expect(given).toEqual([]);
    check = () => Promise.resolve();
    await consents.run(going);
    await consents.run(going);
    expect(given).toEqual(['one']);
  });

  it('holds up no stop where nobody answers, and goes on afterwards', async () => {
    const given: string[] = [];
    let answers = { offers: false, fits: false };
    const consents = new Consents({
      book: bookOf('arbiter', 'one', 'two'),
      arbiters: {
        offers: (signal) => (answers.offers ? Promise.resolve(true) : unanswered(signal)),
        fits: (_, signal) => (answers.fits ? Promise.resolve(true) : unanswered(signal)),
      },
      consent: async (trade) => given.push(trade),
      logger: quiet,
    });
    consents.load();
    for (const known of [
      { offers: false, fits: false },
      { offers: true, fits: false },
    ]) {
      answers = known;
      const stopping = new AbortController();
      const run = consents.run(stopping.signal);
      stopping.abort();
      await run;
      expect(given).toEqual([]);
    }
    answers = { offers: true, fits: true };
    await consents.run(going);
    expect(given).toEqual(['one', 'two']);
  });
});

it('what goes on by itself is not begun again while it is under way', async () => {
  let [begun, end] = [0, (): void => undefined];
  const look = unlessRunning(() => {
    begun++;
    return new Promise((resolve) => (end = resolve));
  });
  for (let times = 0; times < 3; times++) look();
  expect(begun).toBe(1);
  end();
  await new Promise(setImmediate);
  look();
  expect(begun).toBe(2);
});
