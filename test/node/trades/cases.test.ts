import { beforeEach, describe, expect, it } from 'vitest';
import { createBulkVerifier } from '../../../node/identity/verifier.js';
import { TradeBook } from '../../../node/trades/book.js';
import { caseFor, openCase } from '../../../node/trades/cases.js';
import { Journal, type MessageRecord } from '../../../node/trades/journal.js';
import { Ledger, type LedgerDeps } from '../../../node/trades/ledger.js';
import { checkRoom } from '../../../node/trades/room.js';
import { keyPairFromSeed, sign } from '../../../protocol/ed25519.js';
import { recordId } from '../../../protocol/ids.js';
import { signRecord, type Draft, type Signer } from '../../../protocol/record.js';
import {
  apply,
  DEADLINE_GRACE,
  DEFAULT_DURATIONS,
  messagesOf,
  nextHeads,
  roleOf,
  type MessageKind,
  type TradeState,
} from '../../../protocol/trade/index.js';
import { openStore } from '../store/support.js';

const NETWORK = 'main';
const BEGIN = Date.UTC(2026, 0, 1);
const KiB = 1024;
const DAY = 24 * 60 * 60 * 1000;

/** A trader with one device, its root. */
function trader(seed: number): Signer {
  const { publicKey, secretKey } = keyPairFromSeed(new Uint8Array(32).fill(seed));
  const root: Signer = { trader: publicKey, device: publicKey, sign: (message) => sign(message, secretKey) };
  const device = keyPairFromSeed(new Uint8Array(32).fill(seed + 100));
  const grant = { delegate: device.publicKey, may: ['trade'], expires: BEGIN + 365 * DAY };
  const delegation = signRecord('delegation', grant, root, { network: NETWORK, created: BEGIN });
  const own = (message: Uint8Array) => sign(message, device.secretKey);
  return { trader: publicKey, device: device.publicKey, delegation, sign: own };
}

const [buyer, seller, arbiter] = [trader(1), trader(2), trader(3)];
const price = { amount: 8_500_000, currency: 'IDR' };
const listing = { listing: recordId(Uint8Array.of(0xa0)), slot: 'listing/x', title: 'Kopi', quantity: 1, price };
const terms = (named: boolean, by: Signer = buyer) => ({
  lines: [listing],
  total: price,
  settlement: { method: 'direct' as const },
  delivery: { method: 'shipping' as const },
  deadlines: DEFAULT_DURATIONS,
  expires: BEGIN + DAY,
  ...(by === seller ? { stock: 'reserved' as const } : {}),
  ...(named ? { arbiter: { trader: arbiter.trader, offer: recordId(Uint8Array.of(0xb0)), fee: price } } : {}),
});

/** A log that grows by one message after the other, each of which has to have room. */
class Log {
  state: TradeState | undefined;
  readonly records = new Map<string, MessageRecord>();
  clock = BEGIN;

  get known(): { state: TradeState; records: Map<string, MessageRecord> } {
    if (this.state === undefined) throw new Error('no offer');
    return { state: this.state, records: this.records };
  }

  sign(by: Signer, kind: MessageKind, more: object, padding = 0): MessageRecord {
    const common =
      this.state === undefined
        ? { heads: [], buyer: buyer.trader, seller: seller.trader }
        : { trade: this.state.trade, heads: [...nextHeads(this.state, roleOf(this.state, by.trader) ?? 'buyer')] };
    const draft = { ...common, padding: 'x'.repeat(padding), ...more } as unknown as Draft<MessageKind>;
    return signRecord(kind, draft, by, { network: NETWORK, created: ++this.clock, inlineDelegation: true });
  }

  add(record: MessageRecord, { room = true } = {}): void {
    if (room) checkRoom(this.state === undefined ? undefined : this.known, record);
    const outcome = apply(this.state, record);
    if (!outcome.ok) throw new Error(outcome.message);
    this.state = outcome.state;
    this.records.set(record.id.toString(), record);
  }

  offer(named: boolean, padding = 0): this {
    this.add(this.sign(buyer, 'offer', { terms: terms(named) }, padding));
    return this;
  }

  answer(by: Signer, kind: 'counter' | 'accept', { named = true, padding = 0, room = true } = {}): this {
    const { contract } = this.known.state;
    const answers = contract.status === 'open' ? contract.last.id : undefined;
    this.add(this.sign(by, kind, { answers, ...(kind === 'counter' ? { terms: terms(named, by) } : {}) }, padding), {
      room,
    });
    return this;
  }
}

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
});
