import { createBoundedCache } from '../../../protocol/bounded-cache.js';
import { placeOf, readShardKey, SALTS } from '../../../protocol/search/posting-keys.js';
import { kadIdOfKey, type Network } from '../../network/index.js';
import { responsible } from '../responsible.js';
import { MAX_CLOSER, type AskAnswer } from '../wire.js';

/** For so long the nodes near to a name are not looked up again: a popular one is asked for many times a second. */
const REMEMBERED_FOR = 30_000;
const REMEMBERED_NAMES = 5_000;
/** Of a node's addresses so many are told. */
const ADDRESSES = 4;
const MAX_ADDRESS_LENGTH = 200;
/** Nodes nearest to a place among whom the responsible ones are chosen: address blocks may rule some out. */
const NEAREST = 20;

type Closer = AskAnswer['closer'];

/** Tells who asks for a name which other nodes hold it, as far as this one knows: whoever is new to a name learns them in one trip. */
export class CloserNodes {
  readonly #network: Pick<Network, 'directory'>;
  readonly #networkName: string;
  readonly #now: () => number;
  readonly #known = createBoundedCache<{ readonly nodes: Closer; readonly until: number }>(REMEMBERED_NAMES);

  constructor(deps: {
    readonly network: Pick<Network, 'directory'>;
    readonly networkName: string;
    readonly now: () => number;
  }) {
    this.#network = deps.network;
    this.#networkName = deps.networkName;
    this.#now = deps.now;
  }

  /** The nodes responsible for these names besides this one, those for the first names first; each once. */
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
    if (known !== undefined && known.until > this.#now()) return known.nodes;
    const { key, shard } = readShardKey(name);
    const nodes = SALTS.flatMap((salt) => {
      const kadId = kadIdOfKey(placeOf(this.#networkName, key, salt, shard).preimage);
      return responsible(this.#network.directory.closest(kadId, NEAREST), kadId);
    }).flatMap(({ id, self, addresses }): Closer => {
      const told = addresses.filter((address) => address.length <= MAX_ADDRESS_LENGTH).slice(0, ADDRESSES);
      return self ? [] : [[id, told]];
    });
    this.#known.set(name, { nodes, until: this.#now() + REMEMBERED_FOR });
    return nodes;
  }
}
