import { z } from 'zod';
import type { Availability } from '../../protocol/catalog/card.js';
import type { SaidCode } from '../../protocol/trade/message-words.js';

/** What people and programs are shown: JSON only, ids and keys as text, money in minor units as text. */

/**
 * The same words as in a card. Only the type is imported: this file is loaded by every command, and the card's schema
 * would bring the whole protocol with it. A word too many or too few does not compile.
 */
const availability = {
  InStock: 'InStock',
  LimitedAvailability: 'LimitedAvailability',
  OutOfStock: 'OutOfStock',
} as const satisfies { [Word in Availability]: Word };

export const moneyView = z.object({
  amount: z
    .string()
    .regex(/^-?\d+$/)
    .describe('Minor units, as a whole number in text'),
  currency: z.string().describe('ISO 4217 code'),
});
export type MoneyView = z.infer<typeof moneyView>;

export const errorView = z.object({
  code: z.string(),
  message: z.string(),
  where: z.string().optional(),
  next: z.string().optional(),
  details: z.record(z.string(), z.unknown()).optional(),
});

export const publishedView = z.object({
  line: z.int().describe('The line of the file, or the place in the list, counted from 1'),
  sku: z.string().nullable(),
  listing: z.string().nullable().describe('The id of the listing, the same over all its versions'),
  status: z.enum(['published', 'unchanged', 'updated', 'invalid']),
  replicas: z.int().describe('How many other nodes hold its card by now, under every one of its keys'),
  quorum: z
    .boolean()
    .describe(
      'Whether those are enough; after two minutes at most it is answered all the same, and is no failure: the others follow in the background',
    ),
  error: errorView.optional(),
  warnings: z.array(errorView).optional(),
});
export type PublishedView = z.infer<typeof publishedView>;

/** A listing as its seller wrote it (protocol/listing/item.ts, in JSON) with its ids. */
export const listingView = z.looseObject({
  listing: z.string().describe('The id of the listing, the same over all its versions'),
  version: z.string().describe('The id of this version: the signed record'),
  seq: z.int(),
  seller: z.string(),
  status: z.enum(['active', 'removed']),
  sku: z.string(),
  title: z.string(),
  kind: z.string(),
  price: moneyView.nullable().describe('null: on request'),
  available: z.int().nullable().optional().describe('Own listings: what is left after reservations; null: unlimited'),
  availableVariants: z
    .array(z.object({ sku: z.string(), available: z.int().nullable() }))
    .optional()
    .describe('Own listings that come in variants: the same of each'),
  blocked: z
    .object({ list: z.string(), reason: z.string().optional() })
    .optional()
    .describe('The block list in use here that names the seller: `own`, or whose list it is'),
  conditionTexts: z
    .record(z.string(), z.string())
    .optional()
    .describe('With listing.show: the texts of its conditions by their names, as far as they could be had'),
  replicas: z.int().optional().describe('Own listings: how many other nodes hold its card'),
  quorum: z
    .boolean()
    .optional()
    .describe('Own listings: whether those are enough to find it when some of them are gone'),
});
export type ListingView = z.infer<typeof listingView>;

/** What the sort orders look at (protocol/search/sort.ts). */
const sortKey = z
  .discriminatedUnion('by', [
    z.object({ by: z.literal('relevance') }).describe('The best score first'),
    z
      .object({
        by: z.literal('newest'),
        created: z.int().describe('When its card was signed, by the seller’s clock, but no later than the search'),
      })
      .describe('The latest card first'),
    z
      .object({
        by: z.literal('price'),
        price: moneyView.nullable().describe('null comes last, the best score first'),
        currencies: z.array(z.string()).describe('In their order: what more of the hits are priced in comes first'),
      })
      .describe('The cheapest first within a currency'),
  ])
  .describe('What its place goes by; what is equal stands in the order of the ids');

export const hitExplanation = z.object({
  sort: sortKey,
  terms: z.array(
    z.object({
      term: z.string(),
      idf: z.number().describe('How rare it is in the network'),
      fields: z.array(z.string()).describe('Where the listing has it'),
      contribution: z.number().describe('Its part of the score; negative where it was excluded'),
    }),
  ),
  categoryFeedback: z.number().describe('Part of the score for being of the categories that the best hits are of'),
  titleFeedback: z.number().describe('Part of the score for sharing words with the titles of the best hits'),
  capped: z.boolean().describe('It came behind others because its seller has enough hits among the first'),
  late: z.boolean().describe('It came behind others because it was found only when a later page needed more'),
});
export type HitExplanation = z.infer<typeof hitExplanation>;

export const hitView = z.object({
  listing: z.string(),
  version: z.string(),
  title: z.string(),
  kind: z.string(),
  category: z.array(z.string()),
  brand: z.string().optional(),
  price: moneyView.nullable(),
  unitText: z.string().optional(),
  availability: z.enum(availability),
  condition: z.string().optional(),
  place: z.array(z.string()).optional(),
  shipsTo: z
    .array(z.string())
    .optional()
    .describe('A last “…” means that there are others, for which the card had no room'),
  seller: z.string(),
  peerId: z.string().describe('The peer id of the seller’s device'),
  published: z.int().describe('When the seller signed the card, by the seller’s clock'),
  validUntil: z.int(),
  lastSeen: z
    .int()
    .optional()
    .describe('When the seller last signed this, or that all of it stands, by the seller’s clock'),
  score: z.number(),
  why: hitExplanation.optional().describe('Why it stands where it stands; with explain'),
});
export type HitView = z.infer<typeof hitView>;

const facetValues = (use: string) =>
  z.array(z.object({ value: z.string().describe(use), count: z.int() })).describe('The most frequent first');
export const facetsView = z
  .object({
    category: facetValues('Good as the filter `category`'),
    brand: facetValues('Good as words to search for: there is no filter by brand'),
    place: facetValues('Good as the filter `place`'),
    price: z.array(
      z.object({
        from: moneyView,
        to: moneyView.optional().describe('Not included; absent: no upper bound'),
        count: z.int(),
      }),
    ),
  })
  .describe('How many of the matches in the network have each value');
export type FacetsView = z.infer<typeof facetsView>;

export const coverageView = z.object({
  verdict: z.enum(['complete', 'partial', 'unknown']),
  asked: z.int().describe('Index nodes asked'),
  answered: z.int().describe('Index nodes that answered in time'),
  expected: z
    .int()
    .describe('Nodes that may hold what was asked for, as far as known here, reachable or not; counted for each key'),
  truncated: z.int().describe('Answers that were cut at their limit'),
  refused: z.int().describe('Cards that were left out because they did not verify'),
  keys: z.array(
    z.object({
      key: z.string(),
      shards: z.int().optional().describe('Parts into which its list is split; absent: it is not'),
      expected: z.int(),
      asked: z.int(),
      answered: z.int(),
      truncated: z.int(),
      verdict: z.enum(['complete', 'partial', 'unknown']),
    }),
  ),
});
export type CoverageView = z.infer<typeof coverageView>;

export const searchView = z.object({
  hits: z.array(hitView),
  matched: z.int().describe('How many listings match in the network, as its index nodes count'),
  facets: facetsView.optional(),
  next: z.string().optional().describe('More may follow: give it as `after`, within five minutes'),
  anyWord: z
    .boolean()
    .optional()
    .describe('Sorted by newest or price, and no listing has all of the words: these have some'),
  hidden: z
    .int()
    .optional()
    .describe(
      'Of the listings that came, those that answer and are not shown: of blocked traders, or known to have a false card',
    ),
  behind: z
    .boolean()
    .optional()
    .describe('Sorted by newest or price, and some of these stand behind later ones: their seller has enough before'),
  suggestion: z.string().optional().describe('What was probably meant, where a word is hardly known'),
  searchedFor: z.string().optional().describe('The words were not found as typed; the hits are for these'),
  coverage: coverageView,
  tookMs: z.number(),
});
export type SearchView = z.infer<typeof searchView>;

/** What a search sends while it goes on. Hits replace those before: the best so far, in order. */
export const searchEventView = z.discriminatedUnion('type', [
  z.object({ type: z.literal('hits'), hits: z.array(hitView) }),
  z.object({
    type: z.literal('coverage'),
    asked: z.int().describe('Index nodes asked so far'),
    answered: z.int().describe('Index nodes that have answered so far'),
  }),
  z.object({ type: z.literal('done'), ...searchView.shape }),
]);
export type SearchEventView = z.infer<typeof searchEventView>;

export const TRADE_WORDS = [
  'offered',
  'countered',
  'unconfirmed',
  'accepted',
  'paid',
  'payment-confirmed',
  'partly-shipped',
  'shipped',
  'received',
  'completed',
  'declined',
  'withdrawn',
  'cancelled',
  'expired',
  'disputed',
  'refund-due',
  'return-due',
  'lapsed',
  'unresolved',
] as const;

export const stepView = z.object({
  trade: z.string(),
  state: z.string().describe(`One of: ${TRADE_WORDS.join(', ')}`),
});
export type StepView = z.infer<typeof stepView>;

/** As {@link availability}: the words of protocol/trade/message-words.ts. */
const saidCodes = {
  total: 'total',
  amount: 'amount',
  reference: 'reference',
  'by-code': 'by-code',
  file: 'file',
  parts: 'parts',
  tracking: 'tracking',
  refund: 'refund',
  return: 'return',
  replace: 'replace',
  omit: 'omit',
  stars: 'stars',
  deadline: 'deadline',
  refused: 'refused',
  words: 'words',
} as const satisfies { [Code in SaidCode]: Code };

const saidView = z.object({
  code: z.enum(saidCodes).describe('words: what its author wrote'),
  amount: moneyView.optional(),
  parts: z.array(z.string()).optional().describe('Goods, as line=pieces'),
  stars: z.int().optional(),
  text: z.string().optional().describe('A stranger’s text, or the name of a deadline'),
});

export const messageView = z.object({
  id: z.string(),
  kind: z.string(),
  author: z.string().describe('The trader who signed it'),
  role: z.enum(['buyer', 'seller', 'arbiter']),
  time: z.int().describe('By its author’s clock, milliseconds since 1970'),
  delivered: z.boolean().describe('Own messages: the other side has signed a receipt. Others: received here'),
  delivery: z
    .enum(['queued', 'stored', 'delivered', 'read', 'refused'])
    .describe(
      'queued: on this disk only; stored: sealed in mailboxes of the other side; delivered: the other side has signed for it; read: somebody has seen it there; refused: it will never be taken there',
    ),
  text: z.string().optional().describe('What it says beside its kind, on one line in the language that was asked for'),
  says: z.array(saidView).optional().describe('The same in codes, for whoever has words of its own'),
});

export const lineView = z.object({
  line: z.int().describe('Its number, as parts of the order are named by'),
  listing: z.string(),
  version: z.string(),
  title: z.string(),
  variant: z.string().optional(),
  quantity: z.int(),
  price: moneyView,
});

export const roleView = z.enum(['buyer', 'seller', 'arbiter']);

export const dueView = z.object({
  by: roleView,
  step: z.string().describe('The kind of message by which it is done; `command` says which operation signs it'),
  amount: moneyView.optional(),
  parts: z.array(z.string()).optional().describe('Goods, as line=pieces'),
  until: z.int().optional().describe('When its time is over; absent: it has none, or stands still'),
  command: z.string().optional().describe('What to type, where it is this side’s to do'),
});

export const tradeView = stepView.extend({
  role: z.enum(['buyer', 'seller', 'arbiter']),
  counterparty: z.string(),
  regions: z.object({ contract: z.string(), payment: z.string(), delivery: z.string(), dispute: z.string() }),
  turn: z.enum(['buyer', 'seller']).nullable().describe('Whose answer is awaited while terms are negotiated'),
  allowed: z.array(z.string()).describe('What this side can do now: `accept` is the operation trade.accept, and so on'),
  due: z.array(dueView).describe('What is waited for, by either side'),
  lines: z.array(lineView),
  total: moneyView,
  expires: z.int().describe('When the open offer ends'),
  created: z.int(),
  updated: z.int(),
  equivocations: z.int().describe('How often a device signed what contradicts itself; see `proofs`'),
  pending: z.int().describe('Own messages that the other side has not acknowledged yet'),
});
export type TradeView = z.infer<typeof tradeView>;

export const evidenceView = z.object({
  about: z.enum(['trade', 'false-index']).nullable().describe('What the file is evidence of; null: it cannot be read'),
  valid: z.boolean(),
  trade: z.string().nullable(),
  state: z.string().nullable().describe('The state according to this file'),
  asOf: z.int().nullable().describe('When the file was written, by its writer’s clock'),
  parties: z.object({ buyer: z.string(), seller: z.string() }).nullable(),
  names: z
    .object({ buyer: z.string().optional(), seller: z.string().optional(), arbiter: z.string().optional() })
    .nullable()
    .describe('What those in the trade call themselves, by profiles that they signed'),
  exportedBy: z.string().nullable(),
  total: moneyView.nullable(),
  messages: z.array(
    z.object({
      id: z.string(),
      kind: z.string(),
      author: z.string(),
      role: z.string(),
      time: z.int(),
      receipted: z.boolean(),
    }),
  ),
  falseIndex: z
    .object({
      listing: z.string(),
      version: z.string(),
      seller: z.string(),
      title: z.string().describe('As the listing itself has it'),
      terms: z
        .array(z.string())
        .describe('Words under which the card is found that the listing does not have, or not so'),
    })
    .nullable()
    .describe('What a seller signed of a listing that is not true of it'),
  says: z.array(z.string()).describe('What holds, what does not, and as of when, in words'),
  problems: z.array(errorView),
});
export type EvidenceView = z.infer<typeof evidenceView>;

export const statusView = z.object({
  trader: z.string(),
  name: z.string(),
  peerId: z.string(),
  network: z.string(),
  home: z.string(),
  version: z.string(),
  addresses: z.array(z.string()),
  api: z.string(),
  lan: z.string().optional().describe('Where phones reach it'),
  peers: z.int().describe('Connections that are open'),
  known: z.int().describe('Nodes in the peer directory, this one included'),
  listings: z.int().describe('Own active listings'),
  lacking: z.int().describe('Own active listings whose cards lack copies: they are brought out in the background'),
  cards: z.int().describe('Cards kept here for the network'),
  trades: z.object({ open: z.int(), ended: z.int() }),
  outbox: z.int().describe('Messages that wait for a receipt'),
  mailboxes: z.array(z.string()).describe('Nodes that keep letters for this trader, as its profile names them'),
  letters: z.object({ letters: z.int(), bytes: z.int() }).describe('What this node keeps for others who are away'),
  refused: z.record(z.string(), z.int()).describe('What was refused since the start, by error code'),
  integrity: z.object({ ok: z.boolean(), rows: z.int(), corrupt: z.int(), lost: z.int() }),
  pid: z.int().describe('The number of the process that answers'),
  pidNamespace: z
    .string()
    .optional()
    .describe('On Linux, where that number counts: a container has numbers of its own, which say nothing outside'),
  uptimeMs: z.int(),
});
export type StatusView = z.infer<typeof statusView>;
