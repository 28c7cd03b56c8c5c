import { median } from '../../protocol/search/median.js';
import { MAX_SHARD_BITS, shardsOf } from '../../protocol/search/posting-keys.js';
import { MAX_ANSWERS, MAX_ASK_KEYS, PER_SELLER_ANSWERS, type AskAnswer, type AskInput } from '../index/wire.js';
import type { Network, PeerRef } from '../network/index.js';
import { askAll, type Answered, type Asked, type Asking } from './ask.js';
import { askNode } from './ask-node.js';
import { isCovered, WANTED_ANSWERS, type Candidate } from './asked-key.js';
import type { Latecomers } from './latecomers.js';
import type { Named, Places } from './places.js';
import { matchOf, type Question } from './question.js';
import type { ShardBits } from '../index/shard-bits.js';

/**
 * Names of one search: all shards of a word that is split as far as words are, and whole words beside it. The rarest of the words come
 * first, so that it is the commonest that there may be no room for.
 */
const MAX_NAMES = 2 ** MAX_SHARD_BITS + MAX_ASK_KEYS;
/**
 * Keys that somebody holds: with so many an answer is as good as with all (FACTS: nDCG .747 with four, .735 with two). What nobody
 * has, as words that are mistyped or stand in no card, leaves its place to the next word.
 */
const ENOUGH_KEYS = 4;
/** Answers that say that nobody holds a key before another is asked for in its place. */
const UNHELD_ANSWERS = 2;

/** An answer with the names that were asked for. */
interface NamedAnswer extends Answered<AskAnswer> {
  readonly names: readonly string[];
}

export interface GatherOptions {
  /** Answers wanted of each node, and how many of them with their cards. */
  readonly limit: number;
  readonly cards: number;
  /** Cards wanted of those nodes too that are not to send any: whoever answers first is shown at once. Default none. */
  readonly cardsOfAll?: number | undefined;
  /** Milliseconds after which what has come must do. */
  readonly deadline: number;
  readonly signal?: AbortSignal | undefined;
  /** Told of each answer as it comes, with a way to see all that came so far. */
  readonly onAnswer?: ((answered: NamedAnswer, sofar: () => Gathered) => void) | undefined;
}

/** What was asked for, by name, and what came of it. */
export interface Gathered {
  /** In the order of `asked.keys`. */
  readonly names: readonly Named[];
  /** Places in `names` of those that turned out to be split: their shards were asked for instead. */
  readonly superseded: ReadonlySet<number>;
  /** Shards of a key that there was no room to ask for. */
  readonly left: ReadonlyMap<string, number>;
  /** For each name the salts whose nodes are known for certain. */
  readonly certain: readonly (readonly number[])[];
  readonly asked: Asked<AskAnswer>;
}

interface AskerDeps {
  readonly network: Network;
  readonly places: Places;
  readonly shards: ShardBits;
  readonly latecomers: Latecomers;
}

/** Asks the index nodes for a question's keys, in one trip as a rule: whom answers name, and shards that they speak of, are asked at once too. */
export class Asker {
  readonly #deps: AskerDeps;

  constructor(deps: AskerDeps) {
    this.#deps = deps;
  }

  async gather(question: Question, options: GatherOptions): Promise<Gathered> {
    const round = new Round(this.#deps, question, options);
    const relax = this.#deps.network.hurry();
    return round.run().finally(relax);
  }
}

class Round {
  readonly #deps: AskerDeps;
  readonly #question: Question;
  readonly #options: GatherOptions;
  readonly #names: Named[] = [];
  /** Salts that were known before anybody was asked: what a look-up finds meanwhile was not known to those who chose whom to ask. */
  readonly #known: (readonly number[])[] = [];
  readonly #superseded = new Set<number>();
  #room = MAX_NAMES;
  readonly #left = new Map<string, number>();
  /** For each name how many nodes could be asked. */
  readonly #nodes: number[] = [];
  /** Nodes that answers named and nobody here has met, by id. */
  readonly #heard = new Map<string, PeerRef>();
  /** Ids of all that answers named: those of them that fail for this node keep their places. */
  readonly #told = new Set<string>();
  /** For each name who has said that its key has so many bits. */
  readonly #said: Map<string, number>[] = [];
  /** Keys that were not asked for yet. */
  readonly #further: string[];

  constructor(deps: AskerDeps, question: Question, options: GatherOptions) {
    this.#deps = deps;
    this.#question = question;
    this.#options = options;
    this.#further = [...question.further];
  }

  async run(): Promise<Gathered> {
    const { places, shards } = this.#deps;
    const names = this.#question.keys.flatMap((key) => this.#namesOf(key, shards.of(key)));
    const { deadline, signal } = this.#options;
    const asked = await askAll<AskAnswer>({
      candidates: names.map((named) => this.#addName(named)),
      latecomers: this.#deps.latecomers,
      keysOfRequest: MAX_ASK_KEYS,
      deadline,
      signal,
      request: (peer, keys, first, requestSignal) => this.#request(peer, keys, first, requestSignal),
      holds: ({ keys, answer }, key) => (answer.held[keys.indexOf(key)] ?? 0) > 0,
      onAnswer: (answered, asking) => this.#onAnswer(answered, asking),
      // Whom the node has connected to meanwhile, while it joins or after connections were cut, comes first.
      renew: (at) => {
        const named = this.#names[at];
        return named === undefined || this.#superseded.has(at) ? undefined : this.#candidates(named);
      },
    });
    const gathered = this.#gathered(asked);
    gathered.certain.forEach((salts, at) => {
      const named = this.#names[at];
      const state = asked.keys[at];
      const covered = state !== undefined && isCovered(state, salts);
      if (named !== undefined && !covered && !this.#superseded.has(at)) places.look(named);
    });
    return gathered;
  }

  #gathered(asked: Asked<AskAnswer>): Gathered {
    const certain = this.#names.map((named, at) => {
      const state = asked.keys[at];
      const witnessed = state === undefined ? [] : this.#deps.places.witnessedSalts(named, state);
      return [...new Set([...(this.#known[at] ?? []), ...witnessed])];
    });
    return { names: this.#names, superseded: this.#superseded, left: this.#left, certain, asked };
  }

  /** The shards of a key, as far as there is room: the keys come with the rarest first. */
  #namesOf(key: string, bits: number): Named[] {
    const all = shardsOf(bits);
    const some = all.slice(0, this.#room);
    this.#room -= some.length;
    if (some.length < all.length) this.#left.set(key, all.length - some.length);
    return some.map((shard) => this.#deps.places.named(key, shard));
  }

  #addName(named: Named): Candidate[] {
    const candidates = this.#candidates(named);
    this.#names.push(named);
    this.#known.push(this.#deps.places.knownSalts(named));
    this.#nodes.push(candidates.length);
    this.#said.push(new Map());
    return candidates;
  }

  #candidates(named: Named): Candidate[] {
    return this.#deps.places.candidates(named, this.#lost(), this.#told);
  }

  /** Those named in this search that the directory has no room for. */
  #lost(): PeerRef[] {
    const { directory } = this.#deps.network;
    return [...this.#heard.values()].filter(({ id }) => directory.get(id) === undefined);
  }

  #request(peer: string, keys: readonly number[], first: boolean, signal: AbortSignal): Promise<AskAnswer> {
    const { query, filters, sort, facets, perSeller = PER_SELLER_ANSWERS } = this.#question;
    const { limit, cards, cardsOfAll = 0, deadline } = this.#options;
    const body: AskInput = {
      query,
      keys: keys.map((at) => this.#names[at]?.name ?? ''),
      question: [...this.#question.keys, ...this.#question.further],
      filters,
      sort,
      match: matchOf(this.#question),
      limit,
      cards: first ? cards : cardsOfAll,
      facets,
      // As many of one seller as its readers will show, where they want more than is usual.
      ...(perSeller === 0 || perSeller > PER_SELLER_ANSWERS ? { perSeller: Math.min(perSeller, MAX_ANSWERS) } : {}),
    };
    return askNode(this.#deps, peer, body, { signal, timeout: deadline });
  }

  #onAnswer(answered: Answered<AskAnswer>, asking: Asking<AskAnswer>): void {
    const { places, network } = this.#deps;
    const { peer, keys, answer } = answered;
    const { news, unmet } = places.learn(peer, answer.closer, keys.length);
    for (const ref of unmet) this.#heard.set(ref.id, ref);
    const told = answer.closer.map(([id]) => id).filter((id) => !this.#told.has(id));
    for (const id of told) this.#told.add(id);
    // It may have a place under the other names too.
    if (told.some((id) => network.directory.get(id)?.failing === true))
      this.#names.forEach((named, at) => {
        if (!this.#superseded.has(at)) asking.know(at, this.#candidates(named));
      });
    for (const key of keys) {
      const named = this.#names[key];
      if (named === undefined) continue;
      // Who was only heard of and has answered is one of those that hold the key from now on, also where it was no candidate any more.
      const isKnown = asking.keys[key]?.candidates.some(
        ({ peer: { id }, state }) => id === peer && state === undefined,
      );
      if (news || isKnown !== true) asking.know(key, this.#candidates(named));
    }
    keys.forEach((key, place) => {
      // A node says the bits that a shard has also where it holds nothing of it.
      const bits = (answer.held[place] ?? 0) > 0 ? (answer.bits[place] ?? 0) : 0;
      this.#learnBits(key, peer, bits, asking);
    });
    this.#askFurther(asking);
    const names = keys.map((key) => this.#names[key]?.name ?? '');
    this.#options.onAnswer?.({ ...answered, names }, () => this.#gathered(asking));
  }

  /** For words that nobody has others are asked for in the same search: six that nobody has would find nothing. */
  #askFurther(asking: Asking<AskAnswer>): void {
    if (this.#further.length === 0) return;
    const maybeHeld = new Set(this.#names.flatMap(({ key }, at) => (this.#isUnheld(at, asking) ? [] : [key])));
    for (const key of this.#further.splice(0, Math.max(0, ENOUGH_KEYS - maybeHeld.size)))
      for (const named of this.#namesOf(key, this.#deps.shards.of(key))) asking.add(this.#addName(named));
  }

  /** Whether most of those who answered hold nothing under a name, and they are enough to be believed. */
  #isUnheld(at: number, { answers }: Asking<AskAnswer>): boolean {
    const held = answers.flatMap(({ keys, answer }) => {
      const place = keys.indexOf(at);
      return place < 0 ? [] : [(answer.held[place] ?? 0) > 0];
    });
    const needed = Math.min(UNHELD_ANSWERS, this.#nodes[at] ?? 0);
    return held.length > 0 && held.length >= needed && 2 * held.filter(Boolean).length < held.length;
  }

  /** Of a key that turns out to be split the shards are asked for in the same search. */
  #learnBits(at: number, peer: string, said: number, asking: Asking<AskAnswer>): void {
    const { shards } = this.#deps;
    const named = this.#names[at];
    if (named === undefined || this.#superseded.has(at)) return;
    const needed = Math.max(
      Math.min(WANTED_ANSWERS, this.#nodes[at] ?? 0),
      Math.floor((asking.keys[at]?.answered.size ?? 0) / 2) + 1,
    );
    const voices = this.#said[at] ?? new Map<string, number>();
    if (said === 0) shards.heard(named.name, peer, undefined, needed);
    else voices.set(peer, said);
    // A few that lie, each in another search, never come together: only what most nodes of one round say is taken down.
    if (voices.size < needed) return;
    for (const [voice, bits] of voices) shards.heard(named.name, voice, bits, needed);
    const bits = shards.of(named.key);
    if (bits <= named.shard.length) return;
    this.#names.forEach(({ key }, other) => {
      if (key !== named.key || this.#superseded.has(other)) return;
      this.#superseded.add(other);
      this.#room++;
    });
    for (const shard of this.#namesOf(named.key, bits)) asking.add(this.#addName(shard));
  }
}

/** The middle of what the nodes of a name say, by who is one of its nodes. */
export function saidOf(gathered: Gathered, at: number, value: (answer: AskAnswer, place: number) => number): number {
  return median(answersFor(gathered, at).map(({ answer, keys }) => value(answer, keys.indexOf(at))));
}

/**
 * The answers to one name by those who are its nodes. Nodes that were asked only because nobody nearer was known then hold none of
 * its cards, and their counts say nothing.
 */
export function answersFor({ asked }: Gathered, at: number): Answered<AskAnswer>[] {
  const candidates = new Set(asked.keys[at]?.candidates.map(({ peer }) => peer.id));
  return asked.answers.filter(({ peer, keys }) => keys.includes(at) && candidates.has(peer));
}
