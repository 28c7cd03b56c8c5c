import { randomBytes } from 'node:crypto';
import type { Dialer } from './dialer.js';
import type { Directory } from './directory.js';
import type { NetworkLogger } from './index.js';
import type { Libp2pNode } from './libp2p.js';
import { unlessAborted } from './time-limit.js';

const second = 1000;
const minute = 60 * second;

/** Peers known from earlier that are dialled when there is no connection. */
const KNOWN_DIALLED = 16;
/** Of them so many at once: each is work for both ends, and those that a search asks right after a start must not wait for it. */
const DIALS_AT_ONCE = 4;
/** After so many milliseconds without a connection the next ones are dialled too: the first may be gone. */
const NEXT_DIALS_AFTER = 300;
const FIRST_RETRY = second;
const LAST_RETRY = minute;
/**
 * After the first connection this node looks itself up, at once and then after each of these pauses, so that its table and those of
 * its neighbours fill in seconds; the last repeats. kad-dht alone does it a second after its start and then after five minutes.
 */
const LOOKUP_PAUSES = [second, 5 * second, 15 * second, minute, 5 * minute];
/** The first rounds are about the neighbourhood; later ones also look at a random place, for a table that covers the whole space. */
const ROUNDS_WITHOUT_RANDOM = 2;
/** Milliseconds for which a later round waits while questions are asked: each takes as much of the processor as fifty of them. */
const ROUND_PUT_OFF = 10 * second;
/** A new connection is in kad-dht's table after an identify and a ping. */
const TABLE_TIME_LIMIT = 5 * second;
const TABLE_POLL = 20;
const TABLE_RETRY = second;

interface JoinDeps {
  readonly node: Libp2pNode;
  readonly dialer: Dialer;
  readonly directory: Directory;
  readonly bootstrap: readonly string[];
  /** How many peers of this network are connected. */
  readonly members: () => number;
  /** Fills tables and directory with what lies around `key`. */
  readonly lookup: (key: Uint8Array) => Promise<unknown>;
  readonly tableSize: () => number;
  /** Makes kad-dht look at connected peers again that are not in its table. */
  readonly offerToTable: () => void;
  /** Waits while questions are asked or answered, so many milliseconds at most. */
  readonly untilCalm: (patience: number) => Promise<void>;
  readonly onReady: () => void;
  readonly logger: NetworkLogger | undefined;
  /** Aborted when the network stops. */
  readonly signal: AbortSignal;
}

/** Finds the network and keeps the tables filled, from the start of the node to its stop. */
export class Joiner {
  readonly #deps: JoinDeps;
  #ready = false;
  /** Aborted and replaced when the first peer came or the last one left. */
  #change = new AbortController();
  #running: Promise<void> = Promise.resolve();

  constructor(deps: JoinDeps) {
    this.#deps = deps;
  }

  /** True when the tables are usable: the first look-up of itself is done, or there is nobody to join. */
  get ready(): boolean {
    return this.#ready;
  }

  start(): void {
    this.#deps.signal.addEventListener('abort', () => this.membersChanged(), { once: true });
    this.#running = this.#run();
  }

  /** Resolves when nothing runs any more; the signal must be aborted before. */
  async stopped(): Promise<void> {
    await this.#running;
  }

  /** The first peer came or the last one left. */
  membersChanged(): void {
    const change = this.#change;
    this.#change = new AbortController();
    change.abort();
  }

  async #run(): Promise<void> {
    const { signal, members, logger } = this.#deps;
    let retry = FIRST_RETRY;
    while (!signal.aborted) {
      try {
        if (members() === 0) await this.#connect();
        if (members() > 0) {
          await this.#stayFresh();
          // Not before: where look-ups fail since everybody is at work, one a second of each node would keep it so.
          retry = FIRST_RETRY;
          continue;
        }
      } catch (error) {
        logger?.warn({ err: error }, 'joining the network failed; trying again');
      }
      await this.#pause(retry);
      retry = Math.min(LAST_RETRY, retry * 2);
    }
  }

  /** Tries all ways in; ends with the first that works, or when none did. */
  async #connect(): Promise<void> {
    const { directory, logger } = this.#deps;
    const addresses = this.#foreignBootstrap();
    const known = directory.toDial(KNOWN_DIALLED);
    if (addresses.length === 0 && known.length === 0) return this.#becomeReady();
    const dials = Promise.allSettled([...this.#dialBootstrap(addresses), this.#dialKnown(known)]);
    await this.#unlessChanged(dials);
    // A connection becomes a member a moment later, when it was identified.
    if (this.#deps.members() === 0 && this.#deps.node.getConnections().length > 0) await this.#pause(second);
    if (this.#deps.members() === 0)
      logger?.info({ bootstrap: addresses.length, known: known.length }, 'no peer could be reached yet');
  }

  async #stayFresh(): Promise<void> {
    const { members, signal } = this.#deps;
    for (let round = 0; members() > 0 && !signal.aborted; round++) {
      await this.#refresh(round);
      if (signal.aborted || members() === 0) return;
      if (this.#deps.tableSize() > 0 || round > 0) this.#becomeReady();
      await this.#pause(LOOKUP_PAUSES[Math.min(round, LOOKUP_PAUSES.length - 1)] ?? minute);
      if (round + 1 >= ROUNDS_WITHOUT_RANDOM) await this.#unlessChanged(this.#deps.untilCalm(ROUND_PUT_OFF));
    }
  }

  async #refresh(round: number): Promise<void> {
    const { node, lookup } = this.#deps;
    // Two islands that formed while the bootstrap node was away grow together when it is back.
    const missing = round === 0 ? [] : this.#dialBootstrap(this.#foreignBootstrap());
    if (round > 0) this.#deps.offerToTable();
    await this.#untilTableHasPeers();
    await lookup(node.peerId.toMultihash().bytes);
    if (round >= ROUNDS_WITHOUT_RANDOM) await lookup(randomBytes(32));
    await Promise.allSettled(missing);
  }

  /** Some at a time until one has answered; ends when all that were dialled have ended. */
  async #dialKnown(ids: readonly string[]): Promise<void> {
    const change = this.#change.signal;
    const dials: Promise<unknown>[] = [];
    for (let at = 0; at < ids.length && !change.aborted; at += DIALS_AT_ONCE) {
      const some = ids.slice(at, at + DIALS_AT_ONCE).map((id) => this.#deps.dialer.reach(id));
      dials.push(...some);
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise((resolve) => (timer = setTimeout(resolve, NEXT_DIALS_AFTER)));
      // `any` fails when all of them have: then there is nothing to wait for.
      await this.#unlessChanged(Promise.race([Promise.any(some).catch(() => undefined), late]));
      clearTimeout(timer);
      if (this.#deps.node.getConnections().length > 0) break;
    }
    await Promise.allSettled(dials);
  }

  #dialBootstrap(addresses: readonly string[]): Promise<unknown>[] {
    const connected = new Set(this.#deps.node.getPeers().map(String));
    return addresses
      .filter((address) => !connected.has(peerIdIn(address) ?? ''))
      .map((address) =>
        this.#deps.dialer.dialAddress(address).catch((error: unknown) => {
          this.#deps.logger?.debug({ err: error, address }, 'a bootstrap address does not answer');
        }),
      );
  }

  /** The bootstrap addresses that are not this node's own: the first node of a network often has the list of all. */
  #foreignBootstrap(): string[] {
    const self = this.#deps.node.peerId.toString();
    const own = new Set(this.#deps.node.getMultiaddrs().map((address) => withoutPeerId(address.toString())));
    return this.#deps.bootstrap.filter((address) => peerIdIn(address) !== self && !own.has(withoutPeerId(address)));
  }

  async #untilTableHasPeers(): Promise<void> {
    const { tableSize, members, offerToTable, signal } = this.#deps;
    for (let waited = 0; tableSize() === 0 && members() > 0 && !signal.aborted; waited += TABLE_POLL) {
      if (waited >= TABLE_TIME_LIMIT) return;
      if (waited > 0 && waited % TABLE_RETRY === 0) offerToTable();
      await new Promise((resolve) => setTimeout(resolve, TABLE_POLL));
    }
  }

  #becomeReady(): void {
    if (this.#ready) return;
    this.#ready = true;
    this.#deps.onReady();
  }

  /** Waits, but not on when the first peer came, the last one left, or the network stops. */
  async #pause(time: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await this.#unlessChanged(new Promise((resolve) => (timer = setTimeout(resolve, time))));
    clearTimeout(timer);
  }

  async #unlessChanged(work: Promise<unknown>): Promise<void> {
    if (this.#deps.signal.aborted) return;
    await unlessAborted(work, this.#change.signal).catch(() => undefined);
  }
}

function peerIdIn(address: string): string | undefined {
  return /\/p2p\/([^/]+)$/.exec(address)?.[1];
}

function withoutPeerId(address: string): string {
  return address.replace(/\/p2p\/[^/]+$/, '');
}
