import { describe, expect, it } from 'vitest';
import { Intake, type IntakeDeps } from '../../../node/trades/intake.js';
import { BEGIN, buyer, DAY, seller } from './log.js';

/** Whether one more trade is begun with a buyer with whom there are so many in that state. */
function checked(count: number, word: string, age = 0): () => void {
  const row = { counterparty: buyer.trader, word, ended: word === 'declined', created: BEGIN - age };
  const rows = new Map(Array.from({ length: count }, (_, at) => [String(at), row]));
  const intake = new Intake({
    identity: { trader: seller.trader },
    blocks: { isBlocked: () => false },
    book: { rows: () => rows },
    now: () => BEGIN,
  } as unknown as IntakeDeps);
  return () => intake.checkTrader(buyer.trader);
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
