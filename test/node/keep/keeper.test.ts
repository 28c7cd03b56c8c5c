import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { pino } from 'pino';
import { createKeeper, type CardSource, type KeepOptions, type Keeper } from '../../../node/keep/index.js';
import { meetingPoint } from '../../../node/keep/meeting-point.js';
import { BLOB_METHOD, KEEP_METHOD, LISTING_METHOD } from '../../../node/keep/wire.js';
import type { HeldRecord } from '../../../node/index/index.js';
import type { Listing } from '../../../protocol/catalog/card.js';
import { encode } from '../../../protocol/cbor.js';
import { blobId, slotId, traderToText } from '../../../protocol/ids.js';
import type { SignedRecord } from '../../../protocol/record.js';
import { answerListings, createExchange, createSeller, DAY, notFound, NOW, type Answering } from './support.js';
import { ownTime, until, wait } from '../../support/own-time.js';

const seller = createSeller();
const TERMS = new TextEncoder().encode('Barang dapat ditukar.');
const PICTURE = new Uint8Array(5_000).fill(7);
const more = { conditions: { refund: new TextDecoder().decode(TERMS) }, images: [blobId(PICTURE).toString()] };
const quick = { prefetchDelay: 0, prefetchPerSecond: 50 };

const idOf = ({ payload }: SignedRecord<Listing>): string => slotId('test', payload.trader, payload.slot).toString();

/** Cards that are held, and change. */
class Cards implements CardSource {
  isBusy = false;
  readonly #cards = new Map<string, HeldRecord>();
  readonly #ends = new Set<string>();
  readonly #listeners = new Set<(listing: string) => void>();

  /** @param until by a lease. Default: the card's own time */
  hold(listing: SignedRecord<Listing>, { tell = true, until }: { tell?: boolean; until?: number } = {}): void {
    const card = seller.card(listing, listing.payload.seq);
    this.#cards.set(idOf(listing), { card, until: until ?? card.payload.validUntil });
    if (!tell) return;
    for (const listener of this.#listeners) listener(idOf(listing));
  }

  listings(): Iterable<string> {
    return this.#cards.keys();
  }

  record(listing: string): HeldRecord | undefined {
    return this.#cards.get(listing);
  }

  seller(listing: string): string | undefined {
    const held = this.#cards.get(listing);
    return held && traderToText(held.card.payload.trader);
  }

  end(listing: SignedRecord<Listing>): void {
    this.#cards.delete(idOf(listing));
    this.#ends.add(idOf(listing));
    for (const listener of this.#listeners) listener(idOf(listing));
  }

  ended(listing: string): boolean {
    return this.#ends.has(listing);
  }

  onChange(listener: (listing: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

interface Started {
  /** What the seller has. */
  readonly listings: SignedRecord<Listing>[];
  /** A new listing of the seller, for which this node is, or is not, among the first three. */
  readonly listing: (isFirst: boolean, more?: Record<string, unknown>) => SignedRecord<Listing>;
  /** So many as were wished for, made before the keeper began. */
  readonly shop: readonly SignedRecord<Listing>[];
  readonly cards: Cards;
  readonly keeper: Keeper;
  readonly world: Awaited<ReturnType<typeof createExchange>>;
  readonly kept: (listing: SignedRecord<Listing>) => boolean;
  /** Whom it asked for listings, in order. */
  readonly askedFor: () => string[];
  /** This node among them where it is. */
  readonly atMeetingPoint: (listing: SignedRecord<Listing>) => string[];
}

/** A keeper among five at every meeting point, and the seller. */
async function start({
  options = quick,
  cards = new Cards(),
  isAway = false,
  others = () => notFound(),
  shop: size = 0,
  clock = { now: NOW },
}: {
  options?: KeepOptions;
  cards?: Cards;
  isAway?: boolean;
  others?: Answering;
  shop?: number;
  clock?: { now: number };
} = {}): Promise<Started> {
  // Its pace, and its patience with those that it asks, are by a time that goes on as it does.
  ownTime({ pace: 1 });
  const listings: SignedRecord<Listing>[] = [];
  const own: Answering = (method, body) => {
    const { id } = body;
    if (method === LISTING_METHOD) {
      return answerListings(body, (version) => {
        const found = listings.find((one) => one.id.equals(version));
        return found && { listing: found.bytes, delegation: seller.delegation };
      });
    }
    const blob = [TERMS, PICTURE].find((bytes) => blobId(bytes).equals(id));
    return method === BLOB_METHOD && blob !== undefined ? encode(blob) : notFound();
  };
  const names = ['self', 'second', 'third', 'fourth', 'fifth'];
  const peers = new Map<string, Answering>(names.map((peer) => [peer, others]));
  peers.set(seller.peer, isAway ? () => undefined : own);
  const world = await createExchange(peers, options, clock);
  const keeper = createKeeper({
    network: world.network,
    networkName: 'test',
    source: cards,
    shelf: world.shelf,
    exchange: world.exchange,
    now: () => clock.now,
    logger: pino({ level: 'silent' }),
    options,
  });
  const kept = (listing: SignedRecord<Listing>): boolean =>
    world.shelf.versionOf(idOf(listing)) === listing.id.toString();
  const atMeetingPoint = (listing: SignedRecord<Listing>): string[] =>
    meetingPoint(idOf(listing), { network: world.network, networkName: 'test' });
  const place = (listing: SignedRecord<Listing>): number => atMeetingPoint(listing).indexOf('self');
  let skus = 0;
  const listing: Started['listing'] = (isFirst, fields) => {
    for (;;) {
      const made = seller.listing(`sku-${skus++}`, 1, 10, fields);
      if (place(made) < 3 !== isFirst || place(made) < 0) continue;
      listings.push(made);
      return made;
    }
  };
  const shop = Array.from({ length: size }, () => listing(true));
  await keeper.start();
  onTestFinished(() => keeper.stop());
  const askedFor = (): string[] => world.asked.flatMap(({ peer, method }) => (method === LISTING_METHOD ? [peer] : []));
  return { listings, listing, shop, cards, keeper, world, kept, askedFor, atMeetingPoint };
}

describe('one of the first three at a listing’s meeting point', () => {
  it('fetches it, with its texts and without its pictures, when its card has come', async () => {
    const { cards, world, kept, listing: make } = await start();
    const listing = make(true, more);
    cards.hold(listing);
    await until(() => expect(kept(listing) && world.shelf.has(blobId(TERMS).toString())).toBe(true));
    await wait(100);
    expect(world.shelf.has(blobId(PICTURE).toString())).toBe(false);
  });

  it('fetches a shop that was published in a few messages, all from the seller', async () => {
    const { cards, kept, listing, askedFor } = await start();
    const listings = Array.from({ length: 25 }, () => listing(true, more));
    for (const one of listings) cards.hold(one);
    await until(() => expect(listings.every(kept)).toBe(true));
    expect(askedFor().length).toBeLessThanOrEqual(3);
    expect(new Set(askedFor())).toEqual(new Set([seller.peer]));
  });

  it('fetches what came while it was away, at its own pace', async () => {
    const cards = new Cards();
    const { world, kept, listing } = await start({ cards, options: { prefetchDelay: 100, prefetchPerSecond: 5 } });
    const listings = Array.from({ length: 5 }, () => listing(true));
    for (const one of listings) cards.hold(one, { tell: false });
    await until(() => expect(listings.every(kept)).toBe(true));
    const next = listing(true);
    cards.hold(next);
    await wait(600);
    expect(world.shelf.size).toBe(5);
    await until(() => expect(kept(next)).toBe(true));
  });

  it('fetches what somebody asked for while the index is busy, and the rest behind it', async () => {
    const { cards, kept, keeper, listing } = await start();
    cards.isBusy = true;
    const [asked, unasked] = [listing(true), listing(true)];
    cards.hold(asked);
    cards.hold(unasked);
    keeper.missed(idOf(asked), asked.id);
    await until(() => expect(kept(asked)).toBe(true));
    await wait(600);
    expect(kept(unasked)).toBe(false);
    cards.isBusy = false;
    await until(() => expect(kept(unasked)).toBe(true));
  });

  it('fetches listings also where it is never idle', async () => {
    const { cards, kept, listing } = await start({ options: { ...quick, prefetchPatience: 100 } });
    cards.isBusy = true;
    const one = listing(true);
    cards.hold(one);
    await until(() => expect(kept(one)).toBe(true));
  });

  it('opens the cards of a shop that is published once, in their turn', async () => {
    let opened = 0;
    const cards = new (class extends Cards {
      override record(listing: string): ReturnType<Cards['record']> {
        opened++;
        return super.record(listing);
      }
    })();
    // Nothing is fetched before the sweep at the start has passed, however long the machine takes for the cards.
    const options = { prefetchDelay: 100, prefetchPerSecond: 0.5 };
    const { kept, shop } = await start({ cards, options, shop: 25 });
    for (const one of shop) cards.hold(one);
    await until(() => expect(shop.every(kept)).toBe(true));
    expect(opened).toBe(25);
  });

  it('has from other keepers what the seller cannot give, and does not go on asking who does not answer', async () => {
    const known: SignedRecord<Listing>[] = [];
    const others: Answering = (method, body) => {
      if (method !== LISTING_METHOD) return notFound();
      return answerListings(body, (id) => {
        const found = known.find((one) => one.id.equals(id));
        return found && { listing: found.bytes, delegation: seller.delegation };
      });
    };
    const { cards, kept, listing, askedFor } = await start({
      isAway: true,
      others,
      options: { ...quick, prefetchPerSecond: 1_000 },
    });
    for (let wave = 0; wave < 5; wave++) {
      const listings = Array.from({ length: 6 }, () => listing(true));
      known.push(...listings);
      for (const one of listings) cards.hold(one);
      await until(() => expect(listings.every(kept)).toBe(true));
    }
    expect(askedFor().filter((peer) => peer === seller.peer)).toHaveLength(3);
    expect(askedFor().length).toBeLessThan(24);
  });

  it('has the newest version in place of the older one', async () => {
    const { cards, world, kept, listing, listings } = await start();
    const old = listing(true);
    const fresh = seller.listing(old.payload.item.sku, 2);
    listings.push(fresh);
    cards.hold(old);
    await until(() => expect(kept(old)).toBe(true));
    cards.hold(fresh);
    await until(() => expect(kept(fresh)).toBe(true));
    expect(world.shelf.size).toBe(1);
    // And nothing when the seller has ended it.
    cards.end(fresh);
    await until(() => expect(world.shelf.size).toBe(0));
  });
});

describe('a listing that is kept', () => {
  const HOUR = 60 * 60 * 1000;

  /** What is done every hour was done. */
  async function anHour(): Promise<void> {
    vi.advanceTimersByTime(HOUR);
    await wait(500);
  }

  it('stays for as long as its seller’s lease lets its card stand, and is fetched once', async () => {
    const clock = { now: NOW };
    const { cards, kept, listing, askedFor } = await start({ clock });
    const [old, late] = [listing(true), listing(true)];
    cards.hold(old);
    await until(() => expect(kept(old)).toBe(true));
    clock.now = NOW + 25 * DAY;
    cards.hold(old, { tell: false, until: NOW + 55 * DAY });
    await anHour();
    clock.now = NOW + 40 * DAY;
    // Its card's own time is over already.
    cards.hold(late, { until: NOW + 55 * DAY });
    await until(() => expect(kept(late)).toBe(true));
    for (let hour = 0; hour < 3; hour++) {
      await anHour();
      expect([kept(old), kept(late), askedFor().length]).toEqual([true, true, 2]);
    }
    clock.now = NOW + 56 * DAY;
    await anHour();
    expect([kept(old), kept(late)]).toEqual([false, false]);
  });
});

describe('another one at the meeting point', () => {
  it('fetches it when somebody has asked for it in vain, or has it', async () => {
    const { cards, keeper, world, kept, listing } = await start();
    const [asked, told, quiet] = [listing(false), listing(false), listing(false)];
    for (const one of [asked, told, quiet]) cards.hold(one);
    await wait(200);
    expect(world.shelf.size).toBe(0);
    keeper.missed(idOf(asked), asked.id);
    const toldOf = slotId('test', told.payload.trader, told.payload.slot);
    await world.serve(KEEP_METHOD, { listings: [{ id: told.id, listing: toldOf }] });
    await until(() => expect(kept(asked) && kept(told)).toBe(true));
    expect(kept(quiet)).toBe(false);
  });

  it('asks again in its own time for what nobody has, however often readers ask for it, and makes nobody else ask', async () => {
    const wanted: Record<string, unknown>[] = [];
    const others: Answering = (method, body) => {
      if (method === LISTING_METHOD) wanted.push(...(body['wanted'] as Record<string, unknown>[]));
      return answerListings(body, () => undefined);
    };
    const { cards, keeper, world, listing, askedFor, atMeetingPoint } = await start({ others, isAway: true });
    const one = listing(false);
    cards.hold(one);
    keeper.missed(idOf(one), one.id);
    // The seller, and whoever of the five is at this listing's meeting point: of six nodes one may be at neither of its two places.
    const all = new Set([seller.peer, ...atMeetingPoint(one)].filter((peer) => peer !== 'self'));
    await until(() => expect(new Set(askedFor())).toEqual(all));
    await wait(200);
    const asked = askedFor().length;
    for (let time = 0; time < 20; time++) {
      keeper.missed(idOf(one), one.id);
      await wait(20);
    }
    expect(askedFor()).toHaveLength(asked);
    expect(all.size).toBe(asked);
    // With the listing's own id those who lack it would fetch it in their turn, from here.
    expect(wanted.map((version) => Object.keys(version))).toEqual(wanted.map(() => ['id']));
    const next = seller.listing(one.payload.item.sku, 2);
    cards.hold(next, { tell: false });
    keeper.missed(idOf(next), next.id);
    await until(() => expect(askedFor().length).toBeGreaterThan(asked));
    await wait(200);
    // Who says to have it is asked.
    const askedSince = askedFor().length;
    const id = slotId('test', next.payload.trader, next.payload.slot);
    await world.serve(KEEP_METHOD, { listings: [{ id: next.id, listing: id }] });
    await until(() => expect(askedFor().length).toBeGreaterThan(askedSince));
  });

  it('fetches nothing that no card held here names', async () => {
    const { cards, keeper, world, listing } = await start();
    const [unknown, old] = [listing(false), listing(false)];
    cards.hold(seller.listing(old.payload.item.sku, 2));
    keeper.missed(idOf(unknown), unknown.id);
    keeper.missed(idOf(old), old.id);
    await wait(200);
    expect([world.shelf.size, world.asked]).toEqual([0, []]);
  });
});

describe('pictures of others', () => {
  it('are kept by who chose to, when somebody wants to see the listing', async () => {
    const { cards, keeper, world, kept, listing: make } = await start({ options: { ...quick, media: true } });
    const listing = make(true, more);
    cards.hold(listing);
    await until(() => expect(kept(listing)).toBe(true));
    await wait(100);
    expect(world.shelf.has(blobId(PICTURE).toString())).toBe(false);
    keeper.opened(listing);
    await until(() => expect(world.shelf.has(blobId(PICTURE).toString())).toBe(true));
  });
});
