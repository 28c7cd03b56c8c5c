import { CID } from 'multiformats/cid';
import { openRecord } from '../../../protocol/record.js';
import { listingKey } from '../../../protocol/search/posting-keys.js';
import type { HeldRecord, IndexDeps } from '../index.js';
import {
  askSchema,
  MAX_ANSWERS,
  type AskAnswer,
  type AskInput,
  type CardsAnswer,
  type Offer,
  type Put,
  type WantedCards,
} from '../wire.js';
import type { HeldCard } from './card.js';
import type { Checker } from './checker.js';
import { namesToKeep } from './ends.js';
import type { Grant } from './grants.js';
import type { HeldSet } from './held-set.js';
import type { Leases } from './leases.js';
import type { Room } from './room.js';
import type { Seller } from './sellers.js';

/** A listing with some of the names under which it is held. */
type NamedListing = readonly [listing: string, names: readonly string[]];

interface AnswersParts {
  readonly set: HeldSet;
  readonly leases: Leases;
  readonly checker: Checker;
  readonly room: Room;
  /** Whether this node is near enough to a name to keep cards under it. */
  readonly isNear: (name: string) => boolean;
}

/** What goes out: answers to questions, and cards for other index nodes. */
export class Answers {
  readonly #deps: IndexDeps;
  readonly #set: HeldSet;
  readonly #leases: Leases;
  readonly #checker: Checker;

  readonly #room: Room;
  readonly #isNear: AnswersParts['isNear'];

  constructor(deps: IndexDeps, { set, leases, checker, room, isNear }: AnswersParts) {
    this.#deps = deps;
    this.#set = set;
    this.#leases = leases;
    this.#checker = checker;
    this.#room = room;
    this.#isNear = isNear;
  }

  /** Everything that is asked but who else may know; `closer` is the service's to say. */
  ask(input: AskInput): AskAnswer {
    const { query, keys, question, filters, sort, match, limit, cards, facets, perSeller, since } = {
      ...DEFAULTS,
      ...input,
    };
    const { index, splits, mark } = this.#set;
    const now = this.#deps.now();
    const isShown = this.#shown();
    const found = index.evaluate({
      query,
      filters,
      keys,
      question,
      sort,
      match,
      limit,
      perSeller: filters.seller === undefined ? perSeller : 0,
      facets,
      only: (card) => card.until > now && (since === undefined || card.arrived > since) && isShown(card.seller),
      confirm: this.#checker.forQuestion(),
    });
    const hits = found.hits.flatMap(({ id, score }) => {
      const card = index.get(id);
      return card === undefined ? [] : [{ id, score, card }];
    });
    return {
      hits: hits.map(({ id, score, card }) => [CID.parse(id), card.newestSeq, score]),
      ...this.#handOut(
        hits.slice(0, cards).map(({ card }) => card),
        now,
      ),
      documents: found.counts.documents,
      held: [...found.counts.held],
      matched: found.parts.map(({ matched }) => matched),
      facets: found.parts.flatMap((part) => part.facets ?? []),
      bits: keys.map((key) => splits.bitsOf(key)),
      df: found.counts.df,
      truncated: found.truncated,
      closer: [],
      mark,
    };
  }

  cards(wanted: WantedCards): CardsAnswer {
    const cards = wanted.flatMap(([id, seq]) => {
      const card = this.#usable(id.toString());
      return card === undefined || card.newestSeq <= seq ? [] : [card];
    });
    const ends = wanted.flatMap(([id]) => this.#set.end(id.toString())?.tombstone ?? []);
    const answer = this.#handOut(cards, this.#deps.now());
    const named = ends.map(({ grant }) => grant.record.bytes);
    return {
      ...answer,
      ends: ends.map(({ slice }) => slice.bytes),
      delegations: [...new Set([...answer.delegations, ...named])],
    };
  }

  /** The card of a listing, what stands over it, and until when it stands; undefined where none is held under the listing's own key. */
  record(listing: string): HeldRecord | undefined {
    const card = this.#usable(listing);
    if (card === undefined || !this.#set.index.isUnder(listing, listingKey(listing))) return undefined;
    const record = openRecord(card.bytes.slice(), {
      network: this.#deps.networkName,
      kinds: ['card'],
      delegation: () => card.grant.record,
      verify: () => true,
    });
    return { card: record, ...(card.delta === undefined ? {} : { delta: card.delta.record }), until: card.until };
  }

  /** What is held of a listing, card or end: the seq of the newest record in its slot, and under which names. */
  held(listing: string): { readonly seq: number; readonly names: readonly string[] } | undefined {
    const now = this.#deps.now();
    const card = this.#set.index.get(listing);
    if (card !== undefined && card.until > now) return { seq: card.newestSeq, names: this.#set.index.keysOf(listing) };
    const end = this.#set.end(listing);
    return end?.tombstone === undefined || end.until <= now ? undefined : { seq: end.seq, names: end.names };
  }

  /** The batch that brings these to another node; what turns out not to hold, or is not to be handed out, is left out. */
  putOf(listings: readonly NamedListing[]): Put {
    const now = this.#deps.now();
    const keys = new Map<string, number>();
    const cards: [Uint8Array, number[]][] = [];
    const grants = new Set<Grant>();
    const handed: { card: HeldCard; at: number; deltaAt: number | undefined }[] = [];
    for (const [listing, names] of listings) {
      const placesOf = (): number[] =>
        names.map((name) => {
          const place = keys.get(name) ?? keys.size;
          keys.set(name, place);
          return place;
        });
      const card = this.#usable(listing);
      const tombstone = card === undefined ? this.#set.end(listing)?.tombstone : undefined;
      if (card !== undefined) {
        grants.add(card.grant);
        const at = cards.push([card.bytes, placesOf()]) - 1;
        if (card.delta !== undefined) {
          grants.add(card.delta.grant);
          cards.push([card.delta.record.bytes, []]);
        }
        handed.push({ card, at, deltaAt: card.delta === undefined ? undefined : at + 1 });
      } else if (tombstone !== undefined) {
        grants.add(tombstone.grant);
        cards.push([tombstone.slice.bytes, placesOf()]);
      }
    }
    const proofs = this.#leases.proofsFor(handed, now, MAX_ANSWERS);
    for (const grant of proofs.grants) grants.add(grant);
    return { keys: [...keys.keys()], cards, delegations: envelopes(grants), leases: proofs.leases };
  }

  /** Places in an offer of what is wanted here: lacking, older, or not held for one of the keys. */
  wanted({ keys, cards }: Offer): number[] {
    const { index } = this.#set;
    return cards.flatMap(([id, seq, places], at) => {
      const listing = id.toString();
      const names = places.flatMap((place) => keys[place] ?? []).filter((name) => this.#isNear(name));
      const end = this.#set.end(listing);
      if (end !== undefined && end.seq >= seq) {
        const isSame = end.seq === seq && end.tombstone !== undefined;
        return isSame && namesToKeep(listing, [...end.names, ...names]).length > end.names.length ? [at] : [];
      }
      const card = index.get(listing);
      if (card === undefined)
        return (names.length === 0 && places.length > 0) || !this.#room.wants(listing) ? [] : [at];
      if (card.newestSeq !== seq) return card.newestSeq < seq ? [at] : [];
      const lacks = names.some((name) => !index.isUnder(listing, name) && this.#set.crowded.hasRoom(name, card.seller));
      return lacks ? [at] : [];
    });
  }

  /** Whether cards of a seller are shown; asked once a seller and question. */
  #shown(): (seller: Seller) => boolean {
    const { isBlocked } = this.#deps;
    if (isBlocked === undefined) return () => true;
    const asked = new Map<Seller, boolean>();
    return (seller) => {
      let shown = asked.get(seller);
      if (shown === undefined) asked.set(seller, (shown = !isBlocked(seller.key)));
      return shown;
    };
  }

  /** The listings of traders who are blocked. */
  blocked(): string[] {
    const isShown = this.#shown();
    return [...this.#set.index.ids()].filter((listing) => {
      const card = this.#set.index.get(listing);
      return card !== undefined && !isShown(card.seller);
    });
  }

  /** A card that may be handed out. */
  #usable(listing: string): HeldCard | undefined {
    const card = this.#set.index.get(listing);
    if (card === undefined || card.until <= this.#deps.now()) return undefined;
    return this.#shown()(card.seller) && this.#checker.check(card) ? card : undefined;
  }

  #handOut(cards: readonly HeldCard[], now: number): Omit<CardsAnswer, 'ends'> {
    const deltas = cards.flatMap(({ delta }) => delta ?? []);
    const places = new Map(deltas.map((delta, at) => [delta, cards.length + at]));
    const proofs = this.#leases.proofsFor(
      cards.map((card, at) => ({ card, at, deltaAt: card.delta === undefined ? undefined : places.get(card.delta) })),
      now,
      MAX_ANSWERS,
    );
    const grants = new Set([...cards.map(({ grant }) => grant), ...deltas.map(({ grant }) => grant), ...proofs.grants]);
    return {
      cards: cards.map(({ bytes }) => bytes),
      deltas: deltas.map(({ record }) => record.bytes),
      leases: proofs.leases,
      delegations: envelopes(grants),
    };
  }
}

/** What a question leaves open, as the wire's schema says it. */
const DEFAULTS = askSchema
  .pick({ question: true, sort: true, match: true, facets: true, perSeller: true, since: true })
  .parse({});

function envelopes(grants: Iterable<Grant>): Uint8Array[] {
  return [...grants].map(({ record }) => record.bytes);
}
