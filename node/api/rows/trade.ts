import { z } from 'zod';
import { operation, type Operation } from '../operation.js';
import { stepView, tradeDetailView, tradeView } from '../views.js';
import { id, page, reading } from './bases.js';

const tradeId = id('The trade, or the beginning of its id (8 characters or more)');
const tradeStep = { ...reading, scope: 'trade', changes: true, confirm: true, positional: ['trade'] } as const;

/** Trades and the steps that a person takes in them. */
export const TRADE_OPERATIONS = {
  offer: operation({
    ...reading,
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
    scope: 'trade',
    changes: true,
    confirm: true,
    example: 'niaga offer bafyrei… --quantity 2 --price "80000 IDR"',
  }),
  tradeList: operation({
    ...reading,
    command: ['trade', 'list'],
    help: 'List trades, the newest first',
    input: z.object(page),
    output: tradeView,
    answer: 'page',
    strangersText: true,
    example: 'niaga trade list',
  }),
  tradeShow: operation({
    ...reading,
    command: ['trade', 'show'],
    help: 'Show one trade with its messages',
    input: z.object({ trade: tradeId }),
    output: tradeDetailView,
    positional: ['trade'],
    strangersText: true,
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
    ...reading,
    command: ['trade', 'export'],
    help: 'Write the evidence of a trade into one file that anybody can verify',
    input: z.object({ trade: tradeId }),
    output: z.object({ trade: z.string(), evidence: z.string().describe('The file’s bytes in base64') }),
    positional: ['trade'],
    strangersText: true,
    example: 'niaga trade export bafyrei… --out trade.niaga',
  }),
} as const satisfies Record<string, Operation>;
