import { compareDistance } from '../../protocol/keyspace.js';
import type { Counters } from './counters.js';
import type { Dialer } from './dialer.js';
import type { Directory } from './directory.js';
import type { PeerRef } from './index.js';
import { kadIdOfKey, kadIdOfPeer } from './keyspace.js';
import type { Libp2pNode } from './libp2p.js';
import { limited, unlessAborted } from './time-limit.js';

/** Kademlia's k: how many peers a look-up gives at most. */
export const LOOKUP_SIZE = 20;
export const DEFAULT_LOOKUP_TIMEOUT = 10_000;
/** Peers that only others spoke of are tried so long before they count as not there. */
const CONFIRM_TIME_LIMIT = 2_000;
/** Rounds of trying those who moved up in place of others that are not there. */
const CONFIRM_ROUNDS = 3;

/** By this libp2p says that the gater had no peer dialled: one that is blocked, or that was lost and is back. */
const NOT_DIALLED = 'DialDeniedError';

interface LookupDeps {
  readonly node: Libp2pNode;
  readonly directory: Directory;
  readonly dialer: Dialer;
  readonly counters: Counters;
}

/**
 * The peers nearest to a key, nearest first, this node among them where it belongs.
 *
 * kad-dht's own result has only peers that it asked itself, and it asks a peer that another one names only when it is nearer than that
 * other one; with a thin table it ends with one peer where its answers name twenty. So every answer is collected, together with
 * who the directory knows, and those near enough to be in the result without having answered are tried before they are given out.
 *
 * @param signal ends the look-up early, with what is known by then
 */
export async function lookup(deps: LookupDeps, key: Uint8Array, signal: AbortSignal): Promise<PeerRef[]> {
  const { directory, node, counters } = deps;
  const target = kadIdOfKey(key);
  counters.add('lookups');
  const found = new Candidates(deps, target);
  try {
    for await (const event of node.services.dht.getClosestPeers(key, { signal })) {
      if (event.name === 'PEER_RESPONSE') {
        found.answered(event.from.toString());
        for (const { id, multiaddrs } of event.closer) found.named(id, multiaddrs.map(String));
      } else if (event.name === 'QUERY_ERROR' && event.error.name !== NOT_DIALLED && !signal.aborted) {
        found.failed(event.from.toString());
      }
    }
  } catch (error) {
    // Out of time: what is known by now is the answer.
    if (!signal.aborted) throw error;
    counters.add('lookups_cut_short');
  }
  for (let round = 0; round < CONFIRM_ROUNDS && !signal.aborted; round++) {
    if (!(await found.confirm(signal))) break;
  }
  return found.nearest(directory.closest(target, LOOKUP_SIZE));
}

class Candidates {
  readonly #deps: LookupDeps;
  readonly #target: Uint8Array;
  readonly #refs = new Map<string, PeerRef>();
  readonly #answered = new Set<string>();
  readonly #failed = new Set<string>();

  constructor(deps: LookupDeps, target: Uint8Array) {
    this.#deps = deps;
    this.#target = target;
  }

  answered(id: string): void {
    this.#failed.delete(id);
    this.#answered.add(id);
    this.#deps.directory.markSeen(id);
  }

  failed(id: string): void {
    if (!this.#answered.has(id)) this.#failed.add(id);
  }

  named(peer: Parameters<typeof kadIdOfPeer>[0], addresses: string[]): void {
    const id = peer.toString();
    // Only Ed25519 ids are devices.
    if (this.#refs.has(id) || peer.type !== 'Ed25519' || peer.equals(this.#deps.node.peerId)) return;
    this.#deps.directory.learn([{ id, addresses }]);
    // The directory may be full; the look-up must not depend on it.
    this.#refs.set(id, { id, kadId: kadIdOfPeer(peer), addresses, lastSeen: 0, self: false });
  }

  /** Tries those of the nearest that have not answered; true when some were not there, so that others moved up. */
  async confirm(signal: AbortSignal): Promise<boolean> {
    const connected = new Set(this.#deps.node.getPeers().map(String));
    const doubtful = this.nearest(this.#deps.directory.closest(this.#target, LOOKUP_SIZE)).filter(
      ({ id, self }) => !self && !this.#answered.has(id) && !connected.has(id),
    );
    const outcomes = await limited(CONFIRM_TIME_LIMIT, [signal], (limit) =>
      Promise.all(doubtful.map(({ id }) => this.#isThere(id, limit))),
    );
    // Cut short by the caller, nobody has shown to be missing.
    if (signal.aborted) return false;
    for (const { id, there } of outcomes) {
      if (there) this.answered(id);
      else this.failed(id);
    }
    return outcomes.some(({ there }) => !there);
  }

  async #isThere(id: string, limit: AbortSignal): Promise<{ id: string; there: boolean }> {
    try {
      await unlessAborted(this.#deps.dialer.reach(id), limit);
      return { id, there: true };
    } catch {
      return { id, there: false };
    }
  }

  /** The nearest of those known here and those given, without who failed, is blocked or speaks something else. */
  nearest(known: readonly PeerRef[]): PeerRef[] {
    const { directory } = this.#deps;
    const all = new Map(known.map((ref) => [ref.id, ref]));
    for (const [id, ref] of this.#refs) if (!all.has(id)) all.set(id, directory.get(id) ?? ref);
    for (const id of this.#answered) {
      const ref = directory.get(id);
      if (ref !== undefined && !all.has(id)) all.set(id, ref);
    }
    return [...all.values()]
      .filter(({ id }) => !this.#failed.has(id) && !directory.isForeign(id) && !directory.isBlocked(id))
      .sort((a, b) => compareDistance(a.kadId, b.kadId, this.#target))
      .slice(0, LOOKUP_SIZE);
  }
}
