import type { CID } from 'multiformats/cid';
import { createBoundedCache } from '../../protocol/bounded-cache.js';
import type { Delta } from '../../protocol/catalog/card.js';
import { isNiagaError, type ErrorCode } from '../../protocol/errors.js';
import type { Delegation } from '../../protocol/identity/delegation.js';
import { openRecord, type SignedRecord } from '../../protocol/record.js';
import { latin1 } from '../bytes.js';
import type { DelegationBook } from '../identity/index.js';
import type { AskAnswer, CardsAnswer, WantedCards } from '../index/wire.js';
import { LeaseBook, Leases } from './leases.js';
import type { FindDelegation, Opened, OpenedCard, OpenedEnd, Opener } from './opener.js';
import { isDeltaOf, newerFirst, orderOf, standsUntil, versionOf, type Version } from './version.js';
import { silentWitnesses, toBeAsked, type Witness } from './witnesses.js';

/** Listings whose newest version is remembered, so that nobody brings an older one back. */
const REMEMBERED = 4_000;
/** Nodes from which one listing is fetched: whoever lies about having a newer version must not be the only one that is asked. */
const FETCHED_FROM = 2;

/** What a node remembers from one search to the next. */
export class Memory {
  /** The newest version of each listing that was found to hold. */
  readonly newest = createBoundedCache<Version>(REMEMBERED);
  /** The end of each listing that is known to be over. */
  readonly ends = createBoundedCache<OpenedEnd>(REMEMBERED);
  readonly leases = new LeaseBook();
  /** The ids of delegations by their bytes: every answer brings the same ones again, and few are needed. */
  readonly delegations = createBoundedCache<string>(REMEMBERED);
}

export interface HarvestDeps {
  readonly networkName: string;
  readonly opener: Opener;
  readonly memory: Memory;
  readonly delegations: DelegationBook;
  readonly now: () => number;
  readonly onRefused: (code: ErrorCode) => void;
}

/** Who says to have a listing, in which version, and how well it answers by its own counts. */
interface Claim {
  readonly listing: CID;
  /** By peer the newest version that it says to have. */
  readonly by: Map<string, number>;
  /** Who was asked for it by id. */
  readonly asked: Set<string>;
  /** The best place that it has in any answer, from 0. */
  place: number;
}

/**
 * What the answers of one search have brought. Everything is read when it comes, for ranking needs it; signatures are checked when a
 * listing may be shown, since they are most of what a search costs its reader.
 */
export class Harvest {
  readonly leases: Leases;
  /** Grows with every answer that brings cards, changes or ends. */
  revision = 0;
  /** Records that did not hold. */
  refused = 0;
  readonly #deps: HarvestDeps;
  readonly #grants = new Map<string, SignedRecord<Delegation>>();
  /** Delegations by id, their signatures not looked at: an answer may bring hundreds that no record names. */
  readonly #unread = new Map<string, Set<Uint8Array>>();
  readonly #cards = new Map<string, Set<OpenedCard>>();
  /** By the record id of the card that they change. */
  readonly #deltas = new Map<string, Set<Opened<Delta>>>();
  readonly #claims = new Map<string, Claim>();
  readonly #answers: Witness[] = [];
  readonly #doubted = new Set<string>();
  /** Ids of cards that are no answers. */
  readonly #strays = new Set<string>();
  readonly #fetched = new Set<string>();
  /** Who has sent what, and who something that does not hold: index nodes check what they hand out. */
  readonly #senders = new Map<Opened, Set<string>>();
  readonly #forgers = new Set<string>();
  /** Listings of which a card or change came that does not hold: it may have stood for one that nobody else sent. */
  readonly #robbed = new Set<string>();
  /** The newest version of each listing as far as is known; null where there is none that may be shown. */
  readonly #current = new Map<string, Version | null>();

  constructor(deps: HarvestDeps) {
    this.#deps = deps;
    this.leases = new Leases(deps.opener, deps.memory.leases);
  }

  /**
   * The listings of an answer and the cards that came with them.
   * @param names what the node was asked for
   */
  take(peer: string, answer: AskAnswer, names: readonly string[] = []): void {
    const named = new Map(answer.hits.map(([listing, seq]) => [listing.toString(), seq]));
    this.takeCards(peer, answer, named);
    this.#answers.push({ peer, names, named });
    answer.hits.forEach(([listing, seq], place) => {
      const id = listing.toString();
      const claim: Claim = this.#claims.get(id) ?? { listing, by: new Map(), asked: new Set(), place };
      claim.by.set(peer, Math.max(seq, claim.by.get(peer) ?? seq));
      claim.place = Math.min(claim.place, place);
      this.#claims.set(id, claim);
      this.#recall(id, seq);
    });
  }

  /** What was found to hold before need not come again. */
  #recall(id: string, seq: number): void {
    const seen = this.#deps.memory.newest.get(id);
    if (seen?.seq !== seq || this.#cards.get(id)?.has(seen.card) === true) return;
    addTo(this.#cards, id, seen.card);
    if (seen.delta !== undefined) addTo(this.#deltas, seen.card.id, seen.delta);
    this.#current.delete(id);
  }

  /** @param expected listings whose cards may come: what nobody names as a hit, and nobody asked for, would be shown undoubted */
  takeCards(
    peer: string,
    { cards, deltas, leases, delegations, ends = [] }: Omit<CardsAnswer, 'ends'> & Partial<CardsAnswer>,
    expected: { readonly has: (listing: string) => boolean },
  ): void {
    for (const bytes of delegations) {
      this.#attempt(() => {
        const id = this.#delegationId(bytes);
        if (!this.#grants.has(id)) addTo(this.#unread, id, bytes);
      });
    }
    if (cards.length + deltas.length + ends.length > 0) this.revision++;
    const { opener } = this.#deps;
    const openedCards = cards.map((bytes) => this.#attempt(() => opener.card(bytes, this.#find)));
    const openedDeltas = deltas.map((bytes) => this.#attempt(() => opener.delta(bytes, this.#find)));
    for (const card of openedCards) {
      if (card === undefined) continue;
      if (!expected.has(card.listing)) {
        this.#refuse('PEER_PROTOCOL');
        continue;
      }
      addTo(this.#cards, card.listing, card);
      addTo(this.#senders, card, peer);
      this.#current.delete(card.listing);
    }
    for (const delta of openedDeltas) {
      if (delta === undefined) continue;
      addTo(this.#deltas, delta.record.payload.card.toString(), delta);
      addTo(this.#senders, delta, peer);
    }
    // A delta may be to a card that came before.
    if (openedDeltas.length > 0) this.#current.clear();
    for (const bytes of ends) this.#takeEnd(bytes);
    const records = [...openedCards, ...openedDeltas];
    for (const proof of leases) {
      const lease = this.#attempt(() => opener.lease(proof.lease, this.#find));
      if (lease !== undefined) this.leases.take(proof, lease, records);
    }
  }

  /** @throws NiagaError for what is not a delegation, whatever its signature */
  #delegationId(bytes: Uint8Array): string {
    const { networkName: network, memory } = this.#deps;
    const name = latin1(bytes);
    const known = memory.delegations.get(name);
    if (known !== undefined) return known;
    const id = openRecord(bytes, { network, kinds: ['delegation'], verify: () => true }).id.toString();
    memory.delegations.set(name, id);
    return id;
  }

  /**
   * Listings whose card did not come, or of which somebody says to have a newer version, by whom to ask. Each is given once: who
   * does not send it now will not later.
   * @param reach only those that stand among the first so many of some answer: nobody can push out what others say
   * @param most at most so many, the best placed
   */
  toFetch(reach: number, most: number): Map<string, WantedCards> {
    const lacking = this.#lacking(reach).slice(0, most);
    for (const [id] of lacking) this.#fetched.add(id);
    return this.#toAsk(lacking, (newer) => {
      // All who say the same need not be asked; one that says less is there for the case that the first lies.
      const others = newer.filter(([, seq]) => seq !== newer[0]?.[1]);
      return [...newer.slice(0, 1), ...others];
    });
  }

  /**
   * Listings whose card turned out to be forged, and that others say to have, by whom to ask. Whoever was asked before, or has sent
   * something forged, is not asked (again).
   */
  toReplace(): Map<string, WantedCards> {
    const robbed = [...this.#robbed].flatMap((id): [string, Claim][] => {
      const claim = this.#claims.get(id);
      return claim === undefined ? [] : [[id, claim]];
    });
    return this.#toAsk(robbed, (newer, { asked }) =>
      newer.filter(([peer]) => !asked.has(peer) && !this.#forgers.has(peer)),
    );
  }

  /** @param chosen of those who say to have a newer version than is known, the newest first, whom to ask: {@link FETCHED_FROM} at most */
  #toAsk(
    claims: readonly [string, Claim][],
    chosen: (newer: readonly [peer: string, seq: number][], claim: Claim) => readonly [string, number][],
  ): Map<string, WantedCards> {
    const byPeer = new Map<string, WantedCards>();
    for (const [id, claim] of claims) {
      const known = this.#newest(id)?.seq ?? -1;
      const newer = [...claim.by].filter(([, seq]) => seq > known).sort(([, a], [, b]) => b - a);
      for (const [peer] of chosen(newer, claim).slice(0, FETCHED_FROM)) {
        claim.asked.add(peer);
        byPeer.set(peer, [...(byPeer.get(peer) ?? []), [claim.listing, known]]);
      }
    }
    return byPeer;
  }

  /**
   * Of listings that are to be shown those that nodes which should have them do not name, or name in a newer version, by whom to ask: nobody
   * brings back what its seller has changed or taken away. What stands under nothing that was asked for is gone. Each is doubted once.
   * @returns whether what is to be shown may have changed by this alone, and whom to ask for what
   */
  doubt(ids: readonly string[]): { readonly changed: boolean; readonly toAsk: Map<string, WantedCards> } {
    const byPeer = new Map<string, WantedCards>();
    let changed = false;
    for (const id of ids) {
      const version = this.#newest(id);
      const claim = this.#claims.get(id);
      if (version === undefined || claim === undefined || this.#doubted.has(id)) continue;
      this.#doubted.add(id);
      const silent = silentWitnesses(version, this.#answers);
      if (silent === undefined) {
        changed = true;
        this.#strays.add(version.card.id);
        this.#current.delete(id);
        this.#refuse('PEER_PROTOCOL');
        continue;
      }
      for (const peer of toBeAsked(silent, byPeer))
        byPeer.set(peer, [...(byPeer.get(peer) ?? []), [claim.listing, version.seq]]);
    }
    return { changed, toAsk: byPeer };
  }

  /** Whether answers name listings whose cards could still be fetched. */
  get lacksSome(): boolean {
    return this.#lacking(Number.POSITIVE_INFINITY).length > 0;
  }

  #lacking(reach: number): [string, Claim][] {
    return [...this.#claims]
      .filter(([id, { place, by }]) => {
        if (place >= reach || this.#fetched.has(id)) return false;
        const seq = this.#newest(id)?.seq ?? -1;
        return [...by.values()].some((one) => one > seq);
      })
      .sort(([, a], [, b]) => a.place - b.place);
  }

  /** Every listing in its newest version, as far as that is known without looking at signatures. */
  versions(): Version[] {
    const ids = [...this.#cards.keys()].sort();
    return ids.flatMap((id) => this.#newest(id) ?? []);
  }

  /** Whether a listing's newest version holds. Where it does not, it is gone, and {@link versions} has another or none. */
  holds(id: string): boolean {
    const version = this.#newest(id);
    if (version === undefined) return false;
    if (this.#check(version)) {
      this.#deps.memory.newest.set(id, version);
      return true;
    }
    this.#current.delete(id);
    return false;
  }

  /** The newest version of a listing that holds; undefined where none does. */
  verified(id: string): Version | undefined {
    for (let version = this.#newest(id); version !== undefined; version = this.#newest(id)) {
      if (this.holds(id)) return version;
    }
    return undefined;
  }

  /** Until when a version stands, in milliseconds UTC. A lease is looked at only where the card's own time is over. */
  validUntil(version: Version): number {
    const own = standsUntil(version);
    return own > this.#deps.now() ? own : Math.max(own, this.leases.extendedUntil(version));
  }

  /**
   * The newest version of those that came. Where there are several, their signatures decide: a forged one that filters or words do not
   * fit would hide the true one otherwise. One that was seen before and is newer than all that came stands for them.
   */
  #newest(id: string): Version | undefined {
    const known = this.#current.get(id);
    if (known !== undefined) return known ?? undefined;
    const came = this.#came(id);
    const seen = this.#deps.memory.newest.get(id);
    const [first] = came;
    const isContested = first !== undefined && (came.length > 1 || isNewer(seen, first));
    let newest = isContested ? came.find((version) => this.#check(version)) : first;
    if (newest !== undefined && isNewer(seen, newest)) newest = seen;
    const end = this.#deps.memory.ends.get(id);
    if (newest !== undefined && end !== undefined && newerFirst(orderOf(end), newest) < 0) newest = undefined;
    if (newest !== undefined && this.#strays.has(newest.card.id)) newest = undefined;
    this.#current.set(id, newest ?? null);
    return newest;
  }

  /** Whoever says that a listing has ended must show it: the signature is checked at once. */
  #takeEnd(bytes: Uint8Array): void {
    const { opener, memory } = this.#deps;
    const end = this.#attempt(() => opener.end(bytes, this.#find));
    if (end === undefined) return;
    if (!opener.holds(end)) return this.#refuse('RECORD_SIGNATURE');
    const known = memory.ends.get(end.listing);
    if (known === undefined || newerFirst(orderOf(end), orderOf(known)) < 0) memory.ends.set(end.listing, end);
    this.#current.delete(end.listing);
  }

  #came(id: string): Version[] {
    const versions = [...(this.#cards.get(id) ?? [])].flatMap((card) => {
      const deltas = [...(this.#deltas.get(card.id) ?? [])].filter((delta) => isDeltaOf(delta, card));
      return [versionOf(card), ...deltas.map((delta) => versionOf(card, delta))];
    });
    return versions.sort(newerFirst);
  }

  #check({ id, card, delta }: Version): boolean {
    const holds = (record: Opened): boolean => this.#deps.opener.holds(record);
    if (!holds(card)) {
      if (this.#cards.get(id)?.delete(card) === true) this.#unmask(id, card);
      return false;
    }
    if (delta === undefined || holds(delta)) return true;
    if (this.#deltas.get(card.id)?.delete(delta) === true) this.#unmask(id, delta);
    return false;
  }

  #unmask(id: string, forged: Opened): void {
    this.#robbed.add(id);
    for (const peer of this.#senders.get(forged) ?? []) this.#forgers.add(peer);
    this.#refuse('RECORD_SIGNATURE');
  }

  readonly #find: FindDelegation = (id) =>
    this.#grants.get(id.toString()) ?? this.#deps.delegations.met(id) ?? this.#read(id.toString());

  /** One id may have come with several signatures, of which one is enough. */
  #read(id: string): SignedRecord<Delegation> | undefined {
    for (const bytes of this.#unread.get(id) ?? []) {
      this.#unread.get(id)?.delete(bytes);
      const delegation = this.#attempt(() => this.#deps.delegations.read(bytes));
      if (delegation === undefined) continue;
      this.#unread.delete(id);
      this.#grants.set(id, delegation);
      return delegation;
    }
    return undefined;
  }

  #attempt<T>(read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!isNiagaError(error)) throw error;
      this.#refuse(error.code);
      return undefined;
    }
  }

  #refuse(code: ErrorCode): void {
    this.refused++;
    this.#deps.onRefused(code);
  }
}

function isNewer(a: Version | undefined, b: Version): a is Version {
  return a !== undefined && newerFirst(a, b) < 0;
}

function addTo<K, T>(sets: Map<K, Set<T>>, key: K, value: T): void {
  const set = sets.get(key);
  if (set === undefined) sets.set(key, new Set([value]));
  else set.add(value);
}
