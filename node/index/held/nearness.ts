import { createBoundedCache } from '../../../protocol/bounded-cache.js';
import { compareDistance } from '../../../protocol/keyspace.js';
import { placeOf, readShardKey, SALTS } from '../../../protocol/search/posting-keys.js';
import { LOOKUP_SIZE, type Network } from '../../network/index.js';
import { PeerTable } from '../peer-table.js';

const second = 1_000;

/** For so long the known nodes are not gone through again: a batch names thousands of names. */
const REMEMBERED_FOR = 10 * second;
const REMEMBERED_NAMES = 20_000;
/** Only nodes heard of so lately are counted: one that has just started again knows many from before it stopped. */
const HEARD_WITHIN = 60 * 60 * second;

export interface NearnessDeps {
  readonly network: Pick<Network, 'directory' | 'peerId'>;
  readonly networkName: string;
  readonly now: () => number;
}

/**
 * Which names this node keeps cards of when it has much to keep: those for which it is among the {@link LOOKUP_SIZE} nearest that it knows. Five hold
 * them, and whoever brings a card chooses them from a look-up of as many; so an honest one, whatever it has missed, is not turned away,
 * and who knows few nodes keeps everything.
 */
export class Nearness {
  readonly #deps: NearnessDeps;
  #nodes = new PeerTable([]);
  #self: Uint8Array | undefined;
  #until = Number.NEGATIVE_INFINITY;
  #names = createBoundedCache<boolean>(REMEMBERED_NAMES);

  constructor(deps: NearnessDeps) {
    this.#deps = deps;
  }

  isNear(name: string): boolean {
    if (this.#deps.network.directory.size < LOOKUP_SIZE) return true;
    if (performance.now() >= this.#until) this.#look();
    const known = this.#names.get(name);
    if (known !== undefined) return known;
    const isNear = this.#isAmongNearest(name);
    this.#names.set(name, isNear);
    return isNear;
  }

  #isAmongNearest(name: string): boolean {
    const self = this.#self;
    if (self === undefined || this.#nodes.size < LOOKUP_SIZE) return true;
    const { key, shard } = readShardKey(name);
    return SALTS.some((salt) => {
      const place = placeOf(this.#deps.networkName, key, salt, shard).kadId;
      const last = this.#nodes.nearest(place, LOOKUP_SIZE).at(-1);
      return last === undefined || compareDistance(self, last.kadId, place) < 0;
    });
  }

  /** Others that answer: whom nobody has met may be made up, and who does not answer leaves its place to those behind it. */
  #look(): void {
    const { network, now } = this.#deps;
    const { directory, peerId } = network;
    this.#until = performance.now() + REMEMBERED_FOR;
    this.#names = createBoundedCache(REMEMBERED_NAMES);
    this.#self = directory.get(peerId)?.kadId;
    const since = now() - HEARD_WITHIN;
    const known =
      this.#self === undefined ? [] : directory.closest(this.#self, directory.size + 1, { met: true, unfailed: true });
    this.#nodes = new PeerTable(known.filter(({ self, lastSeen }) => !self && lastSeen > since));
  }
}
