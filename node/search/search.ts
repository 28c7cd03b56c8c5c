import type { CID } from 'multiformats/cid';
import type { Card } from '../../protocol/catalog/card.js';
import { listingIdOfCard } from '../../protocol/catalog/make-card.js';
import { isNiagaError, NiagaError } from '../../protocol/errors.js';
import { deviceToPeerId, equalBytes, traderToText } from '../../protocol/ids.js';
import type { Delegation } from '../../protocol/identity/delegation.js';
import { moneyToJson, parseMoney } from '../../protocol/money.js';
import { openRecord, type SignedRecord, type Verify } from '../../protocol/record.js';
import { matcher, parseFilters, type Filters } from '../../protocol/search/filters.js';
import { parseIndex } from '../../protocol/search/index-terms.js';
import { mergeStatistics, newest, rank, type Found } from '../../protocol/search/merge.js';
import { COPIES, listingKey, placeOf, SALTS, termKey, type KeyPlace } from '../../protocol/search/posting-keys.js';
import { EMPTY_QUERY, MAX_KEYS, parseQuery, rarest, type Query } from '../../protocol/search/query.js';
import type { HitView, SearchView } from '../api/views.js';
import { hex } from '../bytes.js';
import type { DelegationBook } from '../identity/index.js';
import type { Index } from '../index/index.js';
import {
  ASK_METHOD,
  askAnswerSchema,
  CARDS_METHOD,
  cardsAnswerSchema,
  MAX_ANSWERS,
  readBody,
  writeBody,
  type AskAnswer,
} from '../index/wire.js';
import type { Logger } from '../logger.js';
import type { Network } from '../network/index.js';
import { askAll, type Asked, type Candidate } from './ask.js';
import { coverageOf } from './coverage.js';
import { Freshness } from './freshness.js';
import type { Search, SearchInput } from './index.js';

/** Answers for each node: nDCG is flat from 20 on, recall grows until 50 (FACTS). */
const ANSWERS = 50;
/** Of the deadline, what is kept for fetching cards that so far are only known by id. */
const FETCH_SHARE = 0.25;
/** A listing by its id is one key: nodes that are there answer at once. */
const CARD_DEADLINE = 2_500;
const MAX_RESPONSE = 512 * 1024;
/** Cards opened of each answer at least: ranked again by merged counts, the tenth may become the first. */
const LEAST_OPENED = 30;
/** Fetching by id gets this many milliseconds even when the deadline is near. */
const LEAST_FETCH_TIME = 50;

export interface SearchDeps {
  readonly network: Network;
  readonly networkName: string;
  readonly index: Index;
  readonly delegations: DelegationBook;
  readonly verify: Verify;
  readonly now: () => number;
  readonly logger: Logger;
  readonly onRefused: (code: string) => void;
}

export function createSearch(deps: SearchDeps): Search {
  return new SearchService(deps);
}

/** A verified card, as the merging of answers wants it. */
interface FoundCard extends Found {
  readonly card: SignedRecord<Card>;
}

/** The delegations that came with a search's answers, by id. */
type Delegations = Map<string, SignedRecord<Delegation>>;

/** What is asked for: the words, what limits them, and the keys under which to look. */
interface Question {
  readonly query: Query;
  readonly filters: Filters;
  readonly keys: readonly string[];
  readonly limit: number;
}

class SearchService implements Search {
  readonly #deps: SearchDeps;
  readonly #freshness: Freshness;

  constructor(deps: SearchDeps) {
    this.#deps = deps;
    this.#freshness = new Freshness(deps);
  }

  async search(input: SearchInput, options: { signal?: AbortSignal | undefined } = {}): Promise<SearchView> {
    const begun = performance.now();
    const filters = filtersOf(input);
    const known = (term: string): number | undefined => this.#deps.index.statistics([term]).df.get(term);
    const query = parseQuery(input.words.join(' '), { df: known });
    const keys = rarest(query, known, MAX_KEYS).map(termKey);
    await this.#freshness.ready(input.timeoutMs / 2, options.signal);
    const spent = performance.now() - begun;
    const question = { query, filters, keys, limit: Math.min(MAX_ANSWERS, Math.max(ANSWERS, input.limit)) };
    const { candidates, certain, asked, cards, refused } = await this.#ask(
      question,
      input.limit,
      Math.max(50, input.timeoutMs - spent),
      options.signal,
    );
    const answers = asked.answers.map(({ peer, keys: of, answer }) => ({
      node: peer,
      keys: of.map((at) => ({ key: keys[at] ?? '' })),
      cards: [],
      counts: { documents: answer.documents, df: answer.df, held: answer.held },
    }));
    const statistics = mergeStatistics(query, answers, termKey);
    const passes = matcher(filters);
    const fitting = newest([{ cards }]).filter(({ card }) => passes(card.payload));
    const hits = rank(query, fitting, statistics).slice(0, input.limit);
    const alone = this.#deps.network.directory.size === 0;
    return {
      hits: hits.map(({ id, score, card }) => hitView(id, score, card.card)),
      coverage: coverageOf(keys, candidates, asked, { refused, alone, certain }),
      tookMs: Math.round((performance.now() - begun) * 10) / 10,
    };
  }

  async card(
    listing: string,
    options: { signal?: AbortSignal | undefined } = {},
  ): Promise<SignedRecord<Card> | undefined> {
    await this.#freshness.ready(CARD_DEADLINE / 2, options.signal);
    const question = { query: EMPTY_QUERY, filters: {}, keys: [listingKey(listing)], limit: 1 };
    const { cards } = await this.#ask(question, 1, CARD_DEADLINE, options.signal);
    return newest([{ cards }]).find(({ id }) => id === listing)?.card;
  }

  async #ask(question: Question, limit: number, deadline: number, signal?: AbortSignal) {
    const end = performance.now() + deadline;
    const opened = Math.min(MAX_ANSWERS, Math.max(limit, LEAST_OPENED));
    const places = question.keys.map((key) => SALTS.map((salt) => placeOf(this.#deps.networkName, key, salt)));
    // Before anybody is asked: what a look-up finds meanwhile was not known to those who chose whom to ask.
    const certain = places.map((ofKey) =>
      SALTS.filter((_, at) => ofKey[at] !== undefined && this.#freshness.isKnown(ofKey[at])),
    );
    const candidates = places.map((ofKey) => this.#candidates(ofKey));
    const asked = await askAll<AskAnswer>({
      candidates,
      deadline: deadline * (1 - FETCH_SHARE),
      signal,
      request: async (peer, keys, first, requestSignal) => {
        const body = writeBody({
          query: question.query,
          filters: question.filters,
          keys: keys.map((at) => question.keys[at]),
          limit: question.limit,
          cards: first ? opened : 0,
        });
        const answer = await this.#deps.network.request(peer, ASK_METHOD, body, {
          signal: requestSignal,
          timeout: deadline,
          maxResponse: MAX_RESPONSE,
          retry: true,
        });
        return readBody(askAnswerSchema, answer, 'answer to index.ask');
      },
    });
    const found = new Map<string, FoundCard>();
    const claims = claimsOf(asked, opened);
    const given: Delegations = new Map();
    let refused = 0;
    for (const { answer } of asked.answers) refused += this.#read(answer.delegations, given);
    for (const { envelopes } of claims.values()) refused += this.#open(envelopes, found, given);
    refused += await this.#fetchMissing(claims, { found, given }, Math.max(0, end - performance.now()), signal);
    return { candidates, certain, asked, cards: [...found.values()], refused };
  }

  /** The nodes that hold a key, both salts in turn, so that whoever sits around one of them is not all who is asked. */
  #candidates(places: readonly KeyPlace[]): Candidate[] {
    const { directory } = this.#deps.network;
    const [first = [], second = []] = places.map((place) => {
      this.#freshness.look(place);
      return directory.closest(place.kadId, COPIES);
    });
    // The first three are of one salt: three that agree make the answer complete.
    const order = [...first.slice(0, 3), ...second.slice(0, 3), ...first.slice(3), ...second.slice(3)];
    const peers = new Map(order.map((peer) => [peer.id, peer]));
    const groupsOf = (id: string): number[] =>
      [first, second].flatMap((group, salt) => (group.some((peer) => peer.id === id) ? [salt] : []));
    return [...peers.values()].map((peer) => ({ peer, groups: groupsOf(peer.id) }));
  }

  /** Fetches the cards that came only as ids, or older than somebody claims; gives how many were refused. */
  async #fetchMissing(
    claims: ReadonlyMap<string, Claim>,
    { found, given }: { found: Map<string, FoundCard>; given: Delegations },
    timeLeft: number,
    signal?: AbortSignal,
  ): Promise<number> {
    const missing = new Map<string, CID[]>();
    for (const [id, { listing, seq, peer }] of claims) {
      if ((found.get(id)?.seq ?? -1) < seq) missing.set(peer, [...(missing.get(peer) ?? []), listing]);
    }
    const options = { timeout: Math.max(LEAST_FETCH_TIME, timeLeft), retry: true, maxResponse: MAX_RESPONSE, signal };
    const batches = [...missing].flatMap(([peer, listings]) =>
      inBatches(listings, MAX_ANSWERS).map((batch) => [peer, batch] as const),
    );
    const fetched = batches.map(async ([peer, listings]) => {
      try {
        const bytes = await this.#deps.network.request(peer, CARDS_METHOD, writeBody({ listings }), options);
        const { cards, delegations } = readBody(cardsAnswerSchema, bytes, 'answer to index.cards');
        return this.#read(delegations, given) + this.#open(cards, found, given);
      } catch (error) {
        signal?.throwIfAborted();
        this.#deps.logger.debug({ peer, error: String(error) }, 'cards could not be fetched');
        return 0;
      }
    });
    return (await Promise.all(fetched)).reduce((sum, count) => sum + count, 0);
  }

  /** Verifies delegations for this search alone, keeping none; gives how many were refused. */
  #read(delegations: readonly Uint8Array[], given: Delegations): number {
    return this.#refusedOf(delegations, (bytes) => {
      const delegation = this.#deps.delegations.read(bytes);
      given.set(delegation.id.toString(), delegation);
    });
  }

  /** Verifies cards and adds them, the newest of each listing; gives how many were refused. */
  #open(cards: readonly Uint8Array[], found: Map<string, FoundCard>, given: Delegations): number {
    const { delegations: book, networkName, verify, now } = this.#deps;
    const context = { network: networkName, kinds: ['card'] as const, verify, now: now() };
    return this.#refusedOf(cards, (bytes) => {
      const card = openRecord(bytes, { ...context, delegation: (id) => given.get(id.toString()) ?? book.find(id) });
      const { payload } = card;
      const id = listingIdOfCard(payload);
      if (id === undefined || payload.validUntil <= now()) {
        throw new NiagaError('RECORD_TIME', 'The card is no longer valid.');
      }
      const index = parseIndex(payload.index);
      const one = { id, seq: payload.seq, device: hex(payload.device), record: card.id.toString(), index, card };
      const other = found.get(id);
      found.set(id, newest([{ cards: other === undefined ? [one] : [one, other] }])[0] ?? one);
    });
  }

  #refusedOf(records: readonly Uint8Array[], take: (bytes: Uint8Array) => void): number {
    let refused = 0;
    for (const bytes of records) {
      try {
        take(bytes);
      } catch (error) {
        if (!isNiagaError(error)) throw error;
        refused++;
        this.#deps.onRefused(error.code);
      }
    }
    return refused;
  }
}

/** What the answers say of one listing: its newest version, who has it, and the cards that came. */
interface Claim {
  readonly listing: CID;
  seq: number;
  peer: string;
  readonly envelopes: Uint8Array[];
}

/**
 * The listings among the first `most` of any answer. Only their cards are opened, each once however many nodes sent it:
 * checking signatures is most of what a search costs its reader. A node cannot push out what others say: each has its own `most`.
 */
function claimsOf(asked: Asked<AskAnswer>, most: number): Map<string, Claim> {
  const claims = new Map<string, Claim>();
  for (const { peer, answer } of asked.answers) {
    answer.hits.slice(0, most).forEach(([listing, seq], place) => {
      const id = listing.toString();
      const claim = claims.get(id) ?? { listing, seq, peer, envelopes: [] };
      if (seq > claim.seq) Object.assign(claim, { seq, peer });
      const card = answer.cards[place];
      if (card !== undefined && !claim.envelopes.some((other) => equalBytes(other, card))) claim.envelopes.push(card);
      claims.set(id, claim);
    });
  }
  return claims;
}

/** @throws NiagaError QUERY_INVALID, MONEY_INVALID, CURRENCY_UNKNOWN */
function filtersOf(input: SearchInput): Filters {
  const options = (where: string) => ({
    where,
    ...(input.currency === undefined ? {} : { currency: input.currency.toUpperCase() }),
  });
  const min = input.minPrice === undefined ? undefined : parseMoney(input.minPrice, options('minPrice'));
  const max = input.maxPrice === undefined ? undefined : parseMoney(input.maxPrice, options('maxPrice'));
  if (min !== undefined && max !== undefined && min.currency !== max.currency) {
    throw new NiagaError('QUERY_INVALID', `The lowest price is in ${min.currency}, the highest in ${max.currency}.`, {
      where: 'maxPrice',
    });
  }
  const currency = min?.currency ?? max?.currency ?? input.currency?.toUpperCase();
  return parseFilters({
    ...(min === undefined ? {} : { minPrice: min.amount }),
    ...(max === undefined ? {} : { maxPrice: max.amount }),
    ...(currency === undefined ? {} : { currency }),
    ...(input.category === undefined ? {} : { category: input.category }),
    ...(input.kind === undefined ? {} : { kind: input.kind }),
  });
}

function hitView(listing: string, score: number, card: SignedRecord<Card>): HitView {
  const { summary, trader, device, created, validUntil, listing: version } = card.payload;
  return {
    listing,
    version: version.toString(),
    title: summary.title,
    kind: summary.kind,
    category: summary.category,
    ...(summary.brand === undefined ? {} : { brand: summary.brand }),
    price: summary.price === null ? null : moneyToJson(summary.price),
    ...(summary.unitText === undefined ? {} : { unitText: summary.unitText }),
    availability: summary.availability,
    ...(summary.place === undefined ? {} : { place: summary.place }),
    ...(summary.shipsTo === undefined ? {} : { shipsTo: summary.shipsTo }),
    seller: traderToText(trader),
    peerId: deviceToPeerId(device),
    published: created,
    validUntil,
    score: score / 1_000,
  };
}

function inBatches<T>(all: readonly T[], size: number): T[][] {
  const batches: T[][] = [];
  for (let start = 0; start < all.length; start += size) batches.push(all.slice(start, start + size));
  return batches;
}
