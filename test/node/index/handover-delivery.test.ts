import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { declinedOf, Delivery } from '../../../node/index/handover-delivery.js';
import { OFFER_CARDS } from '../../../node/index/handover-options.js';
import type { HandoverSource, NamedListing } from '../../../node/index/handover-source.js';
import { MAX_PUT_BYTES, OFFER_METHOD, offerSchema, PUT_METHOD, putSchema } from '../../../node/index/wire.js';
import { readBody, writeBody } from '../../../node/network/bodies.js';
import type { Network, RequestOptions } from '../../../node/network/index.js';
import { NiagaError } from '../../../protocol/errors.js';
import { parseId } from '../../../protocol/ids.js';
import { listingId } from './handover-world.js';
import { ownTime } from '../../support/own-time.js';

interface Receiver {
  /** What it says to an offer of so many cards. */
  readonly offer?: (count: number) => { wanted: number[]; declined?: number[] };
  readonly put?: () => string;
  /** Records of each batch for which it has no answer. Default 0. */
  readonly silentOf?: number;
  /** Milliseconds for an answer. */
  readonly takes?: number;
}

/** A delivery to one receiver; each card has an envelope of so many bytes and a delegation of its own. */
function deliver(
  receiver: Receiver,
  {
    bytes = 600,
    bytesPerSecond = 1e9,
    bytesPerReceiver = 1e9,
    sellers = 1,
    timePerReceiver = 1e6,
    slowAnswer = 1e6,
    othersWait = (): boolean => false,
  } = {},
) {
  ownTime();
  const puts: { cards: number; bytes: number; delegations: number }[] = [];
  const offers: number[] = [];
  const timeouts: number[] = [];
  const misbehaved: string[] = [];
  const source = {
    held: () => ({ seq: 1, names: ['term:kopi'] }),
    putOf: (cards: readonly NamedListing[]) => ({
      keys: ['term:kopi'],
      cards: cards.map(() => [new Uint8Array(bytes), [0]]),
      delegations: Array.from({ length: Math.min(sellers, cards.length) }, () => new Uint8Array(300)),
      leases: [],
    }),
  } as unknown as HandoverSource;
  const network = {
    request: async (_: string, method: string, body: Uint8Array, { timeout = 0 }: RequestOptions) => {
      if (receiver.takes !== undefined) {
        timeouts.push(timeout);
        await new Promise((resolve) => setTimeout(resolve, receiver.takes));
      }
      if (method === OFFER_METHOD) {
        const { cards } = readBody(offerSchema, body, 'offer');
        offers.push(cards.length);
        return Promise.resolve(writeBody(receiver.offer?.(cards.length) ?? { wanted: cards.map((_, at) => at) }));
      }
      expect(method).toBe(PUT_METHOD);
      const { cards, delegations } = readBody(putSchema, body, 'put');
      puts.push({ cards: cards.length, bytes: body.length, delegations: delegations.length });
      const results = cards.slice(receiver.silentOf).map(() => receiver.put?.() ?? 'ok');
      return Promise.resolve(writeBody({ results, bits: [] }));
    },
    misbehaved: (peer: string) => void misbehaved.push(peer),
  } as unknown as Network;
  const delivery = new Delivery({
    network,
    source,
    options: { bytesPerSecond, bytesPerReceiver, timePerReceiver, slowAnswer },
    logger: pino({ level: 'silent' }),
  });
  const bring = (count: number, onHeld?: (card: NamedListing) => void): Promise<boolean> => {
    const cards = Array.from({ length: count }, (_, number): NamedListing => [listingId(number), ['term:kopi']]);
    return delivery.bring('receiver', cards, new AbortController().signal, { onHeld, othersWait });
  };
  return { bring, puts, offers, timeouts, misbehaved };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

describe('what is brought to another node', () => {
  it('comes in offers and batches that the wire allows, all that is wanted and nothing else', async () => {
    const wanted = (count: number): { wanted: number[] } => ({
      wanted: Array.from({ length: count }, (_, at) => at).filter((at) => at % 2 === 0),
    });
    const { bring, puts, offers } = deliver({ offer: wanted }, { bytes: 2_000, sellers: 1_000 });
    const held: NamedListing[] = [];
    expect(await bring(OFFER_CARDS + 100, (card) => held.push(card))).toBe(true);
    expect(offers).toEqual([OFFER_CARDS, 100]);
    expect(sum(puts.map(({ cards }) => cards))).toBe((OFFER_CARDS + 100) / 2);
    expect(held).toHaveLength((OFFER_CARDS + 100) / 2);
    expect(puts.every((put) => put.bytes <= MAX_PUT_BYTES && put.delegations <= 64)).toBe(true);
  });

  it('is not held by a receiver that declines it or takes it not', async () => {
    const held: NamedListing[] = [];
    const declining = deliver({
      offer: (count) => ({ wanted: [0], declined: Array.from({ length: count - 1 }, (_, at) => at + 1) }),
    });
    expect(await declining.bring(10, (card) => held.push(card))).toBe(true);
    expect(held).toEqual([]);
    const refusing = deliver({ put: () => 'RATE_LIMITED' });
    expect(await refusing.bring(10)).toBe(false);
    const newer = deliver({ put: () => 'LISTING_CHANGED' });
    expect(await newer.bring(10)).toBe(true);
  });

  it('keeps to its share of the line', async () => {
    // What may go at once is two batches of the largest size.
    const { bring, puts } = deliver({}, { bytes: 2_000, bytesPerSecond: 2_000_000 });
    const begun = performance.now();
    expect(await bring(2_000)).toBe(true);
    const seconds = (performance.now() - begun) / 1_000;
    expect(seconds).toBeGreaterThan((sum(puts.map(({ bytes }) => bytes)) - 2 * MAX_PUT_BYTES) / 2_000_000 - 0.3);
    expect(seconds).toBeGreaterThan(0.5);
  });

  it('ends for a receiver that wants more than it can have', async () => {
    const bytesPerReceiver = 3_000_000;
    const { bring, puts } = deliver({}, { bytes: 2_000, bytesPerReceiver });
    expect([await bring(1_000), await bring(1_000), await bring(1_000)]).toEqual([true, false, false]);
    expect(sum(puts.map(({ bytes }) => bytes))).toBeLessThan(bytesPerReceiver + MAX_PUT_BYTES);
  });

  it('fails as the receiver does', async () => {
    const gone = deliver({
      offer: () => {
        throw new NiagaError('PEER_UNREACHABLE', 'gone');
      },
    });
    await expect(gone.bring(1)).rejects.toMatchObject({ code: 'PEER_UNREACHABLE' });
    // A receiver that speaks of cards that were never offered gets nothing for it.
    const confused = deliver({ offer: () => ({ wanted: [500, 700] }) });
    expect(await confused.bring(1)).toBe(true);
    expect(confused.puts).toEqual([]);
  });

  it('was not taken by a receiver that answers for fewer records than it was sent, and this is held against it', async () => {
    const { bring, misbehaved } = deliver({ silentOf: 1 });
    await expect(bring(10)).rejects.toMatchObject({ code: 'PEER_PROTOCOL' });
    expect(misbehaved).toEqual(['receiver']);
  });

  it('is left for later when the receiver has had its time', async () => {
    const slow = deliver({ takes: 40 }, { timePerReceiver: 100 });
    expect(await slow.bring(10 * OFFER_CARDS)).toBe(false);
    expect(slow.timeouts.length).toBeLessThan(5);
    for (const [at, timeout] of slow.timeouts.entries()) expect(timeout).toBeLessThan(105 - 40 * at);
  });

  it('is left for later where the receiver is slow and others wait, and only there', async () => {
    const alone = deliver({ takes: 30 }, { slowAnswer: 10 });
    expect(await alone.bring(2 * OFFER_CARDS)).toBe(true);
    const waited = deliver({ takes: 30 }, { slowAnswer: 10, othersWait: () => true });
    expect(await waited.bring(2 * OFFER_CARDS)).toBe(false);
    expect(waited.offers).toHaveLength(1);
    const quick = deliver({}, { slowAnswer: 1e6, othersWait: () => true });
    expect(await quick.bring(2 * OFFER_CARDS)).toBe(true);
  });
});

describe('an offered card', () => {
  it('is declined where it is neither wanted nor held for all of its keys', () => {
    const ids = [0, 1, 2, 3].map((number) => parseId(listingId(number)));
    const keys = ['term:kopi', 'term:teh'];
    const cards = ids.map((id, at): [typeof id, number, number[]] => [id, at === 3 ? 2 : 1, at === 2 ? [0, 1] : [0]]);
    const held = (listing: string) => (listing === listingId(1) ? undefined : { seq: 1, names: ['term:kopi'] });
    expect(declinedOf({ keys, cards }, [], { held })).toEqual([1, 2, 3]);
    expect(declinedOf({ keys, cards }, [1, 3], { held })).toEqual([2]);
  });
});
