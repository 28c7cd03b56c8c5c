import { MAX_SHARD_BITS, readShardKey } from '../../protocol/search/posting-keys.js';

/** What nodes said of a key counts for so long: keys grow in days, and what was learnt from a network that is gone must end. */
export const BITS_LIFETIME = 60 * 60 * 1000;
/** Keys with more than twenty thousand cards are few; beyond this the one heard of longest ago is forgotten. */
const MAX_KEYS = 2_000;
/** Voices that are kept a key. */
const MAX_VOICES = 20;

interface Voices {
  /** By peer: its newest word and when it came. */
  readonly byPeer: Map<string, { readonly bits: number; readonly at: number }>;
  bits: number;
}

/** Into how many bits of shards keys are split, as far as index nodes have said so (DESIGN section 5, "Keys"). */
export class ShardBits {
  readonly #now: () => number;
  readonly #keys = new Map<string, Voices>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Whether nobody said anything of any key: so it is where no key is full. */
  get isEmpty(): boolean {
    return this.#keys.size === 0;
  }

  /** The bits that a key has by now; 0 for one of which nobody said anything. */
  of(key: string): number {
    return this.#keys.get(key)?.bits ?? 0;
  }

  /**
   * A node has answered for a name.
   * @param bits into how many bits it says that the name's key should be split; undefined where it said nothing of it
   * @param needed so many nodes must say the same before it counts, however long the others are silent: a searcher, who asks a few,
   *   goes by three of them, a publisher, who asks all, by more than half
   */
  heard(name: string, peer: string, bits: number | undefined, needed: number): void {
    const { key, shard } = readShardKey(name);
    // Of most keys nobody ever says that they are too full, and nothing is kept.
    if (bits === undefined && !this.#keys.has(key)) return;
    const voices: Voices = this.#keys.get(key) ?? { byPeer: new Map(), bits: 0 };
    const now = this.#now();
    // Who says nothing of a whole key takes back what it said; of a shard it says only that the shard is not full.
    if (bits !== undefined || shard === '') voices.byPeer.delete(peer);
    if (bits !== undefined) voices.byPeer.set(peer, { bits: Math.min(MAX_SHARD_BITS, bits), at: now });
    for (const [other, { at }] of voices.byPeer) {
      if (at + BITS_LIFETIME <= now || voices.byPeer.size > MAX_VOICES) voices.byPeer.delete(other);
    }
    const said = [...voices.byPeer.values()].map((voice) => voice.bits).sort((a, b) => b - a);
    voices.bits = said[Math.max(1, needed) - 1] ?? 0;
    this.#keys.delete(key);
    this.#keys.set(key, voices);
    if (this.#keys.size > MAX_KEYS) for (const oldest of this.#keys.keys()) return void this.#keys.delete(oldest);
  }
}
