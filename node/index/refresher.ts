import { isNiagaError } from '../../protocol/errors.js';
import { QUORUM, SALTS, shardKey, shardOf } from '../../protocol/search/posting-keys.js';
import type { Logger } from '../logger.js';
import { readAnswer, writeBody } from '../network/bodies.js';
import type { Network } from '../network/index.js';
import type { ShardBits } from './shard-bits.js';
import { sideBySide } from './slices.js';
import type { Target, Targets } from './targets.js';
import { LEASE_METHOD, leaseAnswerSchema, MAX_LEASE_LEAVES, type LeaseAnswer } from './wire.js';

/** Nodes that are sent the lease at once. */
const CONCURRENT_NODES = 6;
/** A node looks up some thousand cards in its memory for it. */
const LEASE_TIMEOUT = 15_000;
/** Milliseconds after which one that is silent takes no other's turn: many that are frozen cost the time of one. */
export const PATIENCE = 1_000;
/** Cards whose nodes are looked up together. */
const PLAN_TOGETHER = 250;
/** Of one request; a leaf takes about 40 and a hash of the proof 34. */
const MAX_REQUEST_BYTES = 1_000_000;
const LEAF_BYTES = 40;
const HASH_BYTES = 34;

/** The seller's lease, with the tree that it names the root of. */
export interface OwnLease {
  /** The envelope. */
  readonly bytes: Uint8Array;
  /** Digests of 32 bytes, in the order of their listings' ids. */
  readonly leaves: readonly Uint8Array[];
  /** Where a listing's card stands in the tree; undefined for one that is not of it. */
  placeOf(listing: string): number | undefined;
  /** The hashes that lead from these leaves to the root. @param places ascending */
  proof(places: readonly number[]): Uint8Array[];
}

/** A card that the lease is for. */
export interface LeasedCard {
  readonly listing: string;
  readonly keys: readonly string[];
}

/** What the nodes said to a lease. */
export interface Refreshed {
  /** By listing the nodes that should hold its card, and do not or could not be asked. */
  readonly lacking: ReadonlyMap<string, ReadonlySet<string>>;
  /** By listing, for all others: nodes besides this one that hold the card under its least-held key, and whether that is a quorum. */
  readonly held: ReadonlyMap<string, { readonly replicas: number; readonly quorum: boolean }>;
  /** Nodes that were told, and those of them that did not answer. */
  readonly nodes: number;
  readonly failed: number;
}

interface RefresherDeps {
  readonly network: Network;
  readonly targets: Targets;
  readonly bits: ShardBits;
  readonly delegations: () => readonly Uint8Array[];
  /** The node could not be reached. */
  readonly onFailed: (peer: string) => void;
  readonly logger: Logger;
}

/**
 * Tells each index node by one lease which of the seller's cards stand, and hears from it which of them it lacks. A day's
 * refresh of ten thousand listings costs one message a node.
 */
export class Refresher {
  readonly #deps: RefresherDeps;

  constructor(deps: RefresherDeps) {
    this.#deps = deps;
  }

  /** @throws the signal's reason; what a look-up throws */
  async refresh(lease: OwnLease, cards: AsyncIterable<LeasedCard>, signal: AbortSignal): Promise<Refreshed> {
    const round: Round = { byPeer: new Map(), listings: [], held: new Map(), lacking: new Map() };
    let some: LeasedCard[] = [];
    for await (const card of cards) {
      some.push(card);
      if (some.length < PLAN_TOGETHER) continue;
      await this.#plan(some, lease, round, signal);
      some = [];
    }
    await this.#plan(some, lease, round, signal);
    let failed = 0;
    const tell = async ([peer, places]: readonly [string, number[]]): Promise<void> => {
      if (!(await this.#tell(peer, places, lease, round, signal))) failed++;
    };
    await sideBySide([...round.byPeer], CONCURRENT_NODES, tell, PATIENCE);
    for (const listing of round.lacking.keys()) round.held.delete(listing);
    return { lacking: round.lacking, held: round.held, nodes: round.byPeer.size, failed };
  }

  async #plan(cards: readonly LeasedCard[], lease: OwnLease, round: Round, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const plans = cards.flatMap(({ listing, keys }) => {
      const place = lease.placeOf(listing);
      const names = keys.map((key) => shardKey(key, shardOf(listing, this.#deps.bits.of(key))));
      return place === undefined ? [] : [{ place, listing, names }];
    });
    const found = await this.#deps.targets.of(
      plans.flatMap(({ names }) => names),
      signal,
    );
    let at = 0;
    for (const { place, listing, names } of plans) {
      const all = found.slice(at, (at += names.length)).flatMap(({ targets }) => targets);
      for (const peer of new Set(all.flatMap(({ peers }) => peers))) {
        const places = round.byPeer.get(peer);
        if (places === undefined) round.byPeer.set(peer, [place]);
        else places.push(place);
      }
      round.listings[place] = listing;
      round.held.set(listing, coverage(all, this.#deps.network.peerId));
    }
  }

  /** Whether the node answered. */
  async #tell(peer: string, places: number[], lease: OwnLease, round: Round, signal: AbortSignal): Promise<boolean> {
    const lacks = (some: readonly number[]): void => {
      for (const place of some) {
        const listing = round.listings[place] ?? '';
        const peers = round.lacking.get(listing);
        if (peers === undefined) round.lacking.set(listing, new Set([peer]));
        else peers.add(peer);
      }
    };
    places.sort((a, b) => a - b);
    for (let start = 0; start < places.length;) {
      signal.throwIfAborted();
      const { some, proof } = slice(places, start, lease);
      start += some.length;
      try {
        lacks(await this.#ask(peer, some, proof, lease, signal));
      } catch (error) {
        signal.throwIfAborted();
        this.#deps.logger.debug({ peer, error: String(error) }, 'a node did not take the lease');
        lacks([...some, ...places.slice(start)]);
        // A node that answers with a refusal is there: its cards are brought to it and not to others.
        if (!(isNiagaError(error) && error.details?.['remote'] === true)) this.#deps.onFailed(peer);
        return false;
      }
    }
    return true;
  }

  async #ask(
    peer: string,
    places: readonly number[],
    proof: readonly Uint8Array[],
    lease: OwnLease,
    signal: AbortSignal,
  ): Promise<readonly number[]> {
    const { network, delegations } = this.#deps;
    const leaves = places.map((place) => [place, lease.leaves[place]]);
    const body = writeBody({ lease: lease.bytes, delegations: delegations(), leaves, proof });
    const answer = await network.request(peer, LEASE_METHOD, body, { timeout: LEASE_TIMEOUT, retry: true, signal });
    const asked = new Set(places);
    const fits = ({ missing }: LeaseAnswer): boolean => missing.every((place) => asked.has(place));
    return readAnswer(network, { peer, method: LEASE_METHOD, schema: leaseAnswerSchema, fits }, answer).missing;
  }
}

interface Round {
  /** Places in the tree of the cards that each node should hold. */
  readonly byPeer: Map<string, number[]>;
  readonly listings: string[];
  readonly held: Map<string, { replicas: number; quorum: boolean }>;
  readonly lacking: Map<string, Set<string>>;
}

/** As many of the places as fit one request, with their proof. */
function slice(
  places: readonly number[],
  start: number,
  lease: OwnLease,
): { some: readonly number[]; proof: Uint8Array[] } {
  for (let size = MAX_LEASE_LEAVES; ; size = Math.ceil(size / 2)) {
    const some = places.slice(start, start + size);
    const proof = lease.proof(some);
    if (some.length === 1 || some.length * LEAF_BYTES + proof.length * HASH_BYTES <= MAX_REQUEST_BYTES)
      return { some, proof };
  }
}

/** What holds if all of a card's targets hold it. */
function coverage(targets: readonly Target[], self: string): { replicas: number; quorum: boolean } {
  let replicas = Number.POSITIVE_INFINITY;
  for (let place = 0; place < targets.length; place += SALTS.length)
    replicas = Math.min(
      replicas,
      distinct(targets, place, (peer) => peer !== self),
    );
  const quorum = targets.every(({ peers, wanted }) => wanted > 1 && peers.length >= Math.min(QUORUM, wanted));
  return { replicas: Number.isFinite(replicas) ? replicas : 0, quorum: quorum && targets.length > 0 };
}

/** How many peers that pass the test a name has, in all salts together. @param first place of the name's first salt */
function distinct(targets: readonly Target[], first: number, test: (peer: string) => boolean): number {
  let count = 0;
  for (const salt of SALTS) {
    for (const peer of targets[first + salt]?.peers ?? []) {
      const isKnown = SALTS.some((other) => other < salt && targets[first + other]?.peers.includes(peer) === true);
      if (!isKnown && test(peer)) count++;
    }
  }
  return count;
}
