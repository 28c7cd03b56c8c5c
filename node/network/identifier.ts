import type { Connection } from '@libp2p/interface';
import type { Directory } from './directory.js';
import type { NetworkLogger } from './index.js';
import type { Libp2pNode } from './libp2p.js';
import { SWEEP_INTERVAL } from './limits.js';

/** So many peers kad-dht's table holds in any case. */
const FULL_BUCKET = 20;
/** Connections identified again in one round for the table's sake. */
const OFFERS = 8;

interface IdentifierDeps {
  readonly node: Libp2pNode;
  readonly directory: Pick<Directory, 'isForeign'>;
  /** Ids of the connected peers of this network. */
  readonly members: ReadonlySet<string>;
  /** Peers in kad-dht's table. */
  readonly tableSize: () => number;
  readonly logger: NetworkLogger | undefined;
}

/** Identifies connections again: libp2p does it once, when one opens, and on a busy machine that fails. */
export class Identifier {
  readonly #deps: IdentifierDeps;
  /** Connections that an identify is under way on. */
  readonly #underWay = new Set<string>();

  constructor(deps: IdentifierDeps) {
    this.#deps = deps;
  }

  /** Those of whom it is not known whether they are of this network: they would stay unknown. */
  identifyMissing(): void {
    const { node, directory, members } = this.#deps;
    for (const connection of node.getConnections()) {
      const peer = connection.remotePeer.toString();
      const known = members.has(peer) || directory.isForeign(peer);
      if (!known && Date.now() - connection.timeline.open >= SWEEP_INTERVAL) this.#identify(connection);
    }
  }

  /**
   * kad-dht takes a peer into its table when it is identified and then answers a ping. When that one ping fails, on a busy machine, the
   * peer stays out until something else names it: a table can stay empty with connections open. Being identified again is a new chance.
   */
  offerToTable(): void {
    const { node, members, tableSize } = this.#deps;
    if (tableSize() >= Math.min(members.size, FULL_BUCKET)) return;
    const connections = node.getConnections().filter(({ remotePeer }) => members.has(remotePeer.toString()));
    // Which of them are missing kad-dht does not tell.
    const from = Math.floor(Math.random() * connections.length);
    for (const connection of [...connections.slice(from), ...connections.slice(0, from)].slice(0, OFFERS)) {
      this.#identify(connection);
    }
  }

  #identify(connection: Connection): void {
    const { node, logger } = this.#deps;
    const { id, remotePeer } = connection;
    if (this.#underWay.has(id)) return;
    this.#underWay.add(id);
    node.services.identify
      .identify(connection)
      .catch((error: unknown) => logger?.debug({ err: error, peer: remotePeer.toString() }, 'identify failed'))
      .finally(() => this.#underWay.delete(id));
  }
}
