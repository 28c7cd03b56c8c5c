import { placeOf, QUORUM, SALTS, type KeyPlace } from '../../protocol/search/posting-keys.js';
import type { Network, PeerRef } from '../network/index.js';
import type { Logger } from '../logger.js';
import type { Sweep } from './sweep.js';
import { MAX_PUT_BYTES, MAX_PUT_CARDS, PUT_METHOD, putAnswerSchema, readBody, writeBody } from './wire.js';

/** Batches under way at once, over all nodes; more only fills the event loop. */
const CONCURRENT_NODES = 6;
/** A node that takes longer than this for a batch of a megabyte is as good as gone. */
const PUT_TIMEOUT = 30_000;
/** Key texts repeat over a batch's cards; about this much is added for each card beside its envelope. */
const CARD_OVERHEAD = 160;
/** Once the first plan failed on some nodes, one more plan is made without them. */
const ROUNDS = 2;

/** A card or tombstone with the keys under which it is to be found. */
export interface Posting {
  /** The record's envelope. */
  readonly bytes: Uint8Array;
  readonly keys: readonly string[];
}

export interface Placed {
  /** Other nodes that hold the card, under its least-held key. */
  readonly replicas: number;
  /** Whether under each key, in each salt, {@link QUORUM} nodes hold it (all, where the network has fewer); never for a node alone. */
  readonly quorum: boolean;
  /** Why nodes refused it, where they did. */
  readonly refused: readonly string[];
}

export interface PublisherDeps {
  readonly network: Network;
  readonly networkName: string;
  readonly sweep: Sweep;
  /** Those that the postings name; sent along with every batch. */
  readonly delegations: readonly Uint8Array[];
  readonly logger: Logger;
}

/** Brings cards to the nodes that are responsible for their keys: one batch after the other a node, nodes side by side. */
export class Publisher {
  readonly #deps: PublisherDeps;

  constructor(deps: PublisherDeps) {
    this.#deps = deps;
  }

  async publish(postings: readonly Posting[], signal?: AbortSignal): Promise<Placed[]> {
    const held = postings.map((posting) => posting.keys.map(() => SALTS.map(() => new Set<string>())));
    const refused = postings.map(() => new Set<string>());
    let targets: PeerRef[][] = [];
    const { names, places, index } = this.#placesOf(postings);
    for (let round = 0; round < ROUNDS; round++) {
      targets = await this.#deps.sweep.closest(places, signal);
      const work = this.#plan(postings, index, targets, held);
      if (work.size === 0) break;
      const failed = await this.#deliver(work, postings, { held, refused, names, places, targets, index }, signal);
      if (failed === 0) break;
      this.#deps.sweep.forget();
    }
    return postings.map((posting, at) =>
      this.#outcome(posting, held[at] ?? [], index, targets, refused[at] ?? new Set()),
    );
  }

  #placesOf(postings: readonly Posting[]): { names: string[]; places: KeyPlace[]; index: Map<string, number> } {
    const index = new Map<string, number>();
    for (const posting of postings) for (const key of posting.keys) if (!index.has(key)) index.set(key, index.size);
    const names = [...index.keys()];
    return {
      names,
      places: names.flatMap((key) => SALTS.map((salt) => placeOf(this.#deps.networkName, key, salt))),
      index,
    };
  }

  /** For each node the postings that it lacks, with the places of the keys. */
  #plan(
    postings: readonly Posting[],
    index: ReadonlyMap<string, number>,
    targets: readonly PeerRef[][],
    held: readonly Set<string>[][][],
  ): Map<string, Map<number, Set<number>>> {
    const work = new Map<string, Map<number, Set<number>>>();
    postings.forEach((posting, at) => {
      posting.keys.forEach((key, which) => {
        const keyNumber = index.get(key) ?? 0;
        for (const salt of SALTS) {
          const have = held[at]?.[which]?.[salt];
          for (const peer of targets[keyNumber * SALTS.length + salt] ?? []) {
            if (have?.has(peer.id) === true) continue;
            const ofPeer = work.get(peer.id) ?? new Map<number, Set<number>>();
            const keys = ofPeer.get(at) ?? new Set<number>();
            keys.add(keyNumber);
            ofPeer.set(at, keys);
            work.set(peer.id, ofPeer);
          }
        }
      });
    });
    return work;
  }

  /** Sends every node its batches; gives the number of nodes that failed. */
  async #deliver(
    work: Map<string, Map<number, Set<number>>>,
    postings: readonly Posting[],
    state: DeliveryState,
    signal?: AbortSignal,
  ): Promise<number> {
    const queue = [...work];
    let failed = 0;
    const worker = async (): Promise<void> => {
      for (let job = queue.pop(); job !== undefined; job = queue.pop()) {
        const [peer, cards] = job;
        try {
          for (const batch of batches(cards, postings)) await this.#put(peer, batch, postings, state, signal);
        } catch (error) {
          signal?.throwIfAborted();
          failed++;
          this.#deps.logger.debug({ peer, error: String(error) }, 'a node did not take its cards');
        }
      }
    };
    await Promise.all(Array.from({ length: CONCURRENT_NODES }, worker));
    return failed;
  }

  async #put(
    peer: string,
    batch: readonly [number, ReadonlySet<number>][],
    postings: readonly Posting[],
    state: DeliveryState,
    signal?: AbortSignal,
  ): Promise<void> {
    const keys = new Map<number, number>();
    const cards = batch.map(([at, keyNumbers]) => {
      const places = [...keyNumbers].map((keyNumber) => {
        const place = keys.get(keyNumber) ?? keys.size;
        keys.set(keyNumber, place);
        return place;
      });
      return [postings[at]?.bytes, places];
    });
    const body = writeBody({
      keys: [...keys.keys()].map((keyNumber) => state.names[keyNumber]),
      cards,
      delegations: this.#deps.delegations,
    });
    const options = { timeout: PUT_TIMEOUT, retry: true, ...(signal === undefined ? {} : { signal }) };
    const answer = readBody(
      putAnswerSchema,
      await this.#deps.network.request(peer, PUT_METHOD, body, options),
      'answer to index.put',
    );
    batch.forEach(([at], place) => {
      const result = answer.results[place];
      if (result !== 'ok') state.refused[at]?.add(result ?? 'PEER_PROTOCOL');
      else markHeld(peer, at, postings, state);
    });
  }

  #outcome(
    posting: Posting,
    held: readonly Set<string>[][],
    index: ReadonlyMap<string, number>,
    targets: readonly PeerRef[][],
    refused: ReadonlySet<string>,
  ): Placed {
    const self = this.#deps.network.peerId;
    let replicas = Number.POSITIVE_INFINITY;
    let quorum = true;
    posting.keys.forEach((key, which) => {
      const holders = new Set<string>();
      for (const salt of SALTS) {
        const ofSalt = held[which]?.[salt] ?? new Set<string>();
        const wanted = targets[(index.get(key) ?? 0) * SALTS.length + salt]?.length ?? 0;
        // A node that sees nobody else has brought the card to nobody.
        quorum &&= wanted > 1 && ofSalt.size >= Math.min(QUORUM, wanted);
        for (const peer of ofSalt) if (peer !== self) holders.add(peer);
      }
      replicas = Math.min(replicas, holders.size);
    });
    return { replicas: Number.isFinite(replicas) ? replicas : 0, quorum, refused: [...refused] };
  }
}

interface DeliveryState {
  readonly held: readonly Set<string>[][][];
  readonly refused: readonly Set<string>[];
  readonly names: readonly string[];
  readonly places: readonly KeyPlace[];
  readonly targets: readonly PeerRef[][];
  readonly index: ReadonlyMap<string, number>;
}

/** A node that took a card took it for all keys that it was sent for: those for which it is a target. */
function markHeld(peer: string, at: number, postings: readonly Posting[], state: DeliveryState): void {
  postings[at]?.keys.forEach((key, which) => {
    const keyNumber = state.index.get(key) ?? 0;
    for (const salt of SALTS) {
      if (state.targets[keyNumber * SALTS.length + salt]?.some((target) => target.id === peer) === true)
        state.held[at]?.[which]?.[salt]?.add(peer);
    }
  });
}

function* batches(
  cards: ReadonlyMap<number, ReadonlySet<number>>,
  postings: readonly Posting[],
): Generator<[number, ReadonlySet<number>][]> {
  let batch: [number, ReadonlySet<number>][] = [];
  let bytes = 0;
  for (const entry of cards) {
    const size = (postings[entry[0]]?.bytes.length ?? 0) + CARD_OVERHEAD + entry[1].size * 12;
    if (batch.length > 0 && (bytes + size > MAX_PUT_BYTES || batch.length === MAX_PUT_CARDS)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(entry);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}
