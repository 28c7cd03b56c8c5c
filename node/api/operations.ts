import { z } from 'zod';
import { operation, type Operation } from './operation.js';
import { BLOCK_OPERATIONS } from './rows/blocks.js';
import { EVENT_OPERATIONS } from './rows/events.js';
import { EVIDENCE_OPERATIONS } from './rows/evidence.js';
import { SEARCH_OPERATIONS } from './rows/search.js';
import { TRADER_OPERATIONS } from './rows/trader.js';
import { WATCH_OPERATIONS } from './rows/watch.js';
import { evidenceView, listingView, publishedView, statusView, stepView, tradeDetailView, tradeView } from './views.js';

const id = (what: string) => z.string().min(1).max(100).describe(what);
const tradeId = id('The trade, or the beginning of its id (8 characters or more)');
const page = {
  limit: z.int().min(1).max(1_000).default(100).describe('At most this many'),
  after: z.string().max(100).optional().describe('Go on after this id'),
};
const tradeStep = {
  scope: 'trade',
  changes: true,
  confirm: true,
  strangersText: false,
  runs: 'node',
  answer: 'one',
  positional: ['trade'],
} as const;

/**
 * Every operation that a person or program can ask of a node, declared once (DESIGN section 2). The order is that of
 * the help. test/contract/operations.test.ts pins names and help.
 */
export const OPERATIONS = {
  init: operation({
    command: ['init'],
    help: 'Make the identity: a trader’s root key and this machine’s device key',
    input: z.object({
      name: z
        .string()
        .max(120)
        .optional()
        .describe('A name for this trader; it is published, and anybody may take the same one'),
    }),
    output: z.object({ trader: z.string(), home: z.string(), peerId: z.string(), next: z.string() }),
    positional: [],
    answer: 'one',
    scope: 'admin',
    changes: true,
    confirm: false,
    strangersText: false,
    runs: 'local',
    example: 'niaga init --name "Warung Sari"',
  }),
  start: operation({
    command: ['start'],
    help: 'Run the node until Ctrl-C',
    input: z.object({
      listen: z
        .array(z.string())
        .default([])
        .describe('Address to listen on, a multiaddr such as /ip4/0.0.0.0/tcp/4101; may be given several times'),
      bootstrap: z
        .array(z.string())
        .default([])
        .describe('Address of a node to join through, a multiaddr ending in /p2p/…; may be given several times'),
      api: z.string().optional().describe('HOST:PORT of the local API; port 0 takes a free one'),
      mdns: z.boolean().default(true).describe('Find nodes on the same local network'),
      keepMedia: z
        .boolean()
        .default(false)
        .describe('Keep pictures of others’ listings that were asked for, and give them to whoever asks'),
    }),
    output: z.object({
      event: z.literal('ready'),
      trader: z.string(),
      peerId: z.string(),
      addresses: z.array(z.string()),
      api: z.string(),
    }),
    positional: [],
    answer: 'stream',
    scope: 'admin',
    changes: true,
    confirm: false,
    strangersText: false,
    runs: 'local',
    example: 'niaga start --bootstrap /ip4/192.168.1.10/tcp/4101/p2p/12D3KooW…',
  }),
  status: operation({
    command: ['status'],
    help: 'Who and where the node is, and what it holds',
    input: z.object({}),
    output: statusView,
    positional: [],
    answer: 'one',
    scope: 'read',
    changes: false,
    confirm: false,
    strangersText: false,
    runs: 'node',
    example: 'niaga status',
  }),
  publish: operation({
    command: ['publish'],
    help: 'Publish listings from files (JSON, NDJSON, CSV; .gz too; - reads standard input)',
    input: z.object({
      items: z
        .array(
          z.object({
            line: z.int().min(1).optional().describe('Its line in the file; its place in the list unless said'),
            value: z.unknown().describe('The listing'),
          }),
        )
        .max(5_000)
        .describe('The listings'),
      strict: z.boolean().default(false).describe('Refuse listings with fields that Niaga does not know'),
    }),
    output: publishedView,
    positional: ['items'],
    answer: 'stream',
    scope: 'publish',
    changes: true,
    confirm: false,
    strangersText: false,
    runs: 'node',
    example: 'niaga publish barang.csv',
  }),
  listingList: operation({
    command: ['listing', 'list'],
    help: 'List own listings',
    input: z.object(page),
    output: listingView,
    positional: [],
    answer: 'page',
    scope: 'read',
    changes: false,
    confirm: false,
    strangersText: false,
    runs: 'node',
    example: 'niaga listing list',
  }),
  listingShow: operation({
    command: ['listing', 'show'],
    help: 'Show one listing, own or another’s',
    input: z.object({ listing: id('The listing') }),
    output: listingView,
    positional: ['listing'],
    answer: 'one',
    scope: 'read',
    changes: false,
    confirm: false,
    strangersText: true,
    runs: 'node',
    example: 'niaga listing show bafyrei…',
  }),
  listingRemove: operation({
    command: ['listing', 'remove'],
    help: 'Take an own listing back',
    input: z.object({ listing: id('The listing') }),
    output: listingView,
    positional: ['listing'],
    answer: 'one',
    scope: 'publish',
    changes: true,
    confirm: true,
    strangersText: false,
    runs: 'node',
    example: 'niaga listing remove bafyrei…',
  }),
  ...SEARCH_OPERATIONS,
  ...WATCH_OPERATIONS,
  ...EVENT_OPERATIONS,
  offer: operation({
    command: ['offer'],
    help: 'Offer to buy a listing',
    input: z.object({
      listing: id('The listing'),
      quantity: z.int().min(1).optional().describe('How many; 1 unless said'),
      price: z.string().max(40).optional().describe('Price of one, such as "150000 IDR"; the listed price unless said'),
      note: z.string().max(2_000).optional().describe('A message to the seller'),
    }),
    output: stepView,
    positional: ['listing'],
    answer: 'one',
    scope: 'trade',
    changes: true,
    confirm: true,
    strangersText: false,
    runs: 'node',
    example: 'niaga offer bafyrei… --quantity 2 --price "80000 IDR"',
  }),
  tradeList: operation({
    command: ['trade', 'list'],
    help: 'List trades, the newest first',
    input: z.object(page),
    output: tradeView,
    positional: [],
    answer: 'page',
    scope: 'read',
    changes: false,
    confirm: false,
    strangersText: true,
    runs: 'node',
    example: 'niaga trade list',
  }),
  tradeShow: operation({
    command: ['trade', 'show'],
    help: 'Show one trade with its messages',
    input: z.object({ trade: tradeId }),
    output: tradeDetailView,
    positional: ['trade'],
    answer: 'one',
    scope: 'read',
    changes: false,
    confirm: false,
    strangersText: true,
    runs: 'node',
    example: 'niaga trade show bafyrei…',
  }),
  tradeAccept: operation({
    ...tradeStep,
    command: ['trade', 'accept'],
    help: 'Accept the other side’s offer',
    input: z.object({ trade: tradeId }),
    output: stepView,
    example: 'niaga trade accept bafyrei…',
  }),
  tradeCounter: operation({
    ...tradeStep,
    command: ['trade', 'counter'],
    help: 'Answer an offer with other terms',
    input: z.object({
      trade: tradeId,
      quantity: z.int().min(1).optional().describe('How many'),
      price: z.string().max(40).optional().describe('Price of one, such as "90000 IDR"'),
      note: z.string().max(2_000).optional().describe('A message to the other side'),
    }),
    output: stepView,
    example: 'niaga trade counter bafyrei… --price "82000 IDR"',
  }),
  tradeDecline: operation({
    ...tradeStep,
    command: ['trade', 'decline'],
    help: 'Decline the other side’s offer',
    input: z.object({ trade: tradeId, reason: z.string().max(400).optional().describe('Why') }),
    output: stepView,
    example: 'niaga trade decline bafyrei…',
  }),
  tradeWithdraw: operation({
    ...tradeStep,
    command: ['trade', 'withdraw'],
    help: 'Take the own open offer back',
    input: z.object({ trade: tradeId }),
    output: stepView,
    example: 'niaga trade withdraw bafyrei…',
  }),
  tradeCancel: operation({
    ...tradeStep,
    command: ['trade', 'cancel'],
    help: 'Cancel: alone before payment and shipment, afterwards only together',
    input: z.object({ trade: tradeId, reason: z.string().max(400).optional().describe('Why') }),
    output: stepView,
    example: 'niaga trade cancel bafyrei…',
  }),
  tradePay: operation({
    ...tradeStep,
    command: ['trade', 'pay'],
    help: 'Buyer: say that the payment is on its way',
    input: z.object({
      trade: tradeId,
      reference: z.string().max(200).optional().describe('Reference of the transfer'),
    }),
    output: stepView,
    example: 'niaga trade pay bafyrei… --reference "BCA 0412"',
  }),
  tradeConfirm: operation({
    ...tradeStep,
    command: ['trade', 'confirm'],
    help: 'Seller: confirm that the payment has arrived',
    input: z.object({ trade: tradeId }),
    output: stepView,
    example: 'niaga trade confirm bafyrei…',
  }),
  tradeShip: operation({
    ...tradeStep,
    command: ['trade', 'ship'],
    help: 'Seller: say that the goods are on their way',
    input: z.object({ trade: tradeId, tracking: z.string().max(200).optional().describe('Tracking code') }),
    output: stepView,
    example: 'niaga trade ship bafyrei… --tracking JNE123',
  }),
  tradeReceive: operation({
    ...tradeStep,
    command: ['trade', 'receive'],
    help: 'Buyer: confirm that the goods have arrived as agreed',
    input: z.object({ trade: tradeId }),
    output: stepView,
    example: 'niaga trade receive bafyrei…',
  }),
  tradeExport: operation({
    command: ['trade', 'export'],
    help: 'Write the evidence of a trade into one file that anybody can verify',
    input: z.object({ trade: tradeId }),
    output: z.object({ trade: z.string(), evidence: z.string().describe('The file’s bytes in base64') }),
    positional: ['trade'],
    answer: 'one',
    scope: 'read',
    changes: false,
    confirm: false,
    strangersText: true,
    runs: 'node',
    example: 'niaga trade export bafyrei… --out trade.niaga',
  }),
  ...TRADER_OPERATIONS,
  ...BLOCK_OPERATIONS,
  ...EVIDENCE_OPERATIONS,
  verify: operation({
    command: ['verify'],
    help: 'Check an evidence file: needs no node, no home, no network',
    input: z.object({ file: z.string().describe('The evidence file') }),
    output: evidenceView,
    positional: ['file'],
    answer: 'one',
    scope: 'read',
    changes: false,
    confirm: false,
    strangersText: true,
    runs: 'local',
    example: 'niaga verify trade.niaga',
  }),
} as const satisfies Record<string, Operation>;

export type Operations = typeof OPERATIONS;
export type OperationKey = keyof Operations;
