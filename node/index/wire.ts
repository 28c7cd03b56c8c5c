import { z } from 'zod';
import { facetCountsSchema } from '../../protocol/search/facets.js';
import { COPIES, MAX_SHARD_BITS } from '../../protocol/search/posting-keys.js';
import { filtersSchema, querySchema } from '../../protocol/search/query.js';
import { cidSchema } from '../../protocol/schema.js';
import { MATCHES } from '../../protocol/search/all-words.js';
import { SORT_ORDERS } from '../../protocol/search/sort.js';

/** The requests that index nodes serve, and their bounds. */

export const PUT_METHOD = 'index.put';
export const ASK_METHOD = 'index.ask';
export const CARDS_METHOD = 'index.cards';
export const LEASE_METHOD = 'index.lease';
export const OFFER_METHOD = 'index.offer';

/** A batch is sent in one frame; half of the network's frame limit leaves room for the rest of it. */
export const MAX_PUT_BYTES = 1024 * 1024;
export const MAX_PUT_CARDS = 1_000;
/** A listing has about 21 posted terms on real data; a card that asks for many more is spam. */
export const MAX_KEYS_PER_CARD = 128;
export const MAX_KEY_LENGTH = 160;
/**
 * Names of one request: twice the usual twelve (six keys, and six that take the place of those that nobody has) and some. A word that is
 * split may have 256, and is asked for in several requests side by side: so no single one keeps an index node for long.
 */
export const MAX_ASK_KEYS = 32;
/** Three times the 50 hits by which recall is measured: what ranks among these by merged counts stands further down in an answer. */
export const MAX_ANSWERS = 150;
/** Answers of which most are only ids, 45 bytes each: for those who turn page after page. Twenty pages are more than anybody reads. */
export const MAX_HITS = 500;
/** A fifth of the usual 50 answers: a seller's flood leaves room for at least four others, and a reader shows three of one seller. */
export const PER_SELLER_ANSWERS = 10;

/** Leaves of a lease that one node is asked about at once; 32 bytes each. */
export const MAX_LEASE_LEAVES = 10_000;
/** Hashes of a proof: few leaves of many need most, about 14 each of a seller with 10,000 cards. */
const MAX_PROOF = 20_000;
/** All that can be named for one question, so that nobody who holds one of its names is left out: the reader would take others for the nearest. */
export const MAX_CLOSER = MAX_ASK_KEYS * COPIES;
/** Newer records in the answer to one batch: a restored home hears of the others when it brings them out again. */
export const MAX_NEWER = 64;

/** Cards and leases have at most 1 KiB, delegations with theirs a little more. */
export const MAX_ENVELOPE = 2_048;
/**
 * Delegations of a batch, and leases: index nodes bring cards of many sellers at once. So many of both take a fourth of its bytes; what is
 * of more sellers goes in halves.
 */
export const MAX_PUT_DELEGATIONS = 64;
/** Delegations beside a seller's own lease: that of each device whose cards it covers, as in a batch of the seller's own. */
const MAX_LEASE_DELEGATIONS = MAX_PUT_DELEGATIONS;

/** Nodes that are nearer to a name than the one that answers, or as near: peer id and addresses. */
const closerNodes = z
  .array(z.tuple([z.string().max(64), z.array(z.string().max(200)).max(8)]))
  .max(MAX_CLOSER)
  .default([]);
export type Closer = z.output<typeof closerNodes>;

const hash = z.custom<Uint8Array>((value) => value instanceof Uint8Array && value.length === 32, 'not a hash');
const envelope = z.custom<Uint8Array>(
  (value) => value instanceof Uint8Array && value.length <= MAX_ENVELOPE,
  'not an envelope',
);
const key = z.string().min(1).max(MAX_KEY_LENGTH);

/**
 * A lease with the proof that some cards are of it, whose places in a list that comes along are paired with their places in the
 * lease's tree, ascending by the latter. Without cards it says only when the seller was last seen.
 */
const leaseProof = z.object({
  lease: envelope,
  cards: z.array(z.tuple([z.int().min(0), z.int().min(0)])).max(MAX_PUT_CARDS),
  proof: z.array(hash).max(MAX_PROOF),
});
export type LeaseProof = z.infer<typeof leaseProof>;

/** Names as of `shardKey` (protocol/search/posting-keys.ts): a shard is part of the name under which cards are held. */
export const putSchema = z.object({
  /** Every key of the batch once; cards name theirs by place in this list. */
  keys: z.array(key).max(MAX_PUT_CARDS * MAX_KEYS_PER_CARD),
  /** Cards, tombstones and deltas. A delta has no keys: it goes wherever the card that it names is held, or came just before. */
  cards: z.array(z.tuple([envelope, z.array(z.int().min(0)).max(MAX_KEYS_PER_CARD)])).max(MAX_PUT_CARDS),
  delegations: z.array(envelope).max(MAX_PUT_DELEGATIONS),
  /** For cards that stand only because a lease extends them: when one index node hands over to another. */
  leases: z.array(leaseProof).max(MAX_PUT_DELEGATIONS).default([]),
});
export type Put = z.infer<typeof putSchema>;
export type PutInput = z.input<typeof putSchema>;

export const putAnswerSchema = z.object({
  /**
   * For each card of the batch `ok` or the code of its refusal. `INDEX_FAR`: there are many nodes nearer to one of its names than this
   * one, which keeps it under the others, if there are any.
   */
  results: z.array(z.string().max(64)).max(MAX_PUT_CARDS),
  /** Keys of the batch, by place, that should be split: into so many bits. */
  bits: z
    .array(z.tuple([z.int().min(0), z.int().min(0).max(MAX_SHARD_BITS)]))
    .max(MAX_PUT_CARDS * MAX_KEYS_PER_CARD)
    .default([]),
  /**
   * For cards refused with LISTING_CHANGED, by place, what is held in their stead: a seller whose home was restored from a
   * backup learns from it which seq to go on with.
   */
  newer: z
    .array(z.tuple([z.int().min(0), envelope]))
    .max(MAX_NEWER)
    .default([]),
  /** For cards refused with INDEX_FAR. */
  closer: closerNodes,
});

export type PutAnswer = z.infer<typeof putAnswerSchema>;

/** A seller refreshes its cards: one lease, and which of its leaves this node should be holding. */
export const leaseRequestSchema = z.object({
  lease: envelope,
  delegations: z.array(envelope).max(MAX_LEASE_DELEGATIONS),
  /** Place in the tree and leaf, ascending. */
  leaves: z.array(z.tuple([z.int().min(0), hash])).max(MAX_LEASE_LEAVES),
  proof: z.array(hash).max(MAX_PROOF),
});
export type LeaseRequest = z.infer<typeof leaseRequestSchema>;

export const leaseAnswerSchema = z.object({
  /** Places in the tree of leaves that are not held here: their cards should be brought. */
  missing: z.array(z.int().min(0)).max(MAX_LEASE_LEAVES),
});
export type LeaseAnswer = z.infer<typeof leaseAnswerSchema>;

/** One index node tells another what it could hand over; the other says what it lacks, and gets that by `index.put`. */
export const offerSchema = z.object({
  keys: z.array(key).max(MAX_PUT_CARDS * MAX_KEYS_PER_CARD),
  /** Listing's id, seq of the newest record in the card's slot, and the keys that it is offered for. */
  cards: z
    .array(z.tuple([cidSchema, z.int().min(0), z.array(z.int().min(0)).max(MAX_KEYS_PER_CARD)]))
    .max(MAX_PUT_CARDS),
});
export type Offer = z.infer<typeof offerSchema>;

export const offerAnswerSchema = z.object({
  /** Places in `cards` of those that are wanted: lacking here, older here, or not held for one of the keys. */
  wanted: z.array(z.int().min(0)).max(MAX_PUT_CARDS),
  /** Places of those that are not wanted though they are not held here for all of the keys: there is no room, say. */
  declined: z.array(z.int().min(0)).max(MAX_PUT_CARDS).default([]),
});

export const askSchema = z.object({
  query: querySchema,
  /** Names of what is asked of this node. */
  keys: z.array(key).min(1).max(MAX_ASK_KEYS),
  /**
   * All keys of the question without their shards, in its order. Of a card that stands under several of them it counts (in
   * `matched` and `facets`) only where it stands first, so that the counts of different keys add up.
   */
  question: z.array(key).max(MAX_ASK_KEYS).default([]),
  filters: filtersSchema,
  sort: z.enum(SORT_ORDERS).default('relevance'),
  /** Which cards answer: with any of the words, with all of them, or with all and, where none here has all, with any. */
  match: z.enum(MATCHES).default('any'),
  /** How many answers, and how many of them with their card. */
  limit: z.int().min(1).max(MAX_HITS),
  cards: z.int().min(0).max(MAX_ANSWERS),
  facets: z.boolean().default(false),
  /**
   * At most so many answers of one seller while there are others to fill the list; 0: no such cap. Nothing is lost by it that there is
   * room for. Where one seller is asked for, there are no others.
   */
  perSeller: z.int().min(0).max(MAX_ANSWERS).default(PER_SELLER_ANSWERS),
  /** Only what came or changed here after this mark of an earlier answer of this node. */
  since: z.int().min(0).optional(),
});
export type Ask = z.infer<typeof askSchema>;
/** As a sender may leave it: without what has a default. */
export type AskInput = z.input<typeof askSchema>;

const askAnswer = z.object({
  /** In the order asked for: the listing's id, the seq of the newest record in the card's slot, its score by this node's statistics. */
  hits: z.array(z.tuple([cidSchema, z.int().min(0), z.int()])).max(MAX_HITS),
  /** The cards of the first hits, in their order, and the deltas to any of them. */
  cards: z.array(envelope).max(MAX_ANSWERS),
  deltas: z.array(envelope).max(MAX_ANSWERS).default([]),
  /** The newest lease of each seller of these cards; with proof for those that only a lease lets stand, by their places in `cards` followed by `deltas`. */
  leases: z.array(leaseProof).max(MAX_ANSWERS).default([]),
  /** Of all records that come along. */
  delegations: z.array(envelope).max(4 * MAX_ANSWERS),
  /** Cards held here in all, and under each asked key. */
  documents: z.int().min(0),
  held: z.array(z.int().min(0)).max(MAX_ASK_KEYS),
  /** For each asked key the cards that match query and filters and count there. */
  matched: z.array(z.int().min(0)).max(MAX_ASK_KEYS).default([]),
  /** For each asked key what the cards that count there are, where facets are asked for. */
  facets: z.array(facetCountsSchema).max(MAX_ASK_KEYS).default([]),
  /** For each asked key into how many bits it should be split. */
  bits: z.array(z.int().min(0).max(MAX_SHARD_BITS)).max(MAX_ASK_KEYS).default([]),
  /** How many of the cards held here have each term of the query. */
  df: z.record(z.string().max(MAX_KEY_LENGTH), z.int().min(0)),
  truncated: z.boolean(),
  closer: closerNodes,
  /** For `since` of a later question to this node. */
  mark: z.int().min(0).default(0),
});
/** Each record of an answer is extended by one lease at most: else an answer would be as dear to read as its author likes. */
const hasFewLeaves = ({ cards, deltas, leases }: Pick<z.output<typeof askAnswer>, 'cards' | 'deltas' | 'leases'>) =>
  leases.reduce((sum, lease) => sum + lease.cards.length, 0) <= cards.length + deltas.length;
export const askAnswerSchema = askAnswer.refine(hasFewLeaves);
export type AskAnswer = z.infer<typeof askAnswerSchema>;

/** Listings by their ids, each with the seq of what the asker has of it, -1 for nothing: only what is newer comes. */
export const cardsSchema = z.object({
  listings: z
    .array(z.tuple([cidSchema, z.int().min(-1)]))
    .min(1)
    .max(MAX_ANSWERS),
});
export type WantedCards = z.infer<typeof cardsSchema>['listings'];
export const cardsAnswerSchema = askAnswer
  .pick({ cards: true, deltas: true, leases: true, delegations: true })
  // Tombstones of those that have ended: so that nobody who missed one, or says so, brings a listing back.
  .extend({ ends: z.array(envelope).max(MAX_ANSWERS).default([]) })
  .refine(hasFewLeaves);
export type CardsAnswer = z.infer<typeof cardsAnswerSchema>;
