import { compareDistance } from '../../protocol/keyspace.js';
import { kadIdOfKey, LOOKUP_SIZE, type Network, type PeerRef } from '../network/index.js';
import type { Identity } from '../identity/index.js';
import type { Logger } from '../logger.js';
import { Offerer, type OfferedRecord } from './offerer.js';
import type { Placement, Posting } from './placement.js';
import { Publisher } from './publisher.js';
import { Refresher, type LeasedCard, type OwnLease, type Refreshed } from './refresher.js';
import { ShardBits } from './shard-bits.js';
import { Sweep } from './sweep.js';
import { Targets } from './targets.js';
import type { LeaseProof } from './wire.js';

/** Own delegations sent along, the newest first: cards live for weeks and delegations for months, so two are needed at most. */
const OWN_DELEGATIONS = 3;

/** What a seller's own cards need of the index: bringing them to the nodes that hold them for everybody. */
export interface Outlet {
  /**
   * Puts a posting on its way.
   * @param lacking where it is known to which nodes it must be brought: all others that should hold it do
   */
  post(posting: Posting, lacking?: ReadonlySet<string>): Placement;
  /** Resolves when another posting can be taken without too many being under way. @throws the signal's reason */
  room(signal?: AbortSignal): Promise<void>;
  /**
   * Tells each node by a lease which cards stand. Postings that stand only by it go with this lease from now on.
   * @throws the signal's reason; what a look-up throws
   */
  refresh(lease: OwnLease, cards: AsyncIterable<LeasedCard>, signal: AbortSignal): Promise<Refreshed>;
  /**
   * Asks each node by ids whether it holds own records of which no lease speaks: cards that end soon, and ends.
   * @returns by listing the nodes that should hold its record, and do not or could not be asked; those without any are left out
   * @throws the signal's reason; what a look-up throws
   */
  offer(records: AsyncIterable<OfferedRecord>, signal: AbortSignal): Promise<ReadonlyMap<string, ReadonlySet<string>>>;
}

export interface OutletDeps {
  readonly network: Network;
  readonly networkName: string;
  readonly identity: Pick<Identity, 'delegations'>;
  readonly now: () => number;
  readonly logger: Logger;
}

export class IndexOutlet implements Outlet {
  readonly #publisher: Publisher;
  readonly #refresher: Refresher;
  readonly #offerer: Offerer;
  #lease: OwnLease | undefined;

  constructor(deps: OutletDeps) {
    const { network, networkName, identity, now, logger } = deps;
    const sweep = new Sweep({ lookup: (preimage, signal) => closest(network, preimage, signal), now });
    const targets = new Targets({ networkName, sweep });
    const bits = new ShardBits(now);
    // Renewed while the node runs.
    const delegations = (): Uint8Array[] => identity.delegations.slice(0, OWN_DELEGATIONS).map(({ bytes }) => bytes);
    const leasesFor = (cards: readonly (readonly [number, string])[]): LeaseProof[] => this.#leasesFor(cards);
    this.#publisher = new Publisher({ network, sweep, targets, bits, delegations, leasesFor, logger });
    const onFailed = (peer: string): void => this.#publisher.avoid(peer);
    this.#refresher = new Refresher({ network, targets, bits, delegations, onFailed, logger });
    this.#offerer = new Offerer({ network, targets, bits, onFailed, logger });
  }

  start(): void {
    this.#publisher.start();
  }

  stop(): void {
    this.#publisher.stop();
  }

  post(posting: Posting, lacking?: ReadonlySet<string>): Placement {
    return this.#publisher.post(posting, lacking);
  }

  room(signal?: AbortSignal): Promise<void> {
    return this.#publisher.room(signal);
  }

  refresh(lease: OwnLease, cards: AsyncIterable<LeasedCard>, signal: AbortSignal): Promise<Refreshed> {
    this.#lease = lease;
    return this.#refresher.refresh(lease, cards, signal);
  }

  offer(records: AsyncIterable<OfferedRecord>, signal: AbortSignal): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
    return this.#offerer.offer(records, signal);
  }

  #leasesFor(cards: readonly (readonly [number, string])[]): LeaseProof[] {
    const lease = this.#lease;
    const places = cards.flatMap(([card, listing]): [number, number][] => {
      const place = lease?.placeOf(listing);
      return place === undefined ? [] : [[card, place]];
    });
    if (lease === undefined || places.length === 0) return [];
    places.sort(([, a], [, b]) => a - b);
    return [{ lease: lease.bytes, cards: places, proof: lease.proof(places.map(([, place]) => place)) }];
  }
}

/** What the DHT says, and what the peer directory knows beside it: a look-up through thin tables misses neighbours. */
async function closest(network: Network, preimage: Uint8Array, signal?: AbortSignal): Promise<PeerRef[]> {
  const kadId = kadIdOfKey(preimage);
  const found = await network.lookup(preimage, signal === undefined ? {} : { signal });
  const known = network.directory.closest(kadId, LOOKUP_SIZE, { met: true });
  const merged = new Map([...found, ...known].map((peer) => [peer.id, peer]));
  // Anybody can make up ids that are nearer than all others: a card is brought to those that were met, and to nobody else.
  const met = [...merged.values()].filter(({ id, lastSeen }) => lastSeen > 0 || isMet(network, id));
  return met.sort((a, b) => compareDistance(a.kadId, b.kadId, kadId)).slice(0, LOOKUP_SIZE);
}

function isMet({ directory }: Network, id: string): boolean {
  return (directory.get(id)?.lastSeen ?? 0) > 0;
}
