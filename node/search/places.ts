import { isNiagaError } from '../../protocol/errors.js';
import { COPIES, placeOf, SALTS, shardKey, type KeyPlace } from '../../protocol/search/posting-keys.js';
import { responsible } from '../index/responsible.js';
import { LOOKUP_SIZE, type Network, type PeerRef } from '../network/index.js';
import type { AskAnswer } from '../index/wire.js';
import { isWitnessed, WANTED_ANSWERS, type AskedKey, type Candidate } from './asked-key.js';
import type { Freshness } from './freshness.js';
import { Namers } from './namers.js';

/** Names that are taken over from an answer for each name that was asked for: nobody else is responsible for it, under both salts. */
const NAMED_PER_NAME = SALTS.length * COPIES;

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
  readonly #namers: Namers;

  constructor(deps: PlacesDeps) {
    this.#deps = deps;
    this.#namers = new Namers(deps.network.directory);
  }

  named(key: string, shard = ''): Named {
    const places = SALTS.map((salt) => placeOf(this.#deps.networkName, key, salt, shard));
    return { key, shard, name: shardKey(key, shard), places };
  }

  /**
   * Who can be asked for a name: the nodes of one salt, of whom three that agree make an answer complete, then those of the other.
   * Each reader begins with a salt and a copy of its own for each name, always the same, so that a common word's load is shared by all
   * who hold it (of several words those are asked first who hold most of them: see asked-key.ts); whom it is connected to comes first, and so does the salt of which three are. Nodes that only stand in for one that
   * rests come behind those that hold it. Behind those that can be asked come
   * nodes that were only heard of and may not exist, which count for nothing until they have answered, and then those that failed a
   * moment ago, which count and are not asked.
   * @param heard those that answers named in this search: the directory may have had no room for them
   * @param told ids of those that answers named: they are there, also where they fail for this node
   */
  candidates(named: Named, heard: readonly PeerRef[] = [], told: ReadonlySet<string> = new Set()): Candidate[] {
    const { network } = this.#deps;
    const near = named.places.map((place) => this.#near(place, heard, told));
    const start = numberOf(`${network.peerId} ${named.name}`);
    const connected = new Set([network.peerId, ...network.connections()]);
    const found = new Map<string, Candidate>();
    const saltsOf = (id: string, of: (at: Near) => readonly PeerRef[]): number[] =>
      near.flatMap((at, salt) => (of(at).some((peer) => peer.id === id) ? [salt] : []));
    const salts = rotated(near, start).map(({ members, nearest, usable, met }) => {
      const isReady = ({ id }: PeerRef): boolean => connected.has(id) && usable.has(id);
      const isAmong = ({ id }: PeerRef, list: readonly PeerRef[]): boolean => list.some((peer) => peer.id === id);
      // Three that are of both make an answer complete; whoever stands in for one that rests holds nothing of it yet.
      const both = rotated(
        members.filter((peer) => isAmong(peer, nearest)),
        start >>> 1,
      );
      const others = rotated([...members, ...nearest], start >>> 1).filter((peer) => !isAmong(peer, both));
      const order = [both, others].flatMap((list) => [...list.filter(isReady), ...list]);
      return { order, usable, met, dials: Math.max(0, WANTED_ANSWERS - both.filter(isReady).length) };
    });
    // A connection costs more than all the rest of a search: the salt of which fewer must be dialled comes first.
    for (const { order, usable, met } of salts.sort((a, b) => a.dials - b.dials)) {
      for (const peer of order) {
        const { id } = peer;
        if (found.has(id)) continue;
        const groups = saltsOf(id, (at) => at.members);
        const nearest = saltsOf(id, (at) => at.nearest);
        const state = met.has(id) ? (usable.has(id) ? {} : { state: 'resting' as const }) : { state: 'heard' as const };
        found.set(id, { peer, groups, nearest, connected: connected.has(id), ...state });
      }
    }
    const rank = ({ state }: Candidate): number => (state === undefined ? 0 : state === 'heard' ? 1 : 2);
    return [...found.values()].sort((a, b) => rank(a) - rank(b));
  }

  #near(place: KeyPlace, heard: readonly PeerRef[], told: ReadonlySet<string>): Near {
    const { directory } = this.#deps.network;
    const before = this.#deps.freshness.found(place);
    const trusted = new Set(before.map(({ id }) => id));
    const mayBe = ({ id, self, lastSeen }: PeerRef): boolean =>
      self || lastSeen > 0 || trusted.has(id) || this.#namers.isBelieved(id);
    const able = directory.closest(place.kadId, LOOKUP_SIZE, { met: true });
    // Beside these: so many that are not believed may be nearer that nobody else is among the nearest.
    const believed = directory.closest(place.kadId, LOOKUP_SIZE).filter(mayBe);
    const known = new Map([...able, ...believed].map((peer) => [peer.id, peer]));
    // What was found here before, or named in this search, is not forgotten where the directory has had no room for it.
    const beside = new Map([...heard.filter(mayBe), ...before].map((peer) => [peer.id, peer]));
    for (const id of known.keys()) beside.delete(id);
    const absent = [...beside.values()].filter(({ id }) => directory.get(id) === undefined);
    const nearest = responsible([...known.values(), ...absent], place.kadId);
    const lost = absent.filter((peer) => nearest.includes(peer));
    if (lost.length > 0) directory.learn(lost, { needed: true });
    const met = directory.closest(place.kadId, LOOKUP_SIZE, { met: true, resting: true });
    const all = [...known.values(), ...lost];
    const vouched = all.filter(({ id }) => trusted.has(id));
    const real = new Map([...met, ...vouched, ...able].map((peer) => [peer.id, peer]));
    // Whoever fails here, and is not named by those who would know, has lost its place to the next. With none to take it, it stays.
    const there = [...real.values()].filter(({ id, failing }) => failing !== true || told.has(id));
    return {
      members: responsible(there.length < COPIES ? [...real.values()] : there, place.kadId),
      nearest,
      usable: new Set(all.map(({ id }) => id)),
      met: new Set(real.keys()),
    };
  }

  /**
   * Takes in whom an answer names.
   * @param names how many names it answers for: each has so many nodes and no more
   * @returns whether somebody was not known before, and who may not exist
   */
  learn(namer: string, closer: AskAnswer['closer'], names = 1): { news: boolean; unmet: readonly PeerRef[] } {
    const { directory, peerId } = this.#deps.network;
    if (!this.#namers.isHeard(namer)) return { news: false, unmet: [] };
    const isNews = (id: string): boolean =>
      id !== peerId && (directory.get(id)?.lastSeen ?? 0) === 0 && !this.#namers.isAbsent(id);
    const some = closer.filter(([id]) => isNews(id));
    const taken = some.slice(0, NAMED_PER_NAME * names);
    let news = false;
    // One by one: those named last may push out those named first.
    const unmet = taken.flatMap(([id, addresses]) => {
      const known = directory.get(id);
      if (known !== undefined) return [known];
      news = true;
      directory.learn([{ id, addresses }], { needed: true });
      return directory.get(id) ?? [];
    });
    // This node's own answer says nothing of whether others can be reached.
    if (namer !== peerId)
      this.#namers.named(
        namer,
        unmet.map(({ id }) => id),
      );
    return { news, unmet };
  }

  /** Whether a node is known by nothing but the word of others: it may not be there. */
  isHearsay(id: string): boolean {
    return this.#namers.hasNamed(id) && (this.#deps.network.directory.get(id)?.lastSeen ?? 0) === 0;
  }

  /** Asks a node that is known by hearsay: whoever names many that are not there is not listened to for a while. */
  async askHearsay<A>(id: string, ask: () => Promise<A>): Promise<A> {
    const settle = this.#namers.asked(id);
    try {
      const answer = await ask();
      settle('there');
      return answer;
    } catch (error) {
      settle(isAnswer(error) ? 'there' : 'missing');
      throw error;
    }
  }

  /** The salts whose nodes are known and not only some that are near: looked up not long ago, or all nodes are known. */
  knownSalts({ places }: Named): number[] {
    return SALTS.filter((salt) => places[salt] !== undefined && this.#deps.freshness.isKnown(places[salt]));
  }

  /**
   * The salts whose nodes the answers themselves have shown to be the nearest: three of those that are nearest now, by anybody's word
   * and without those that failed, have answered and named whom they know that is nearer. Any three of five share a node with any
   * three that a card was brought to.
   */
  witnessedSalts({ places }: Named, key: AskedKey): number[] {
    const { freshness } = this.#deps;
    const { candidates, answered } = key;
    return SALTS.filter((salt) => {
      const members = candidates.filter(({ groups }) => groups.includes(salt));
      const place = places[salt];
      if (place === undefined || members.filter(({ peer }) => answered.has(peer.id)).length < WANTED_ANSWERS)
        return false;
      if (!isWitnessed(key, salt)) return false;
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

/** Whether it was an answer that failed: who refuses, or sends what cannot be read, is there. */
function isAnswer(error: unknown): boolean {
  if (!isNiagaError(error)) return false;
  return error.details?.['remote'] === true || error.code === 'PEER_PROTOCOL' || error.code.startsWith('RECORD_');
}

/** Who is near to a place. */
interface Near {
  /** Those of it as far as they are known to exist, also when they failed a moment ago. */
  readonly members: readonly PeerRef[];
  /** Those of it by anybody's word that can be asked now. */
  readonly nearest: readonly PeerRef[];
  /** Ids of those that can be asked now. */
  readonly usable: ReadonlySet<string>;
  /** Ids of those that are known to exist. */
  readonly met: ReadonlySet<string>;
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
