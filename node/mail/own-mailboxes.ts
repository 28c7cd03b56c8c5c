import { addressBlocks } from '../index/address-blocks.js';
import type { Network, PeerRef } from '../network/index.js';
import type { Logger } from '../logger.js';
import { cborCodec, type Store, type Table, type Write } from '../store/index.js';
import type { MailOptions } from './options.js';

const DAY = 24 * 60 * 60 * 1000;
/** Letters may still lie in one that was replaced: it is asked, more rarely, for as long as mailboxes keep letters. */
const RETIRED_FOR = 31 * DAY;
/** Retired ones that are remembered. */
const MAX_RETIRED = 16;

interface Row {
  /** When it was chosen, when it answered first, since when it does not answer; milliseconds UTC. */
  readonly since: number;
  readonly answered?: number;
  readonly silent?: number;
  /** When another took its place. */
  readonly retired?: number;
}

interface OwnMailboxesDeps {
  readonly store: Store;
  readonly network: Network;
  readonly options: MailOptions;
  readonly now: () => number;
  readonly logger: Logger;
}

/** Which nodes keep this trader's letters: chosen by this node, spread over address blocks, replaced when they stay away. */
export class OwnMailboxes {
  readonly #deps: OwnMailboxesDeps;
  readonly #table: Table<Row>;
  readonly #rows = new Map<string, Row>();

  constructor(deps: OwnMailboxesDeps) {
    this.#deps = deps;
    this.#table = deps.store.table('mail-own', cborCodec<Row>());
  }

  async load(): Promise<void> {
    this.#rows.clear();
    for await (const [peer, row] of this.#table.range()) this.#rows.set(peer, row);
  }

  /** Those that answered, for the profile: the longest known first. */
  get named(): readonly string[] {
    return [...this.#rows]
      .filter(([, { answered, retired }]) => answered !== undefined && retired === undefined)
      .sort(([a, x], [b, y]) => x.since - y.since || (a < b ? -1 : 1))
      .map(([peer]) => peer);
  }

  /** All that are in use, also those that have not answered yet. */
  get used(): readonly string[] {
    return [...this.#rows].filter(([, { retired }]) => retired === undefined).map(([peer]) => peer);
  }

  get retired(): readonly string[] {
    return [...this.#rows].filter(([, { retired }]) => retired !== undefined).map(([peer]) => peer);
  }

  /** It answered. True when it did so for the first time, or again after it was replaced by nobody. */
  answered(peer: string): boolean {
    const row = this.#rows.get(peer);
    if (row === undefined || (row.answered !== undefined && row.silent === undefined)) return false;
    const { silent: _, ...rest } = row;
    this.#set(peer, { ...rest, answered: row.answered ?? this.#deps.now() });
    return row.answered === undefined;
  }

  silent(peer: string): void {
    const row = this.#rows.get(peer);
    if (row !== undefined && row.silent === undefined) this.#set(peer, { ...row, silent: this.#deps.now() });
  }

  /**
   * Replaces those that were away for too long while there are others, and fills up. A node that never answered goes sooner.
   * @returns whether {@link OwnMailboxes.named} has changed
   */
  choose(): boolean {
    const { options, now, network } = this.#deps;
    const before = this.named.join();
    const candidates = this.#candidates();
    for (const peer of this.used) {
      const row = this.#rows.get(peer);
      const patience = row?.answered === undefined ? options.patience / 10 : options.patience;
      // With nobody connected it is this node that is away.
      const gone = row?.silent !== undefined && now() - row.silent >= patience && network.connections().length > 0;
      if (!gone || row === undefined || candidates.length === 0) continue;
      if (row.answered === undefined) this.#drop(peer);
      else this.#set(peer, { ...row, retired: now() });
    }
    const over = this.retired.filter((peer) => now() - (this.#rows.get(peer)?.retired ?? 0) >= RETIRED_FOR);
    for (const peer of [...over, ...this.retired.slice(MAX_RETIRED)]) this.#drop(peer);
    for (let free = options.mailboxes - this.used.length; free > 0; free--) {
      const next = pick(
        candidates,
        this.used.map((peer) => network.directory.get(peer)?.addresses ?? []),
      );
      if (next === undefined) break;
      candidates.splice(candidates.indexOf(next), 1);
      this.#set(next.id, { since: now() });
    }
    return this.named.join() !== before;
  }

  /** Nodes that this one has met, connected ones for sure, in any order. */
  #candidates(): PeerRef[] {
    const { directory } = this.#deps.network;
    const connected = this.#deps.network.connections();
    const met =
      connected.length >= 2 * this.#deps.options.mailboxes
        ? connected
        : directory.all().flatMap((peer) => (peer.lastSeen > 0 ? [peer.id] : []));
    const fresh = [...new Set([...connected, ...met])].filter((peer) => !this.#rows.has(peer));
    const refs = fresh.flatMap((peer) => directory.get(peer) ?? []).filter(({ self }) => !self);
    // Not the nearest to anything: whoever makes keys until they lie well gains nothing.
    return refs
      .map((peer) => ({ peer, at: Math.random() }))
      .sort((a, b) => a.at - b.at)
      .map(({ peer }) => peer);
  }

  #set(peer: string, row: Row): void {
    this.#rows.set(peer, row);
    this.#write([this.#table.put(peer, row)]);
  }

  #drop(peer: string): void {
    this.#rows.delete(peer);
    this.#write([this.#table.del(peer)]);
  }

  #write(writes: readonly Write[]): void {
    this.#deps.store
      .write(writes, { sync: false })
      .catch((error: unknown) => this.#deps.logger.warn({ error: String(error) }, 'the mailboxes could not be noted'));
  }
}

/** One in an address block where none of the others is, where there is such a one. */
function pick(candidates: readonly PeerRef[], taken: readonly (readonly string[])[]): PeerRef | undefined {
  const blocks = new Set(taken.flatMap((addresses) => addressBlocks(addresses)));
  return (
    candidates.find(({ addresses }) => !addressBlocks(addresses).some((block) => blocks.has(block))) ?? candidates[0]
  );
}
