import type { CID } from 'multiformats/cid';
import type { Card } from '../../protocol/catalog/card.js';
import { listingIdOfCard } from '../../protocol/catalog/make-card.js';
import { isNiagaError, NiagaError } from '../../protocol/errors.js';
import { deviceToPeerId, traderToText } from '../../protocol/ids.js';
import { moneyToJson, parseMoney } from '../../protocol/money.js';
import { openRecord, type SignedRecord, type Verify } from '../../protocol/record.js';
import { matcher, parseFilters, type Filters } from '../../protocol/search/filters.js';
import { parseIndex } from '../../protocol/search/index-terms.js';
import { mergeStatistics, newest, rank, type Found } from '../../protocol/search/merge.js';
import { COPIES, listingKey, placeOf, SALTS, termKey } from '../../protocol/search/posting-keys.js';
import { EMPTY_QUERY, MAX_KEYS, parseQuery, rarest, type Query } from '../../protocol/search/query.js';
import type { HitView, SearchView } from '../api/views.js';
import type { DelegationBook } from '../identity/index.js';
import type { Index } from '../index/index.js';
import {
  ASK_METHOD,
  askAnswerSchema,
  CARDS_METHOD,
  cardsAnswerSchema,
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
    const question = { query, filters, keys, limit: Math.max(ANSWERS, input.limit) };
    const { candidates, asked, cards, refused } = await this.#ask(
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
      coverage: coverageOf(keys, candidates, asked, { refused, alone }),
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
    const candidates = question.keys.map((key) => this.#candidates(key));
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
          cards: first ? question.limit : 0,
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
    let refused = 0;
    const take = (cards: readonly Uint8Array[], delegations: readonly Uint8Array[]): void => {
      refused += this.#open(cards, delegations, found);
    };
    for (const { answer } of asked.answers) take(answer.cards, answer.delegations);
    await this.#fetchMissing(asked, found, limit, Math.max(0, end - performance.now()), take, signal);
    return { candidates, asked, cards: [...found.values()], refused };
  }

  /** The nodes that hold a key, both salts in turn, so that whoever sits around one of them is not all who is asked. */
  #candidates(key: string): Candidate[] {
    const { network, networkName } = this.#deps;
    const groups = SALTS.map((salt) => {
      const place = placeOf(networkName, key, salt);
      this.#freshness.look(place);
      return network.directory.closest(place.kadId, COPIES).map((peer): Candidate => ({ peer, group: salt }));
    });
    // The first three are of one salt: three that agree make the answer complete.
    const [first = [], second = []] = groups;
    const order = [...first.slice(0, 3), ...second.slice(0, 3), ...first.slice(3), ...second.slice(3)];
    const seen = new Map<string, Candidate>();
    for (const candidate of order) if (!seen.has(candidate.peer.id)) seen.set(candidate.peer.id, candidate);
    return [...seen.values()];
  }

  /** Cards that came only as ids and may stand among the first. */
  async #fetchMissing(
    asked: Asked<AskAnswer>,
    found: ReadonlyMap<string, FoundCard>,
    limit: number,
    deadline: number,
    take: (cards: readonly Uint8Array[], delegations: readonly Uint8Array[]) => void,
    signal?: AbortSignal,
  ): Promise<void> {
    const best = new Map<string, { listing: CID; seq: number; score: number; peer: string }>();
    for (const { peer, answer } of asked.answers) {
      for (const [listing, seq, score] of answer.hits) {
        const id = listing.toString();
        const other = best.get(id);
        if (other === undefined || seq > other.seq || (seq === other.seq && score > other.score))
          best.set(id, { listing, seq, score, peer });
      }
    }
    const top = [...best].sort(([a, x], [b, y]) => y.score - x.score || (a < b ? -1 : 1)).slice(0, 2 * limit);
    const missing = new Map<string, CID[]>();
    for (const [id, { listing, seq, peer }] of top) {
      if ((found.get(id)?.seq ?? -1) < seq) missing.set(peer, [...(missing.get(peer) ?? []), listing]);
    }
    await Promise.all(
      [...missing].map(async ([peer, listings]) => {
        try {
          const body = writeBody({ listings });
          const answer = readBody(
            cardsAnswerSchema,
            await this.#deps.network.request(peer, CARDS_METHOD, body, {
              signal,
              timeout: Math.max(50, deadline),
              retry: true,
            }),
            'answer to index.cards',
          );
          take(answer.cards, answer.delegations);
        } catch (error) {
          signal?.throwIfAborted();
          this.#deps.logger.debug({ peer, error: String(error) }, 'cards could not be fetched');
        }
      }),
    );
  }

  /** Verifies cards and adds them; gives how many were refused. */
  #open(cards: readonly Uint8Array[], delegations: readonly Uint8Array[], found: Map<string, FoundCard>): number {
    const { delegations: book, networkName, verify, now } = this.#deps;
    let refused = 0;
    const attempt = (task: () => void): void => {
      try {
        task();
      } catch (error) {
        if (!isNiagaError(error)) throw error;
        refused++;
        this.#deps.onRefused(error.code);
      }
    };
    for (const bytes of delegations) attempt(() => book.learn(bytes));
    for (const bytes of cards) {
      attempt(() => {
        const card = openRecord(bytes, {
          network: networkName,
          kinds: ['card'],
          delegation: (id) => book.find(id),
          verify,
          now: now(),
        });
        const { payload } = card;
        const id = listingIdOfCard(payload);
        if (id === undefined || payload.validUntil <= now())
          throw new NiagaError('RECORD_TIME', 'The card is no longer valid.');
        const one = {
          id,
          seq: payload.seq,
          device: hex(payload.device),
          record: card.id.toString(),
          index: parseIndex(payload.index),
          card,
        };
        found.set(id, newest([{ cards: [one, ...(found.has(id) ? [found.get(id) ?? one] : [])] }])[0] ?? one);
      });
    }
    return refused;
  }
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

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}
