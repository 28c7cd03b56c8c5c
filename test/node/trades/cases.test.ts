import { beforeEach, describe, expect, it } from 'vitest';
import type { Identity } from '../../../node/identity/index.js';
import { createBulkVerifier } from '../../../node/identity/verifier.js';
import { TradeBook } from '../../../node/trades/book.js';
import { caseFor, openCase } from '../../../node/trades/cases.js';
import { Journal } from '../../../node/trades/journal.js';
import { Ledger, type LedgerDeps } from '../../../node/trades/ledger.js';
import type { Revocation } from '../../../protocol/identity/delegation.js';
import type { Stands } from '../../../protocol/identity/stands.js';
import { equalBytes } from '../../../protocol/ids.js';
import type { SignedRecord } from '../../../protocol/record.js';
import { DEADLINE_GRACE, DEFAULT_DURATIONS, messagesOf, roleOf } from '../../../protocol/trade/index.js';
import { openStore } from '../store/support.js';
import { arbiter, BEGIN, buyer, Log, NETWORK, seller, terms } from './log.js';

const KiB = 1024;

let journal: Journal;

beforeEach(async () => {
  journal = new Journal(await openStore(), NETWORK, createBulkVerifier());
});

const opened = (log: Log, now: number) => {
  const { state, records } = log.known;
  const { bytes } = caseFor(state, records) ?? {};
  if (bytes === undefined) throw new Error('it is too large');
  return openCase(bytes, buyer.trader, arbiter.trader, { journal, now });
};

describe('a log that names an arbiter', () => {
  it('fits a case when the contract is there, however much both sides have filled it', () => {
    const log = new Log().offer(true);
    for (const padding of [20, 20, 10, 3].map((size) => size * KiB)) {
      for (const by of [seller, buyer]) log.answer(by, 'counter', { padding });
    }
    expect(() => log.answer(seller, 'counter', { padding: 25 * KiB })).toThrow('more room');
    expect(() => log.answer(seller, 'accept', { padding: 25 * KiB })).toThrow('more room');
    log.answer(seller, 'accept');
    const { state, records } = opened(log, BEGIN);
    expect([roleOf(state, arbiter.trader), records.length]).toEqual(['arbiter', log.records.size]);
  });

  it('can be left by a side that has no room in it any more', () => {
    const log = new Log().offer(true);
    const fill = (padding: number): void => {
      try {
        log.answer(seller, 'counter', { padding });
      } catch {
        fill(padding - 50);
      }
    };
    fill(60 * KiB);
    log.answer(buyer, 'counter');
    expect(() => log.answer(seller, 'accept')).toThrow('more room');
    log.answer(seller, 'decline');
  });

  it('takes no arbiter once it is too long for one', () => {
    const log = new Log().offer(false).answer(seller, 'counter', { named: false, padding: 60 * KiB });
    log.answer(buyer, 'counter', { named: false });
    log.answer(seller, 'counter', { named: false, padding: 20 * KiB });
    expect(() => log.answer(buyer, 'counter')).toThrow('more room');
    log.answer(buyer, 'accept');
  });

  it('is measured before it is written, and before an own message is in it', async () => {
    const log = new Log().offer(true);
    for (let round = 0; round < 10; round++) {
      for (const by of [seller, buyer]) log.answer(by, 'counter', { padding: 55 * KiB, room: false });
    }
    log.answer(seller, 'accept', { room: false });
    expect(caseFor(log.known.state, log.records)).toBeUndefined();
    const book = new TradeBook(journal, { trader: buyer.trader } as ConstructorParameters<typeof TradeBook>[1]);
    const ledger = new Ledger({ book } as LedgerDeps);
    const large = () => new Log().sign(buyer, 'offer', { terms: terms(true) }, 62 * KiB);
    await expect(ledger.act(undefined, large)).rejects.toMatchObject({ code: 'TRADE_FULL' });
  });
});

describe('a case', () => {
  it('is taken without a deadline that has not passed here, and without what builds on it', () => {
    const log = new Log().offer(true).answer(seller, 'accept');
    log.clock += DEFAULT_DURATIONS.payment + DEADLINE_GRACE;
    log.add(log.sign(seller, 'timeout', { deadline: 'payment' }));
    log.add(log.sign(buyer, 'rating', { stars: 1 }));
    // Its author's clock is ahead.
    const early = opened(log, log.clock - DEADLINE_GRACE / 2);
    expect(messagesOf(early.state).map(({ payload }) => payload.kind)).toEqual(['offer', 'accept']);
    expect(early.records).toHaveLength(2);
    const late = opened(log, log.clock + DEADLINE_GRACE);
    expect(late.records.map(({ payload }) => payload.kind)).toEqual(['offer', 'accept', 'timeout', 'rating']);
  });

  it('is taken without what a revoked device signed after what stands, but whole from the own machine that writes', async () => {
    const log = new Log().offer(true).answer(seller, 'accept');
    const { trade } = log.known.state;
    const [offer] = log.records.values();
    log.add(log.sign(buyer, 'paid', { amount: terms(true).total }));
    log.add(log.sign(seller, 'dispute', { reason: 'Palsu.' }));
    const found = opened(log, log.clock);
    const adopt = async (stands: Stands, judged: boolean): Promise<(string | undefined)[]> => {
      const revoked = { payload: { created: BEGIN, stands } } as SignedRecord<Revocation>;
      const store = await openStore();
      const kept = new Journal(store, NETWORK, createBulkVerifier());
      const book = new TradeBook(kept, { trader: arbiter.trader } as Identity);
      const ledger = new Ledger({
        store,
        journal: kept,
        book,
        identity: { trader: arbiter.trader } as Identity,
        devices: {
          revocationsOf: (_: Uint8Array, device: Uint8Array) => (equalBytes(device, buyer.device) ? [revoked] : []),
          writerOf: () => undefined,
        },
        mail: { waiting: () => [] } as unknown as LedgerDeps['mail'],
        events: { stage: () => ({ writes: [], tell: () => undefined }) } as unknown as LedgerDeps['events'],
        now: () => log.clock,
      } as unknown as LedgerDeps);
      await ledger.adopt(found, { judged });
      const taken = await book.get(trade.toString());
      return [...(taken?.records.values() ?? [])].map(({ payload }) => payload.kind);
    };
    const stands = [{ trade, last: offer?.id ?? trade }];
    expect(await adopt(stands, false)).toEqual(['offer', 'accept']);
    expect(await adopt(stands, true)).toEqual(['offer', 'accept', 'paid', 'dispute']);
    await expect(adopt([], false)).rejects.toMatchObject({ code: 'DELEGATION_REVOKED' });
  });
});
