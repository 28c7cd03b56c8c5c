import { placeOf, SALTS, shardKey, type KeyPlace } from '../../protocol/search/posting-keys.js';
import { responsible } from '../index/responsible.js';
import { LOOKUP_SIZE, type Network, type PeerRef } from '../network/index.js';
import type { AskAnswer } from '../index/wire.js';
import { WANTED_ANSWERS, type AskedKey, type Candidate } from './ask.js';
import type { Freshness } from './freshness.js';

/** A key, or one shard of it: what index nodes are asked for by name. */
export interface Named {
  readonly key: string;
  readonly shard: string;
  readonly name: string;
  /** Where it stands, by salt. */
  readonly places: readonly KeyPlace[];
}

/** Who holds what: the nodes near to the places of a name, as this node knows them. */
export class Places {
  readonly #deps: PlacesDeps;

  constructor(deps: PlacesDeps) {
    this.#deps = deps;
  }

  named(key: string, shard = ''): Named {
    const places = SALTS.map((salt) => placeOf(this.#deps.networkName, key, salt, shard));
    return { key, shard, name: shardKey(key, shard), places };
  }

  /**
   * Who can be asked for a name: the nodes of one salt, of whom three that agree make an answer complete, then those of the other.
   * Each node begins with a salt and a copy of its own for each name, always the same, so that a common word's load is shared by all
   * who hold it; whom it is connected to comes first.
   */
  candidates(named: Named): Candidate[] {
    const { network } = this.#deps;
    const bySalt = named.places.map((place) => this.#nearest(place));
    const start = numberOf(`${network.peerId} ${named.name}`);
    const connected = new Set([network.peerId, ...network.connections()]);
    const groups = new Map<string, { peer: PeerRef; groups: number[] }>();
    for (const peers of rotated(bySalt, start)) {
      const order = rotated(peers, start >>> 1);
      const ready = order.filter(({ id }) => connected.has(id));
      for (const peer of [...ready, ...order]) {
        if (groups.has(peer.id)) continue;
        const salts = bySalt.flatMap((others, salt) => (others.some(({ id }) => id === peer.id) ? [salt] : []));
        groups.set(peer.id, { peer, groups: salts });
      }
    }
    return [...groups.values()];
  }

  #nearest(place: KeyPlace): PeerRef[] {
    const { network, freshness } = this.#deps;
    const known = network.directory.closest(place.kadId, LOOKUP_SIZE);
    const ids = new Set(known.map(({ id }) => id));
    // What was found here before is not forgotten where the directory has had no room for it.
    const found = freshness.found(place).filter(({ id }) => !ids.has(id) && network.directory.get(id) === undefined);
    if (found.length > 0) network.directory.learn(found, { needed: true });
    return responsible([...known, ...found], place.kadId);
  }

  /** Takes in whom an answer names; true if somebody was not known before. */
  learn(closer: AskAnswer['closer']): boolean {
    const { directory, peerId } = this.#deps.network;
    const unknown = closer.filter(([id]) => id !== peerId && directory.get(id) === undefined);
    if (unknown.length === 0) return false;
    directory.learn(
      unknown.map(([id, addresses]) => ({ id, addresses })),
      { needed: true },
    );
    return true;
  }

  /** The salts whose nodes are known and not only some that are near: looked up not long ago, or all nodes are known. */
  knownSalts({ places }: Named): number[] {
    return SALTS.filter((salt) => places[salt] !== undefined && this.#deps.freshness.isKnown(places[salt]));
  }

  /**
   * The salts whose nodes the answers themselves have shown to be the nearest: three of those that are nearest now, after all that
   * answers have named, have answered and named whom they know that is nearer. Any three of five share a node with any three that a
   * card was brought to.
   */
  witnessedSalts({ places }: Named, { candidates, answered }: AskedKey): number[] {
    const { freshness } = this.#deps;
    return SALTS.filter((salt) => {
      const members = candidates.filter(({ groups }) => groups.includes(salt));
      const place = places[salt];
      if (place === undefined || members.filter(({ peer }) => answered.has(peer.id)).length < WANTED_ANSWERS)
        return false;
      freshness.remember(
        place,
        members.map(({ peer }) => peer),
      );
      return true;
    });
  }

  /** Looks up in the background what neither was known nor has shown itself: it serves the next search. */
  look({ places }: Named): void {
    for (const place of places) this.#deps.freshness.look(place);
  }
}

interface PlacesDeps {
  readonly network: Network;
  readonly networkName: string;
  readonly freshness: Freshness;
}

/** A number that is the same for the same text and spreads different ones (FNV-1a, 32 bits). */
function numberOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

function rotated<T>(list: readonly T[], by: number): T[] {
  const start = list.length === 0 ? 0 : by % list.length;
  return [...list.slice(start), ...list.slice(0, start)];
}
