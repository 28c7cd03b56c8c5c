import { createBoundedCache } from '../../../protocol/bounded-cache.js';
import { compareDistance } from '../../../protocol/keyspace.js';
import { placeOf, readShardKey, SALTS } from '../../../protocol/search/posting-keys.js';
import { kadIdOfKey, LOOKUP_SIZE, type Network } from '../../network/index.js';
import { responsible } from '../responsible.js';
import { MAX_CLOSER, type Closer } from '../wire.js';

/** For so long the nodes near to a name are not looked up again: a popular one is asked for many times a second. */
const REMEMBERED_FOR = 30_000;
const REMEMBERED_NAMES = 5_000;
/** Of a node's addresses so many are told. */
const ADDRESSES = 4;
const MAX_ADDRESS_LENGTH = 200;

/** Tells who asks for a name which other nodes hold it, as far as this one knows: whoever is new to a name learns them in one trip. */
export class CloserNodes {
  readonly #network: Pick<Network, 'directory' | 'peerId'>;
  readonly #networkName: string;
  readonly #known = createBoundedCache<{ readonly nodes: Closer; readonly until: number }>(REMEMBERED_NAMES);

  constructor(deps: { readonly network: Pick<Network, 'directory' | 'peerId'>; readonly networkName: string }) {
    this.#network = deps.network;
    this.#networkName = deps.networkName;
  }

  /** The nodes responsible for these names that are nearer than this one, those for the first names first; each once. */
  of(names: readonly string[]): Closer {
    const found = new Map<string, Closer[number]>();
    for (const name of names) {
      for (const node of this.#ofName(name)) if (!found.has(node[0])) found.set(node[0], node);
      if (found.size >= MAX_CLOSER) break;
    }
    return [...found.values()].slice(0, MAX_CLOSER);
  }

  #ofName(name: string): Closer {
    const known = this.#known.get(name);
    if (known !== undefined && known.until > performance.now()) return known.nodes;
    const nodes = this.#nearer(name);
    this.#known.set(name, { nodes, until: performance.now() + REMEMBERED_FOR });
    return nodes;
  }

  /** Of the one of a name's two places that this node lies nearer to: whoever asks has come here for that one. */
  #nearer(name: string): Closer {
    const { directory, peerId } = this.#network;
    const self = directory.get(peerId)?.kadId;
    if (self === undefined) return [];
    const { key, shard } = readShardKey(name);
    const [place] = SALTS.map((salt) => kadIdOfKey(placeOf(this.#networkName, key, salt, shard).preimage)).sort(
      (a, b) =>
        // The XOR distance is the same in both directions.
        compareDistance(a, b, self),
    );
    if (place === undefined) return [];
    // Only whom this node has met: invented neighbours must not be told on. Nor those who are gone: readers take it as a sign
    // when nobody names a node.
    const there = directory.closest(place, LOOKUP_SIZE, { met: true }).filter(({ failing }) => failing !== true);
    return responsible(there, place).flatMap(({ id, kadId, addresses }): Closer => {
      if (id === peerId || compareDistance(kadId, self, place) >= 0) return [];
      return [[id, addresses.filter((address) => address.length <= MAX_ADDRESS_LENGTH).slice(0, ADDRESSES)]];
    });
  }
}
