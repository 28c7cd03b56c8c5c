import { isNiagaError } from '../../protocol/errors.js';
import type { Network, PeerRef } from '../network/index.js';
import { CONCURRENT_PROBES, FAR_FACTOR, LAST_PROBE, WATCHED, type HandoverOptions } from './handover-options.js';
import { PeerTable } from './peer-table.js';

/** Four times in `probeAfter` it is seen who must be asked, but never more often than this. */
const LEAST_TICK = 50;
/** So many times `probeAfter` after its connection was closed, a neighbour whose connection is closed again was kept meanwhile. */
const CLOSED_SOON = 3;
/** These are asked after `probeAfter`, those behind them later. */
const NEAREST = 20;

interface Neighbour {
  ref: PeerRef;
  alive: boolean;
  /** In a row. */
  failures: number;
  /** Something went wrong: only an answer counts as a sign of life. */
  suspect: boolean;
  /** Connections to it that were closed one soon after the other. */
  closed: number;
  /** When the last one was, milliseconds of a clock that nobody sets. */
  closedAt: number;
  /** Of the last sign of life, and before which it is not asked again: milliseconds of a clock that nobody sets. */
  seen: number;
  notBefore: number;
  /** When the directory last heard of it, by the clock on the wall. */
  lastSeen: number;
  probing: boolean;
}

interface NeighbourhoodDeps {
  readonly network: Network;
  readonly options: Pick<HandoverOptions, 'probeAfter' | 'probeAgain'>;
  /** Asks a peer for a sign of life; fails where there is none in time. */
  readonly probe: (peer: string) => Promise<unknown>;
  /** Somebody came or is gone. */
  readonly onChange: () => void;
}

/**
 * Who of the nodes nearest to this one is there. Any word of a neighbour counts; one that was silent is asked, and gone when it
 * fails twice: a node that is killed, or frozen, or whose cable is cut says no goodbye.
 */
export class Neighbourhood {
  readonly #deps: NeighbourhoodDeps;
  readonly #neighbours = new Map<string, Neighbour>();
  #alive: PeerTable | undefined;
  #timer: NodeJS.Timeout | undefined;
  #offs: (() => void)[] = [];
  #probing = 0;

  constructor(deps: NeighbourhoodDeps) {
    this.#deps = deps;
  }

  start(): void {
    if (this.#timer !== undefined) return;
    const { network, options } = this.#deps;
    this.#timer = setInterval(() => this.#tick(), Math.max(LEAST_TICK, options.probeAfter / 4)).unref();
    this.#offs = [
      network.on('peer:connect', (peer) => this.#met(peer)),
      network.on('peer:disconnect', (peer) => this.#left(peer)),
    ];
    this.#tick();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    for (const off of this.#offs) off();
    this.#offs = [];
  }

  /** Those who are there, this node among them: the same table as long as nothing has changed. */
  alive(): PeerTable {
    return (this.#alive ??= new PeerTable(this.#living()));
  }

  isAlive(id: string): boolean {
    return this.#neighbours.get(id)?.alive === true;
  }

  /** A peer asked this node something: it is there, though perhaps not to be reached, which only an answer shows. */
  heard(id: string): void {
    const neighbour = this.#neighbours.get(id);
    if (neighbour?.alive === true && !neighbour.suspect) neighbour.seen = performance.now();
  }

  /** Something that was asked of the peer failed: it is asked for a sign of life at once. */
  failed(id: string): void {
    const neighbour = this.#neighbours.get(id);
    if (neighbour === undefined) return;
    neighbour.suspect = true;
    this.#tick();
  }

  #met(id: string): void {
    this.#refresh();
    const neighbour = this.#neighbours.get(id);
    if (neighbour !== undefined) this.#isThere(neighbour);
  }

  #living(): PeerRef[] {
    const self = this.#deps.network.directory.get(this.#deps.network.peerId);
    const others = [...this.#neighbours.values()].filter(({ alive }) => alive).map(({ ref }) => ref);
    return self === undefined ? others : [self, ...others];
  }

  #changed(): void {
    this.#alive = undefined;
    this.#deps.onChange();
  }

  /**
   * Connections are closed for many reasons: where none comes back, it is asked on a new one. Both ends notice at once, and often
   * many are cut together: each waits a time of its own, so that one of the two dials, and not while others wait for answers. One that
   * answers, and whose connection is closed again, is pruned to make room: it waits twice as long each time, or the two would go on so.
   */
  #left(id: string): void {
    const neighbour = this.#neighbours.get(id);
    if (neighbour === undefined) return;
    const { probeAfter, probeAgain } = this.#deps.options;
    const now = performance.now();
    if (now - neighbour.closedAt > CLOSED_SOON * probeAfter) neighbour.closed = 0;
    const longest = Math.max(probeAgain, probeAfter);
    const pause = Math.min(longest, probeAgain * 2 ** neighbour.closed) * (0.5 + Math.random() / 2);
    neighbour.closed++;
    neighbour.closedAt = now;
    neighbour.suspect = true;
    neighbour.notBefore = Math.max(neighbour.notBefore, now + pause);
    setTimeout(() => this.#timer !== undefined && this.#tick(), pause + 1).unref();
  }

  #tick(): void {
    this.#refresh();
    const { probeAfter } = this.#deps.options;
    const now = performance.now();
    let place = 0;
    for (const { id } of this.#nearestFirst()) {
      const neighbour = this.#neighbours.get(id);
      if (neighbour === undefined) continue;
      const patience = place++ < NEAREST ? probeAfter : probeAfter * FAR_FACTOR;
      if (!neighbour.suspect && now - neighbour.seen < patience) {
        if (!neighbour.alive) this.#isThere(neighbour, neighbour.seen);
        continue;
      }
      if (now < neighbour.notBefore || neighbour.probing) continue;
      if (this.#probing >= CONCURRENT_PROBES) break;
      void this.#probe(neighbour);
    }
  }

  async #probe(neighbour: Neighbour): Promise<void> {
    const { network, probe, options } = this.#deps;
    neighbour.probing = true;
    this.#probing++;
    const { id } = neighbour.ref;
    const before = network.directory.get(id)?.lastSeen;
    let failed = false;
    try {
      await probe(id);
    } catch (error) {
      // A refusal is a sign of life too.
      failed = !(isNiagaError(error) && error.details?.['remote'] === true);
      // Nor is one gone that has answered something else meanwhile: it has much to do.
      failed &&= network.directory.get(id)?.lastSeen === before;
    }
    neighbour.probing = false;
    this.#probing--;
    if (this.#timer === undefined) return;
    if (!failed) {
      this.#isThere(neighbour);
      return this.#tick();
    }
    neighbour.suspect = true;
    neighbour.failures++;
    const wait = Math.min(LAST_PROBE, options.probeAgain * 2 ** Math.max(0, neighbour.failures - 1));
    neighbour.notBefore = performance.now() + wait;
    setTimeout(() => this.#timer !== undefined && this.#tick(), wait).unref();
    if (neighbour.failures >= 2 && neighbour.alive) {
      neighbour.alive = false;
      this.#changed();
    }
    this.#tick();
  }

  #isThere(neighbour: Neighbour, seen = performance.now()): void {
    neighbour.seen = seen;
    neighbour.suspect = false;
    neighbour.failures = 0;
    neighbour.notBefore = Number.NEGATIVE_INFINITY;
    if (neighbour.alive) return;
    neighbour.alive = true;
    this.#changed();
  }

  /** Takes over whom the directory knows near this node, and forgets those who are no longer among them. */
  #refresh(): void {
    const { directory, peerId } = this.#deps.network;
    const self = directory.get(peerId);
    if (self === undefined) return;
    for (const ref of directory.closest(self.kadId, WATCHED + 1)) {
      if (ref.self) continue;
      const known = this.#neighbours.get(ref.id);
      if (known === undefined)
        this.#neighbours.set(ref.id, {
          ref,
          alive: false,
          suspect: false,
          closed: 0,
          closedAt: Number.NEGATIVE_INFINITY,
          failures: 0,
          seen: Number.NEGATIVE_INFINITY,
          notBefore: Number.NEGATIVE_INFINITY,
          lastSeen: 0,
          probing: false,
        });
    }
    this.#nearestFirst().forEach(({ id }, place) => {
      const ref = directory.get(id);
      const neighbour = this.#neighbours.get(id);
      if (neighbour === undefined) return;
      // Which of several in one address block hold something goes by where they were seen.
      if (ref !== undefined && ref.seenAt !== neighbour.ref.seenAt) this.#alive = undefined;
      if (ref !== undefined) this.#update(neighbour, ref);
      // Those who are gone stay known, so that their return is noticed: as many as are watched.
      if (ref !== undefined && place < 2 * WATCHED) return;
      this.#neighbours.delete(id);
      if (neighbour.alive) this.#changed();
    });
  }

  /** What is asked for other reasons shows as well that the peer is there; how long ago that was the clock says, unless it was set. */
  #update(neighbour: Neighbour, ref: PeerRef): void {
    neighbour.ref = ref;
    if (ref.lastSeen === neighbour.lastSeen) return;
    neighbour.lastSeen = ref.lastSeen;
    const age = Math.max(0, Date.now() - ref.lastSeen);
    neighbour.seen = Math.max(neighbour.seen, performance.now() - age);
  }

  #nearestFirst(): PeerRef[] {
    const { directory, peerId } = this.#deps.network;
    const self = directory.get(peerId);
    const refs = [...this.#neighbours.values()].map(({ ref }) => ref);
    return self === undefined ? refs : new PeerTable(refs).nearest(self.kadId, refs.length);
  }
}
