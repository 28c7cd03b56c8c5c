import type { Delta, Tombstone } from '../../../protocol/catalog/card.js';
import { NiagaError } from '../../../protocol/errors.js';
import { equalBytes } from '../../../protocol/ids.js';
import type { SignedRecord } from '../../../protocol/record.js';
import { readIndex, type ParsedIndex } from '../../../protocol/search/index-terms.js';
import { listingKey } from '../../../protocol/search/posting-keys.js';
import type { IndexDeps } from '../index.js';
import {
  MAX_NEWER,
  type Closer,
  type LeaseAnswer,
  type LeaseProof,
  type LeaseRequest,
  type PutAnswer,
  type PutInput,
} from '../wire.js';
import { isFrom, type Batch } from './batch.js';
import { MAX_HELD_TIME, ownEnd, type HeldCard } from './card.js';
import type { Checker } from './checker.js';
import type { HeldSet } from './held-set.js';
import { leaseEnd } from './lease.js';
import type { BatchLease, Leases, OpenLease } from './leases.js';
import { CardNames, readName, type Name } from './names.js';
import type { Opener, ReadChange } from './opener.js';
import { checkRoom } from './quotas.js';
import type { ReadCard } from './reader.js';
import type { Room } from './room.js';
import type { Seller } from './sellers.js';
import { compareHeld, type Version } from './versions.js';

/** Milliseconds of work in one piece: a batch of a thousand cards must not keep searches waiting. */
const SLICE = 8;
/** Delegations that nothing names, above which they are not left for the next clean-up. */
const SPARE_GRANTS = 1_000;

interface IntakeParts {
  readonly set: HeldSet;
  readonly leases: Leases;
  readonly checker: Checker;
  readonly opener: Opener;
  readonly room: Room;
  /** Told of the listings of which something was taken. */
  readonly onTaken: (listings: ReadonlySet<string>) => void;
  /** Whether this node is near enough to a name to keep cards under it, and who is nearer. */
  readonly isNear: (name: string) => boolean;
  readonly closer: (names: readonly string[]) => Closer;
}

/** What was taken: of which listing, and under which names not because they are far. */
interface Taken {
  readonly listing: string;
  readonly far: readonly Name[];
}

type Read = ReadCard | ReadChange;

/** What comes in: checks it, and holds it if it is in order. */
export class Intake {
  readonly #deps: IndexDeps;
  readonly #set: HeldSet;
  readonly #leases: Leases;
  readonly #checker: Checker;
  readonly #opener: Opener;
  readonly #onTaken: IntakeParts['onTaken'];
  readonly #isNear: IntakeParts['isNear'];
  readonly #closer: IntakeParts['closer'];
  readonly #room: Room;
  readonly #names = new CardNames();

  constructor(deps: IndexDeps, { set, leases, checker, opener, room, onTaken, isNear, closer }: IntakeParts) {
    this.#deps = deps;
    this.#set = set;
    this.#leases = leases;
    this.#checker = checker;
    this.#opener = opener;
    this.#onTaken = onTaken;
    this.#isNear = isNear;
    this.#closer = closer;
    this.#room = room;
  }

  /**
   * Takes a batch; what is answered `ok` is on disk.
   * @param peer who sent it, by its connection
   */
  async put({ keys, cards, delegations, leases = [] }: PutInput, peer: string): Promise<PutAnswer> {
    const batch = this.#opener.batch(peer, delegations);
    const names = keys.map(readName);
    const early = new Map<number, Read | string>();
    const readAt = (at: number): Read | string =>
      early.get(at) ?? this.#opener.attempt(() => this.#opener.read(cards[at]?.[0] ?? new Uint8Array(), batch));
    const within = leases.filter((lease) => lease.cards.every(([at]) => at < cards.length));
    const extending = this.#openLeases(within, batch, (at) => {
      const read = readAt(at);
      early.set(at, read);
      return typeof read === 'string' ? undefined : digestOf(read);
    });
    const leaseOf = new Map(extending.flatMap(({ lease, leaves }) => leaves.map(([at]) => [at, lease] as const)));
    const taken = new Set<string>();
    const newer: [number, Uint8Array][] = [];
    const results: string[] = [];
    const far = new Set<string>();
    let begun = performance.now();
    for (const [at, [, places]] of cards.entries()) {
      const read = readAt(at);
      let result: Taken | string = typeof read === 'string' ? read : '';
      const under: Name[] = [];
      if (typeof read !== 'string') {
        for (const place of places) {
          const name = names[place];
          if (name !== undefined) under.push(name);
        }
        result = this.#opener.attempt(
          () => this.#take(read, under, batch, leaseOf.get(at)),
          ({ details }) => {
            if (details?.newer instanceof Uint8Array && newer.length < MAX_NEWER) newer.push([at, details.newer]);
          },
        );
      }
      if (typeof result === 'string') results.push(result);
      else results.push(result.far.length === 0 ? 'ok' : 'INDEX_FAR');
      if (typeof result !== 'string') taken.add(result.listing);
      for (const { text } of typeof result !== 'string' ? result.far : result === 'INDEX_FAR' ? under : [])
        far.add(text);
      if (performance.now() - begun < SLICE) continue;
      await new Promise((resolve) => setImmediate(resolve));
      begun = performance.now();
    }
    for (const proof of extending) this.#leases.take(proof);
    this.#set.rows.add(this.#set.splits.note(keys));
    if (this.#set.grants.spare > SPARE_GRANTS) this.#set.rows.add(this.#set.grants.tidy());
    await this.#set.rows.flush();
    if (taken.size > 0) this.#onTaken(taken);
    const bits: [number, number][] = [];
    keys.forEach((key, place) => {
      if (this.#set.splits.isSplit(key)) bits.push([place, this.#set.splits.bitsOf(key)]);
    });
    return { results, bits, newer, closer: far.size === 0 ? [] : this.#closer([...far]) };
  }

  /**
   * A seller refreshes its cards; what is not answered as missing is on disk.
   * @throws NiagaError RECORD_…, DELEGATION_…, TRADER_BLOCKED where the lease does not hold
   */
  async refresh({ lease, delegations, leaves, proof }: LeaseRequest, peer: string): Promise<LeaseAnswer> {
    const batch = this.#opener.batch(peer, delegations);
    const missing = this.#leases.refresh(this.#openLease(lease, batch), { leaves, proof });
    await this.#set.rows.flush();
    return { missing };
  }

  /** The leases of a batch that hold, each with the cards that it is for. */
  #openLeases(
    leases: readonly LeaseProof[],
    batch: Batch,
    digestAt: (at: number) => Uint8Array | undefined,
  ): BatchLease[] {
    return leases.flatMap((proof) => {
      const opened = this.#opener.attempt(() =>
        this.#leases.withBatch(this.#openLease(proof.lease, batch), proof, digestAt),
      );
      return typeof opened === 'string' ? [] : [opened];
    });
  }

  /** @throws NiagaError */
  #openLease(bytes: Uint8Array, batch: Batch): OpenLease {
    const known = this.#leases.find(bytes);
    if (known !== undefined) return known;
    const open = this.#opener.lease(bytes, batch);
    this.#checkBlocked(open.record.payload.trader);
    return open;
  }

  /** One card or change of a batch. @throws NiagaError why it is refused */
  #take(read: Read, names: readonly Name[], batch: Batch, lease: OpenLease | undefined): Taken {
    const { listing } = read;
    if ('bytes' in read) return { listing, far: this.#takeCard(read, names, batch, lease) };
    const { record, grant } = read;
    this.#checkBlocked(record.payload.trader);
    if (!isDelta(record)) return { listing, far: this.#takeTombstone(read, record as SignedRecord<Tombstone>, names) };
    this.#takeDelta(read, { record, grant });
    return { listing, far: [] };
  }

  /** @returns the names that are far @throws NiagaError */
  #takeCard(read: ReadCard, names: readonly Name[], batch: Batch, lease: OpenLease | undefined): Name[] {
    const { listing, facts, grant } = read;
    this.#checkBlocked(facts.trader);
    if (this.#deps.isFalse?.(listing, facts.seq) === true)
      throw new NiagaError('INDEX_FALSE', 'The index of the card is known to be not that of its listing.');
    const end = this.#set.end(listing);
    if (end !== undefined && compareHeld(end, versionOf(read)) > 0) throw stale(end.tombstone?.slice.bytes);
    const until = Math.max(
      ownEnd(facts.created, facts.validUntil, grant),
      lease === undefined ? 0 : Math.min(leaseEnd(lease), grant.expires),
    );
    if (until <= this.#deps.now()) throw new NiagaError('RECORD_TIME', 'The card is no longer valid.');
    const index = readIndex(facts.index);
    const isName = this.#names.of(read, index.fields);
    if (names.length === 0 || !names.every(isName)) {
      throw new NiagaError('RECORD_SCHEMA', 'The card is to be held under a key that it does not have.');
    }
    const { near, far } = this.#parted(names);
    const held = this.#set.index.get(listing);
    const order = held === undefined ? 1 : compareHeld(versionOf(read), held);
    if (held !== undefined && order === 0) {
      this.#takeAgain(held, { read, index }, near, batch);
      return far;
    }
    if (held === undefined && near.length === 0) throw tooFar();
    const seller = this.#set.sellers.of(grant);
    const makeRoom = held === undefined ? this.#roomFor(listing, seller) : undefined;
    if (held !== undefined && order < 0 && this.#checker.check(held)) throw stale(held.bytes);
    // A new version stands under the names of the old one too, as far as it has them: others may have brought that one here.
    const before = held === undefined ? [] : this.#set.index.keysOf(listing);
    const under = new Set(before.filter((name) => isName(readName(name))));
    for (const { text } of near) if (under.has(text) || this.#set.crowded.hasRoom(text, seller)) under.add(text);
    if (under.size === 0)
      throw new NiagaError('RATE_LIMITED', 'This node keeps as many cards of these words as it may.');
    // The device itself may bring many at once, and is held to their signatures later; everybody else's word is checked
    // now, as is whatever takes another's place.
    const now = held !== undefined || end !== undefined || !isFrom(batch, facts) || !this.#checker.trusts(facts.device);
    if (now) this.#checkSigned(read);
    makeRoom?.();
    const card = this.#set.hold(read, under, { index, verified: now });
    if (!now) this.#checker.later(card);
    return far;
  }

  /** What has to go for one more of a seller, if anything has. @throws NiagaError RATE_LIMITED where there is no room */
  #roomFor(listing: string, seller: Seller | undefined): (() => void) | undefined {
    const makeRoom = this.#room.for(seller);
    try {
      checkRoom(seller, this.#set.size - (makeRoom === undefined ? 0 : 1), this.#room.maxCards);
    } catch (error) {
      this.#room.turnAway(listing);
      throw error;
    }
    return makeRoom;
  }

  #parted(names: readonly Name[]): { readonly near: Name[]; readonly far: Name[] } {
    const near = names.filter(({ text }) => this.#isNear(text));
    return { near, far: near.length === names.length ? [] : names.filter((name) => !near.includes(name)) };
  }

  /**
   * The same card once more, for other names. Its id covers the payload alone: with another signature it is the same card
   * only as long as that signature holds, and never takes the place of one that does; unless its delegation lasts longer.
   */
  #takeAgain(
    held: HeldCard,
    { read, index }: { readonly read: ReadCard; readonly index: ParsedIndex },
    names: readonly Name[],
    batch: Batch,
  ): void {
    const before = this.#set.index.keysOf(held.id);
    const under = new Set(before);
    for (const { text } of names) if (this.#set.crowded.hasRoom(text, held.seller)) under.add(text);
    if (equalBytes(held.bytes, read.bytes)) {
      if (!held.verified && !isFrom(batch, read.facts)) {
        this.#checkSigned(read);
        held.verified = true;
      }
    } else if (read.grant.expires > held.grant.expires || !this.#checker.check(held)) {
      this.#checkSigned(read);
      const { delta } = held;
      const card = this.#set.hold(read, under, { index, verified: true });
      if (delta !== undefined) this.#set.change(card, delta);
      return;
    }
    if (under.size === before.length) return;
    this.#set.rename(held, [...under]);
    held.arrived = this.#set.nextMark();
  }

  /** @throws NiagaError */
  #takeDelta(
    { listing }: ReadChange,
    { record, grant }: { record: SignedRecord<Delta>; grant: ReadChange['grant'] },
  ): void {
    const version = versionOfRecord(record);
    const end = this.#set.end(listing);
    if (end !== undefined && compareHeld(end, version) > 0) throw stale(end.tombstone?.slice.bytes);
    const held = this.#set.index.get(listing);
    if (held === undefined || !equalBytes(held.digest, record.payload.card.multihash.digest)) {
      if (held !== undefined && compareHeld(held, version) > 0 && this.#checker.check(held)) throw stale(held.bytes);
      throw new NiagaError('CARD_MISSING', 'The card that the delta changes is not held here.');
    }
    const { delta } = held;
    const order = delta === undefined ? 1 : compareHeld(version, versionOfRecord(delta.record));
    if (order < 0) throw stale(delta?.record.bytes);
    if (order > 0) this.#set.change(held, { record, grant });
  }

  /** @returns the names that are far @throws NiagaError */
  #takeTombstone({ listing, grant }: ReadChange, record: SignedRecord<Tombstone>, names: readonly Name[]): Name[] {
    const { created, trader } = record.payload;
    const until = created + MAX_HELD_TIME;
    if (until <= this.#deps.now()) {
      throw new NiagaError('RECORD_TIME', 'No card that the tombstone ends can still be valid.');
    }
    const { near, far } = this.#parted(names);
    const version = versionOfRecord(record);
    const before = this.#set.end(listing);
    const order = before === undefined ? 1 : compareHeld(version, before);
    if (order < 0) throw stale(before?.tombstone?.slice.bytes);
    const held = this.#set.index.get(listing);
    let makeRoom: (() => void) | undefined;
    if (held === undefined && before === undefined) {
      // Without names it goes by the listing's own, which every card has.
      if (near.length === 0 && (names.length > 0 || !this.#isNear(listingKey(listing)))) throw tooFar();
      makeRoom = this.#roomFor(listing, this.#set.sellers.find(trader));
    }
    makeRoom?.();
    const under = near.map(({ text }) => text);
    if (order > 0) {
      this.#set.setTombstone(listing, { ...version, until, names: under }, { trader, bytes: record.bytes, grant });
    } else {
      // Brought once more: whoever was first may have known fewer names, or none.
      this.#set.addEndNames(listing, under);
    }
    // Also what does not end the card that is held now keeps older ones from coming back after it.
    if (held === undefined) return far;
    if (compareHeld(version, held) < 0 && this.#checker.check(held)) throw stale(held.bytes);
    this.#set.drop(listing);
    return far;
  }

  /** @throws NiagaError RECORD_SIGNATURE, INDEX_FALSE */
  #checkSigned({ bytes, facts }: ReadCard): void {
    const wrong = this.#checker.verdict(bytes, facts.device);
    if (wrong !== undefined) throw wrong;
  }

  /** @throws NiagaError TRADER_BLOCKED */
  #checkBlocked(trader: Uint8Array): void {
    if (this.#deps.isBlocked?.(trader) === true)
      throw new NiagaError('TRADER_BLOCKED', 'This node keeps nothing of that trader.');
  }
}

function isDelta(record: SignedRecord<Delta | Tombstone>): record is SignedRecord<Delta> {
  return record.payload.kind === 'delta';
}

function versionOf({ facts, digest }: ReadCard): Version {
  return { seq: facts.seq, device: facts.device, digest };
}

function versionOfRecord({ id, payload }: SignedRecord<Delta | Tombstone>): Version {
  return { seq: payload.seq, device: payload.device, digest: id.multihash.digest };
}

function digestOf(read: Read): Uint8Array {
  return 'bytes' in read ? read.digest : read.record.id.multihash.digest;
}

function tooFar(): NiagaError {
  return new NiagaError('INDEX_FAR', 'This node is far from the names of the card, and keeps none of them.');
}

/** @param newer the envelope that is held instead; absent where nothing signed is */
function stale(newer: Uint8Array | undefined): NiagaError {
  return new NiagaError('LISTING_CHANGED', 'A newer card of that listing is held.', {
    ...(newer === undefined ? {} : { details: { newer: newer.slice() } }),
  });
}
