import { hex } from '../bytes.js';
import type { HeldRecord, IndexDeps } from './index.js';
import { Answers } from './held/answers.js';
import { Checker } from './held/checker.js';
import { HeldSet } from './held/held-set.js';
import { Intake } from './held/intake.js';
import { Leases } from './held/leases.js';
import { loadHeld } from './held/load.js';
import { Opener } from './held/opener.js';
import { FAR_COST, FAR_SHARE, MAX_CARDS, PeerRates } from './held/quotas.js';
import { Room } from './held/room.js';
import type {
  AskAnswer,
  AskInput,
  CardsAnswer,
  Closer,
  LeaseAnswer,
  LeaseRequest,
  Offer,
  Put,
  PutAnswer,
  PutInput,
  WantedCards,
} from './wire.js';

/** Signatures are checked in idle time for so many milliseconds at a time. */
const CHECKING = 8;
/** Idle is when nothing was brought, or asked, for so long: the batches of a shop that is being published come seconds apart where many nodes share a machine. */
const IDLE_AFTER = 3_000;

/** A listing with some of the names under which it is held. */
type NamedListing = readonly [listing: string, names: readonly string[]];

export interface HolderOptions {
  /** Whether this node is near enough to a name to keep cards under it when it has much to keep. Default: it is to all. */
  readonly isNear?: ((name: string) => boolean) | undefined;
  /** The nodes nearer to these names. Default: nobody. */
  readonly closer?: ((names: readonly string[]) => Closer) | undefined;
}

/** The cards that this node keeps for the network: in memory to answer from, on disk to outlive a restart. */
export class Holder {
  readonly #deps: IndexDeps;
  readonly #set: HeldSet;
  readonly #leases: Leases;
  readonly #checker: Checker;
  readonly #opener: Opener;
  readonly #intake: Intake;
  readonly #answers: Answers;
  readonly #rates = new PeerRates();
  readonly #listeners = new Set<(listing: string) => void>();
  #lastPut = Number.NEGATIVE_INFINITY;
  #lastAsk = Number.NEGATIVE_INFINITY;

  constructor(deps: IndexDeps, options: HolderOptions = {}) {
    const { isNear: near = () => true, closer = () => [] } = options;
    this.#deps = deps;
    const set = new HeldSet(deps);
    // Publishers who are new to a network take far nodes for near ones: they are refused where the room is needed for others.
    const isNear = (name: string): boolean => set.size < (deps.maxCards ?? MAX_CARDS) * FAR_SHARE || near(name);
    const leases = new Leases(set);
    const opener = new Opener(deps, set.grants);
    // Its row goes with the next batch; should none come before a restart, the card is found out again after it.
    const checker = new Checker(deps.verify, (card, code) => {
      deps.onRefused(code);
      set.drop(card.id);
    });
    const onTaken = (listings: ReadonlySet<string>): void => {
      for (const listing of listings) for (const listener of this.#listeners) listener(listing);
    };
    this.#set = set;
    this.#leases = leases;
    this.#opener = opener;
    this.#checker = checker;
    const room = new Room({ set, isNear, maxCards: deps.maxCards });
    this.#intake = new Intake(deps, { set, leases, checker, opener, room, onTaken, isNear, closer });
    this.#answers = new Answers(deps, { set, leases, checker, room, isNear });
  }

  async load(): Promise<void> {
    await loadHeld(this.#deps, {
      set: this.#set,
      leases: this.#leases,
      opener: this.#opener,
      onUnchecked: (listing) => {
        const card = this.#set.index.get(listing);
        if (card !== undefined) this.#checker.later(card);
      },
    });
  }

  /** Cards held. */
  count(): number {
    return this.#set.index.size;
  }

  statistics(terms: readonly string[]): { documents: number; df: Map<string, number> } {
    const { index } = this.#set;
    return { documents: index.size, df: new Map(terms.map((term) => [term, index.documentFrequency(term)])) };
  }

  /**
   * Counts what a peer brings, before anything is done with it; what this node brings itself is its own affair.
   * @throws NiagaError RATE_LIMITED where it is too much
   */
  admit(peer: string, { cards = 0, bytes = 0 }: { readonly cards?: number; readonly bytes?: number }): void {
    if (peer !== this.#deps.network.peerId) this.#rates.take(peer, cards, bytes, this.#deps.now());
  }

  /**
   * Takes a batch; what is answered `ok` is on disk.
   * @param peer who sent it, by its connection
   * @throws NiagaError RATE_LIMITED
   */
  async put(put: PutInput, peer: string): Promise<PutAnswer> {
    this.admit(peer, { cards: put.cards.length });
    this.#lastPut = performance.now();
    const answer = await this.#intake.put(put, peer).finally(() => (this.#lastPut = performance.now()));
    const far = answer.results.filter((result) => result === 'INDEX_FAR').length;
    if (far > 0) this.#rates.charge(peer, far * FAR_COST);
    return answer;
  }

  /** A seller's refresh. @throws NiagaError RATE_LIMITED, or why the lease does not hold */
  async refresh(request: LeaseRequest, peer: string): Promise<LeaseAnswer> {
    this.admit(peer, { cards: Math.ceil(request.leaves.length / LEAVES_A_CARD) });
    return this.#intake.refresh(request, peer);
  }

  ask(question: AskInput): AskAnswer {
    this.#lastAsk = performance.now();
    return this.#answers.ask(question);
  }

  cards(wanted: WantedCards): CardsAnswer {
    return this.#answers.cards(wanted);
  }

  /** The card of a listing with what stands over it, checked and valid; undefined where none is held under the listing's own key. */
  record(listing: string): HeldRecord | undefined {
    return this.#answers.record(listing);
  }

  /** The key of the trader whose listing it is, in text; undefined where no card of it is held. */
  seller(listing: string): string | undefined {
    const card = this.#set.index.get(listing);
    return card === undefined ? undefined : hex(card.seller.key);
  }

  /** Ids of the listings of which a card or an end is held; good while things change. */
  *listings(): IterableIterator<string> {
    yield* this.#set.index.ids();
    for (const [listing] of this.#set.ends()) if (!this.#set.index.has(listing)) yield listing;
  }

  /** The seq of the newest record in a listing's slot and the names that it is held under; undefined where nothing valid is held. */
  held(listing: string): { readonly seq: number; readonly names: readonly string[] } | undefined {
    return this.#answers.held(listing);
  }

  /** Whether the end of a listing is held. */
  ended(listing: string): boolean {
    return !this.#set.index.has(listing) && this.#set.end(listing)?.tombstone !== undefined;
  }

  /** Into how many bits the key of a name should be split: those that the name has, or one more. */
  bitsOf(name: string): number {
    return this.#set.splits.bitsOf(name);
  }

  /** The batch that brings these to another node; what turns out not to hold is left out. */
  putOf(cards: readonly NamedListing[]): Put {
    return this.#answers.putOf(cards);
  }

  /** Places in an offer of what is wanted here. */
  wanted(offer: Offer): number[] {
    return this.#answers.wanted(offer);
  }

  /** Holds the listings under these names no longer; one without names is forgotten. Resolves when the disk knows. */
  async release(cards: readonly NamedListing[]): Promise<void> {
    for (const [listing, names] of cards) {
      const card = this.#set.index.get(listing);
      const left = (all: readonly string[]): string[] => all.filter((name) => !names.includes(name));
      if (card !== undefined) this.#set.rename(card, left(this.#set.index.keysOf(listing)));
      const end = this.#set.end(listing);
      if (end === undefined) continue;
      const remaining = left(end.names);
      if (remaining.length === end.names.length) continue;
      if (remaining.length === 0) this.#set.dropEnd(listing);
      else this.#set.renameEnd(listing, remaining);
    }
    await this.#set.rows.flush();
  }

  /** Calls the listener for each listing of which a card, delta or end was taken. @returns what takes the listener away again */
  onChange(listener: (listing: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Whether cards are being brought or questions asked: what can wait should. */
  get isBusy(): boolean {
    return this.#isTaking || performance.now() - this.#lastAsk <= IDLE_AFTER;
  }

  get #isTaking(): boolean {
    return performance.now() - this.#lastPut <= IDLE_AFTER;
  }

  /** Checks some of the signatures that were not checked on arrival, where nothing is being brought. */
  checkSome(): void {
    if (this.#checker.waiting > 0 && !this.#isTaking) this.checkNow(CHECKING);
  }

  /** Checks signatures for so many milliseconds. */
  checkNow(milliseconds: number): void {
    this.#checker.work(milliseconds, (card) => this.#set.index.get(card.id) === card);
  }

  /** Holds the card of a listing no longer. Resolves when the disk knows. */
  async drop(listing: string): Promise<void> {
    this.#set.drop(listing);
    await this.#set.rows.flush();
  }

  /** Forgets what is over, what is of traders who were blocked since, and the delegations that nothing names any more. */
  async expire(): Promise<void> {
    for (const listing of this.#answers.blocked()) this.#set.drop(listing);
    this.#set.expire();
    await this.#set.rows.flush();
  }
}

/** Leaves of a lease cost this many times less than cards. */
const LEAVES_A_CARD = 20;
