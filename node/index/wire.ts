import { z } from 'zod';
import { decode, encode } from '../../protocol/cbor.js';
import { NiagaError } from '../../protocol/errors.js';
import { filtersSchema, querySchema } from '../../protocol/search/query.js';
import { cidSchema } from '../../protocol/schema.js';

/** The requests that index nodes serve, and their bounds. */

export const PUT_METHOD = 'index.put';
export const ASK_METHOD = 'index.ask';
export const CARDS_METHOD = 'index.cards';

/** A batch is sent in one frame; half of the network's frame limit leaves room for the rest of it. */
export const MAX_PUT_BYTES = 1024 * 1024;
export const MAX_PUT_CARDS = 1_000;
/** A listing has about 21 posted terms on real data; a card that asks for many more is spam. */
const MAX_KEYS_PER_CARD = 128;
const MAX_KEY_LENGTH = 160;
const MAX_ASK_KEYS = 32;
/** nDCG is flat from 20 answers a term on, recall grows until 50 and hardly beyond (FACTS). */
export const MAX_ANSWERS = 100;

const envelope = z.custom<Uint8Array>(
  (value) => value instanceof Uint8Array && value.length <= 2_048,
  'not an envelope',
);
const key = z.string().min(1).max(MAX_KEY_LENGTH);

export const putSchema = z.object({
  /** Every key of the batch once; cards name theirs by place in this list. */
  keys: z.array(key).max(MAX_PUT_CARDS * MAX_KEYS_PER_CARD),
  cards: z.array(z.tuple([envelope, z.array(z.int().min(0)).max(MAX_KEYS_PER_CARD)])).max(MAX_PUT_CARDS),
  delegations: z.array(envelope).max(64),
});
export type Put = z.infer<typeof putSchema>;

export const putAnswerSchema = z.object({
  /** For each card of the batch `ok` or the code of its refusal. */
  results: z.array(z.string().max(64)).max(MAX_PUT_CARDS),
});

export const askSchema = z.object({
  query: querySchema,
  keys: z.array(key).min(1).max(MAX_ASK_KEYS),
  filters: filtersSchema,
  /** How many answers, and how many of them with their card. */
  limit: z.int().min(1).max(MAX_ANSWERS),
  cards: z.int().min(0).max(MAX_ANSWERS),
});
export type Ask = z.infer<typeof askSchema>;

export const askAnswerSchema = z.object({
  /** Best first: the listing's id, the card's seq, its score by this node's statistics. */
  hits: z.array(z.tuple([cidSchema, z.int().min(0), z.int()])).max(MAX_ANSWERS),
  /** The cards of the first hits, in their order. */
  cards: z.array(envelope).max(MAX_ANSWERS),
  delegations: z.array(envelope).max(MAX_ANSWERS),
  /** Cards held here in all, and under each asked key. */
  documents: z.int().min(0),
  held: z.array(z.int().min(0)).max(MAX_ASK_KEYS),
  /** How many of the cards held here have each term of the query. */
  df: z.record(z.string().max(MAX_KEY_LENGTH), z.int().min(0)),
  truncated: z.boolean(),
});
export type AskAnswer = z.infer<typeof askAnswerSchema>;

export const cardsSchema = z.object({ listings: z.array(cidSchema).min(1).max(MAX_ANSWERS) });
export const cardsAnswerSchema = z.object({
  cards: z.array(envelope).max(MAX_ANSWERS),
  delegations: z.array(envelope).max(MAX_ANSWERS),
});

/** @throws NiagaError PEER_PROTOCOL where the bytes are not of the schema */
export function readBody<S extends z.ZodType>(schema: S, body: Uint8Array, what: string): z.output<S> {
  const parsed = schema.safeParse(decode(body, { maxBytes: 4 * 1024 * 1024, maxDepth: 16 }));
  if (parsed.success) return parsed.data;
  throw new NiagaError('PEER_PROTOCOL', `The ${what} is not of its form.`);
}

export function writeBody(value: unknown): Uint8Array {
  return encode(value);
}
