import { checkRoom } from '../../../node/trades/room.js';
import type { MessageRecord } from '../../../node/trades/journal.js';
import { recordId } from '../../../protocol/ids.js';
import { signRecord, type Draft, type Signer } from '../../../protocol/record.js';
import {
  apply,
  DEFAULT_DURATIONS,
  nextHeads,
  roleOf,
  type MessageKind,
  type TradeState,
} from '../../../protocol/trade/index.js';
import { traderOf } from '../../protocol/signers.js';

export const NETWORK = 'main';
export const BEGIN = Date.UTC(2026, 10, 1);
export const DAY = 24 * 60 * 60 * 1000;

export const [buyer, seller, arbiter] = [1, 2, 3].map((seed) => traderOf(seed, BEGIN)) as [Signer, Signer, Signer];
const price = { amount: 8_500_000, currency: 'IDR' };
const listing = { listing: recordId(Uint8Array.of(0xa0)), slot: 'listing/x', title: 'Kopi', quantity: 1, price };
export const terms = (named: boolean, by: Signer = buyer) => ({
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
export class Log {
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

  answer(by: Signer, kind: 'counter' | 'accept' | 'decline', { named = true, padding = 0, room = true } = {}): this {
    const { contract } = this.known.state;
    const answers = contract.status === 'open' ? contract.last.id : undefined;
    this.add(this.sign(by, kind, { answers, ...(kind === 'counter' ? { terms: terms(named, by) } : {}) }, padding), {
      room,
    });
    return this;
  }
}

const signing = (created: number) => ({ network: NETWORK, created, inlineDelegation: true });

/** An offer of now to somebody who is no party of {@link Log}. */
export function freshOffer(to: Uint8Array, created: number): MessageRecord {
  const proposed = { ...terms(false), expires: created + DAY };
  return signRecord('offer', { heads: [], buyer: buyer.trader, seller: to, terms: proposed }, buyer, signing(created));
}

/** That offer taken back. */
export function withdrawal({ id, payload }: MessageRecord, note: string): MessageRecord {
  const draft = { trade: id, heads: [id], answers: id, note };
  return signRecord('withdraw', draft, buyer, signing(payload.created + 1));
}
