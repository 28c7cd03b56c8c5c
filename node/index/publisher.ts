import { setMaxListeners } from 'node:events';
import { isNiagaError, type ErrorCode } from '../../protocol/errors.js';
import { COPIES, SALTS } from '../../protocol/search/posting-keys.js';
import type { Network } from '../network/index.js';
import type { Logger } from '../logger.js';
import { FarNodes } from './far-nodes.js';
import { MAX_WAITING, NodeQueue, type UnderWay } from './node-queue.js';
import { PlacementState, type Placement, type Posting } from './placement.js';
import { postingNames } from './posting-names.js';
import { takeAnswer, type BatchAnswer } from './put-batch.js';
import type { ShardBits } from './shard-bits.js';
import type { Sweep } from './sweep.js';
import type { Targets } from './targets.js';
import type { LeaseProof } from './wire.js';

const second = 1_000;

/** Postings without their quorum, above which {@link Publisher.room} waits. More is no faster and holds more in memory. */
const MAX_UNSETTLED = 300;
/** Bytes of all requests under way; they wait in memory until the muxer takes them. */
const MAX_BYTES_UNDER_WAY = 6 * 1024 * 1024;
/**
 * Nodes without a connection that are sent to at once: libp2p dials 32 at once (node/network/libp2p.ts), and a look-up that waits for its
 * dials takes nodes that are there for gone.
 */
const MOST_DIALS = 12;
/** While nodes are looked up, cards whose nodes are known wait so long for others that go to the same ones. */
const GATHER_TIME = 5 * second;
/** Once the first plan failed on some nodes, others are chosen; then it is left for later. */
const MAX_PLANS = 3;
/**
 * A posting without quorum is answered after so long in which its nodes are known and none of all nodes took anything, and after
 * {@link SETTLE_MOST} in any case; it goes on in the background.
 */
const SETTLE_LIMIT = 20 * second;
const SETTLE_MOST = 120 * second;
/** A node that has been silent for so long, and for {@link STALL_FACTOR} times the usual, is taken for frozen. */
const STALL_TIME = 3 * second;
const STALL_FACTOR = 4;
/** How much of the newest answer's time goes into the usual. */
const USUAL_WEIGHT = 0.1;
/** Others are chosen in place of a node that failed for so long, twice as long each time. */
const AVOID_TIME = 30 * second;
const MAX_AVOID_TIME = 10 * 60 * second;
/** A node that asks for patience gets so much of it, twice as much each time, and so often. */
const PAUSE_TIME = second / 2;
const MAX_PAUSES = 5;
const TICK = second / 2;

/** A refusal of the request itself: the node is there and takes others. */
const REFUSES_BATCH: readonly ErrorCode[] = [
  'PEER_PROTOCOL',
  'INPUT_TOO_LARGE',
  'RECORD_MALFORMED',
  'RECORD_TOO_LARGE',
];

export interface PublisherDeps {
  readonly network: Network;
  readonly sweep: Sweep;
  readonly targets: Targets;
  readonly bits: ShardBits;
  /** Those that the postings name; sent along with every batch. */
  readonly delegations: () => readonly Uint8Array[];
  /** Proof that the own lease covers these, by place in the batch. */
  readonly leasesFor: (cards: readonly (readonly [place: number, listing: string])[]) => readonly LeaseProof[];
  readonly logger: Logger;
  /** Milliseconds after which a silent node is taken for frozen, at least. Default {@link STALL_TIME}. */
  readonly patience?: number | undefined;
  /** Milliseconds that cards wait for others while nodes are looked up. Default {@link GATHER_TIME}. */
  readonly gather?: number | undefined;
}

/**
 * Brings postings to the nodes that are responsible for their keys: each as soon as these are known, queued a node, a few batches
 * under way to each. A posting is settled when it has its quorum; slow and failing nodes are waited for, or replaced, behind its back.
 */
export class Publisher {
  readonly #deps: PublisherDeps;
  readonly #queues = new Map<string, NodeQueue>();
  readonly #open = new Set<PlacementState>();
  /** Oldest first. */
  readonly #unsettled = new Set<PlacementState>();
  readonly #far: FarNodes;
  readonly #tickTime: number;
  readonly #failures = new Map<string, { count: number; until: number }>();
  #unplanned = new Set<PlacementState>();
  #planning = false;
  /** Postings whose nodes are being looked up. */
  #lookedUp = 0;
  /** Set while nothing is sent, so that more goes together. */
  #gathering: NodeJS.Timeout | undefined;
  #pumping: NodeJS.Immediate | undefined;
  #bytes = 0;
  /** What an answer takes as a rule, in milliseconds. */
  #usual = 0;
  /** When a node last took something. */
  #answeredAt = Number.NEGATIVE_INFINITY;
  #waiting: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  #stopping = new AbortController();

  constructor(deps: PublisherDeps) {
    this.#deps = deps;
    this.#far = new FarNodes(deps);
    this.#tickTime = Math.min(TICK, deps.patience ?? TICK);
  }

  /** Takes postings again after {@link stop}. */
  start(): void {
    if (this.#stopping.signal.aborted) this.#stopping = new AbortController();
  }

  /** Ends all that is under way; what was not brought out is left to its owner. */
  stop(): void {
    this.#stopping.abort(new Error('the publisher is stopping'));
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#unplanned.clear();
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    this.#queues.clear();
    for (const placement of this.#open) this.#finish(placement);
  }

  /** Postings that are not done. */
  get open(): number {
    return this.#open.size;
  }

  /**
   * Puts a posting on its way.
   * @param lacking where it is known to which nodes it must be brought: all others that should hold it do
   */
  post(posting: Posting, lacking?: ReadonlySet<string>): Placement {
    const placement = new PlacementState(posting, performance.now(), lacking);
    this.#open.add(placement);
    this.#unsettled.add(placement);
    if (this.#stopping.signal.aborted) this.#finish(placement);
    else this.#plan([placement]);
    return placement;
  }

  /** Resolves when another posting can be taken without too many being under way. @throws the signal's reason */
  async room(signal?: AbortSignal): Promise<void> {
    while (this.#unsettled.size >= MAX_UNSETTLED) {
      signal?.throwIfAborted();
      await new Promise<void>((resolve) => {
        const go = (): void => {
          signal?.removeEventListener('abort', go);
          resolve();
        };
        signal?.addEventListener('abort', go, { once: true });
        this.#waiting.push(go);
      });
    }
    signal?.throwIfAborted();
  }

  // Planning

  #plan(placements: readonly PlacementState[]): void {
    for (const placement of placements) {
      placement.isPlanned = false;
      this.#unplanned.add(placement);
    }
    this.#timer ??= setInterval(() => this.#tick(), this.#tickTime).unref();
    if (this.#planning) return;
    this.#planning = true;
    // What is posted in the same turn is planned together.
    setImmediate(() => void this.#planAll());
  }

  async #planAll(): Promise<void> {
    const { signal } = this.#stopping;
    const some = [...this.#unplanned].filter(({ isDone }) => !isDone);
    this.#unplanned.clear();
    this.#planning = false;
    // Each waits for an end while its nodes are looked up.
    setMaxListeners(0, signal);
    const failures = await Promise.all(some.map((placement) => this.#planOne(placement, signal)));
    const [error] = failures.filter((failure) => failure !== undefined);
    if (error !== undefined && !signal.aborted)
      this.#deps.logger.warn({ error }, 'nodes for cards could not be looked up');
  }

  /** Puts a posting before its nodes as soon as all of them are known; gives what went wrong. */
  async #planOne(placement: PlacementState, signal: AbortSignal): Promise<string | undefined> {
    const { names, earlier } = postingNames(placement.posting, this.#deps.bits);
    let failure: string | undefined;
    try {
      this.#lookedUp++;
      const found = await this.#deps.targets.of([...names, ...earlier], signal).finally(() => this.#lookedUp--);
      if (signal.aborted || placement.isDone) return undefined;
      const others = found.slice(names.length).flatMap(({ targets }) => targets.flatMap(({ peers }) => peers));
      for (const peer of placement.plan(found.slice(0, names.length), others)) this.#enqueue(peer, placement);
      placement.plannedAt = performance.now();
    } catch (error) {
      placement.isPlanned = true;
      failure = String(error);
    }
    this.#check(placement);
    this.#pumpSoon();
    return failure;
  }

  /** What is planned in the same turn goes together, and more where the nodes of other postings are still looked up. */
  #pumpSoon(): void {
    const pump = (): void => {
      this.#pumping = this.#gathering = undefined;
      this.#pumpAll();
    };
    if (this.#lookedUp > 0) {
      this.#gathering ??= setTimeout(pump, this.#deps.gather ?? GATHER_TIME).unref();
    } else {
      clearTimeout(this.#gathering);
      this.#gathering = undefined;
      this.#pumping ??= setImmediate(pump);
    }
  }

  #enqueue(peer: string, placement: PlacementState): void {
    const queue = this.#queue(peer);
    if (queue.waiting >= MAX_WAITING) return;
    placement.asked(peer);
    queue.push(placement);
  }

  #queue(peer: string): NodeQueue {
    const known = this.#queues.get(peer);
    if (known !== undefined) return known;
    const queue = new NodeQueue(peer);
    this.#queues.set(peer, queue);
    return queue;
  }

  // Sending

  #pumpAll(): void {
    if (this.#gathering !== undefined) return;
    const connected = new Set(this.#deps.network.connections());
    let dials = 0;
    for (const queue of this.#queues.values()) if (queue.underWay.size > 0 && !connected.has(queue.peer)) dials++;
    for (const queue of this.#queues.values()) {
      if (queue.underWay.size > 0 || connected.has(queue.peer)) this.#pump(queue);
      else if (dials < MOST_DIALS && this.#pump(queue)) dials++;
    }
  }

  /** Sends what is to go to a node now; false for nothing. */
  #pump(queue: NodeQueue): boolean {
    const before = queue.underWay.size;
    while (this.#bytes < MAX_BYTES_UNDER_WAY && queue.isReady(performance.now()))
      void this.#send(queue, queue.next(performance.now()));
    return queue.underWay.size > before;
  }

  async #send(queue: NodeQueue, way: UnderWay): Promise<void> {
    const { network, delegations, leasesFor } = this.#deps;
    const { batch } = way;
    const { signal } = this.#stopping;
    this.#bytes += batch.bytes;
    try {
      const answer = await batch.send(network, delegations(), leasesFor, signal);
      this.#answered(queue, way, answer);
    } catch (error) {
      if (!signal.aborted && !way.givenUp) this.#failed(queue, way, error);
    } finally {
      queue.underWay.delete(way);
      if (!way.givenUp) this.#bytes -= batch.bytes;
    }
    // One node's end may be what others waited for.
    if (!signal.aborted) this.#pumpAll();
  }

  #answered(queue: NodeQueue, way: UnderWay, answer: BatchAnswer): void {
    const { bits } = this.#deps;
    this.#answeredAt = performance.now();
    const took = this.#answeredAt - way.since;
    if (!way.givenUp) this.#usual = this.#usual === 0 ? took : this.#usual + USUAL_WEIGHT * (took - this.#usual);
    queue.pauses = 0;
    queue.limit *= 2;
    this.#recovered(queue.peer);
    const nodes = Math.min(SALTS.length * COPIES, this.#deps.network.directory.size + 1);
    if (answer.bits.size > 0 || !bits.isEmpty)
      for (const name of way.batch.names)
        bits.heard(name, queue.peer, answer.bits.get(name), Math.floor(nodes / 2) + 1);
    for (const placement of takeAnswer(way.batch, answer)) {
      if (!placement.wants(queue.peer)) continue;
      placement.asked(queue.peer);
      queue.push(placement);
    }
    const far = this.#far.heard(way.batch, answer).filter(({ isDone, plans }) => !isDone && plans < MAX_PLANS);
    if (far.length > 0) this.#plan(far);
    for (const { placement } of way.batch.parts) this.#check(placement);
  }

  #failed(queue: NodeQueue, way: UnderWay, error: unknown): void {
    const placements = way.batch.parts.map(({ placement }) => placement);
    if (isNiagaError(error, 'RATE_LIMITED') && queue.pauses < MAX_PAUSES) {
      queue.pausedUntil = performance.now() + PAUSE_TIME * 2 ** queue.pauses;
      queue.pauses++;
      return queue.unshift(placements);
    }
    const remote = isNiagaError(error) && error.details?.['remote'] === true;
    if (remote && REFUSES_BATCH.includes(error.code)) {
      const [only] = placements;
      if (placements.length > 1 || only === undefined) {
        queue.limit = Math.max(1, Math.floor(placements.length / 2));
        return queue.unshift(placements);
      }
      only.refuses(queue.peer, error.code);
      return this.#check(only);
    }
    this.#deps.logger.debug({ peer: queue.peer, error: String(error) }, 'a node did not take its cards');
    this.#nodeFailed(queue, placements);
  }

  /** Chooses others in place of the node, after a look-up that may know who they are. */
  #nodeFailed(queue: NodeQueue, placements: readonly PlacementState[]): void {
    const { peer } = queue;
    this.avoid(peer);
    for (const placement of [...placements, ...queue.drain()]) {
      placement.failed(peer);
      this.#check(placement);
    }
  }

  /** Chooses others in place of a node that did not answer, for a while. */
  avoid(peer: string): void {
    const count = (this.#failures.get(peer)?.count ?? 0) + 1;
    const time = Math.min(MAX_AVOID_TIME, AVOID_TIME * 2 ** (count - 1));
    this.#failures.set(peer, { count, until: performance.now() + time });
    this.#deps.targets.avoid(peer, true);
    this.#deps.sweep.forget(peer);
  }

  #recovered(peer: string): void {
    if (!this.#failures.delete(peer)) return;
    this.#deps.targets.avoid(peer, false);
  }

  // Ends

  #check(placement: PlacementState): void {
    if (placement.hasQuorum) this.#settle(placement);
    if (placement.waits || placement.isDone || !placement.isPlanned) return;
    // Nodes are dialled a few at a time and fail one after the other: for all that did others are chosen at once.
    if (placement.hasFailed && placement.plans < MAX_PLANS) this.#plan([placement]);
    else this.#finish(placement);
  }

  #settle(placement: PlacementState): void {
    placement.settle(this.#deps.network.peerId);
    if (!this.#unsettled.delete(placement)) return;
    const waiting = this.#waiting;
    if (waiting.length === 0 || this.#unsettled.size >= MAX_UNSETTLED) return;
    this.#waiting = [];
    for (const go of waiting) go();
  }

  #finish(placement: PlacementState): void {
    this.#settle(placement);
    this.#open.delete(placement);
    placement.finish(this.#deps.network.peerId);
  }

  #tick(): void {
    const now = performance.now();
    const { targets } = this.#deps;
    for (const [peer, { until }] of this.#failures) {
      if (until <= now) targets.avoid(peer, false);
      if (until + MAX_AVOID_TIME <= now) this.#failures.delete(peer);
    }
    const patience = Math.max(this.#deps.patience ?? STALL_TIME, STALL_FACTOR * this.#usual);
    for (const queue of this.#queues.values()) {
      // A tick that came late, after others' work, counts as one: what has arrived meanwhile is heard only after it.
      const late = queue.late(now, { tick: this.#tickTime, patience });
      for (const { batch } of late) this.#bytes -= batch.bytes;
      if (late.length > 0) {
        this.#deps.logger.debug({ peer: queue.peer }, 'a node is silent: others are chosen');
        this.#nodeFailed(
          queue,
          late.flatMap(({ batch }) => batch.parts.map(({ placement }) => placement)),
        );
      }
      if (queue.isEmpty) this.#queues.delete(queue.peer);
    }
    for (const placement of this.#unsettled) {
      const still = placement.isPlanned ? now - Math.max(placement.plannedAt, this.#answeredAt) : 0;
      if (still > SETTLE_LIMIT || now - placement.since > SETTLE_MOST) this.#settle(placement);
    }
    this.#pumpAll();
    if (this.#open.size > 0 || this.#queues.size > 0 || this.#failures.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
