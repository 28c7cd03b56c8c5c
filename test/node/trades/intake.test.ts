import { describe, expect, it } from 'vitest';
import { Intake, type IntakeDeps } from '../../../node/trades/intake.js';
import { FINAL_CODES } from '../../../node/mail/final-codes.js';
import { FINAL_TRADE_CODES } from '../../../node/trades/final-codes.js';
import { BEGIN, buyer, DAY, Log, seller } from './log.js';

function open(rows: ReadonlyMap<string, object>, given: object = {}): Intake {
  return new Intake({
    identity: { trader: seller.trader },
    blocks: { isBlocked: () => false },
    book: { rows: () => rows },
    now: () => BEGIN,
    ...given,
  } as unknown as IntakeDeps);
}

/** Whether one more trade is begun with a buyer with whom there are so many in that state. */
function checked(count: number, word: string, age = 0): () => void {
  const row = { counterparty: buyer.trader, word, ended: word === 'declined', created: BEGIN - age };
  const rows = new Map(Array.from({ length: count }, (_, at) => [String(at), row]));
  return () => open(rows).checkTrader(buyer.trader);
}

describe('of one trader', () => {
  it.each(['offered', 'countered', 'unconfirmed'])('no more than 200 offers wait for an answer: %s', (word) => {
    expect(checked(199, word, 2 * DAY)).not.toThrow();
    expect(checked(200, word, 2 * DAY)).toThrow(expect.objectContaining({ code: 'RATE_LIMITED' }));
  });

  it('any number of contracts may be under way, of which 500 were begun in a day', () => {
    expect(checked(2_000, 'shipped', 2 * DAY)).not.toThrow();
    expect(checked(499, 'accepted')).not.toThrow();
    expect(checked(500, 'accepted')).toThrow(expect.objectContaining({ code: 'RATE_LIMITED' }));
    expect(checked(500, 'declined')).toThrow(expect.objectContaining({ code: 'RATE_LIMITED' }));
  });
});

it('an offer for a listing that only the machine that writes has by now is refused for the moment, not for good', async () => {
  const [offer] = new Log().offer(false).records.values();
  if (offer === undefined) throw new Error('no offer');
  const catalog = { version: () => Promise.resolve(undefined) };
  const check = (mayWrite: boolean) => open(new Map(), { catalog, mayWrite: () => mayWrite }).checkOffer(offer);
  await expect(check(true)).rejects.toMatchObject({ code: 'LISTING_NOT_FOUND' });
  await expect(check(false)).rejects.toMatchObject({ code: 'WRITER_OTHER' });
  expect([...FINAL_TRADE_CODES, ...FINAL_CODES]).not.toContain('WRITER_OTHER');
});
