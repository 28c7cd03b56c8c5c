import { z } from 'zod';
import { operation, type Operation } from '../operation.js';
import { stepView, tradeView } from '../views.js';
import { tradeDetailView } from '../trade-views.js';
import { fileInput } from './chat.js';
import { contentView } from './content.js';
import { privateView } from './private.js';
import { proofView } from './proof.js';
import { id, page, reading } from './bases.js';
import {
  LANGUAGES,
  tradeId,
  MAX_PARTS,
  note,
  reason,
  why,
  amount,
  sent,
  remedy,
  personal,
  forBuyer,
  order,
  tradeStep,
  files,
} from './trade-fields.js';

/** protocol/listing/item.ts */
const MAX_SKU = 128;
/** `LISTING#SKU=2@80000 IDR`, each at its longest. */
const MAX_ALSO = 300;

/** Trades and the steps that a person takes in them. */
export const TRADE_OPERATIONS = {
  offer: operation({
    ...reading,
    command: ['offer'],
    help: 'Offer to buy a listing, or several of one seller',
    input: z.object({
      listing: id('The listing'),
      variant: z
        .string()
        .min(1)
        .max(MAX_SKU)
        .optional()
        .describe('Of a listing that comes in variants: the sku of the one that is wanted'),
      quantity: z.int().min(1).optional().describe('How many; 1 unless said'),
      price: z.string().max(40).optional().describe('Price of one, such as "150000 IDR"; the listed price unless said'),
      also: z
        .array(z.string().max(MAX_ALSO))
        .max(MAX_PARTS - 1)
        .optional()
        .describe(
          'Another listing of the same seller, such as LISTING=2, "LISTING=2@80000 IDR", or "LISTING#SKU=2" of one variant; may be given several times',
        ),
      ...order,
      note: note('the seller'),
      ...personal,
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
    input: z.object({
      trade: tradeId,
      language: z.enum(LANGUAGES).optional().describe('Of what messages say beside their kind: en unless said'),
    }),
    output: tradeDetailView.extend({
      content: z.array(contentView).describe('Digital goods that were delivered'),
      private: z.array(privateView).describe('What the log commits to and does not say'),
      proofs: z.array(proofView).describe('Pairs of messages with which somebody contradicted themselves'),
    }),
    positional: ['trade'],
    strangersText: true,
    example: 'niaga trade show bafyrei…',
  }),
  tradeAccept: operation({
    ...tradeStep,
    command: ['trade', 'accept'],
    help: 'Accept the other side’s offer',
    input: z.object({ trade: tradeId, ...forBuyer }),
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
      line: z
        .array(z.string().max(80))
        .max(MAX_PARTS)
        .optional()
        .describe('Of an order of several lines: number and pieces, such as 2=5 or "2=5@90000 IDR"; 2=0 leaves it out'),
      shipping: amount('Shipping of the whole order, such as "20000 IDR"'),
      ...order,
      subjectToStock: z
        .boolean()
        .optional()
        .describe('Seller: set nothing aside; an accept binds once you accept it too'),
      note: note('the other side'),
      ...forBuyer,
    }),
    output: stepView,
    example: 'niaga trade counter bafyrei… --price "82000 IDR"',
  }),
  tradeDecline: operation({
    ...tradeStep,
    command: ['trade', 'decline'],
    help: 'Decline the other side’s offer',
    input: z.object({ trade: tradeId, reason }),
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
    input: z.object({ trade: tradeId, reason }),
    output: stepView,
    example: 'niaga trade cancel bafyrei…',
  }),
  tradePay: operation({
    ...tradeStep,
    command: ['trade', 'pay'],
    help: 'Buyer: say that the payment is on its way',
    input: z.object({
      trade: tradeId,
      amount: amount('What this payment moves; what is due unless said'),
      reference: z.string().max(200).optional().describe('Reference of the transfer'),
      proof: fileInput.optional().describe('The bill, say: sealed to the seller, the log has a commitment only'),
    }),
    output: stepView,
    example: 'niaga trade pay bafyrei… --reference "BCA 0412"',
  }),
  tradeConfirm: operation({
    ...tradeStep,
    command: ['trade', 'confirm'],
    help: 'Seller: confirm that the payment has arrived',
    input: z.object({ trade: tradeId, amount: amount('All that has come so far; the price unless said') }),
    output: stepView,
    example: 'niaga trade confirm bafyrei…',
  }),
  tradeShip: operation({
    ...tradeStep,
    command: ['trade', 'ship'],
    help: 'Seller: say that the goods are on their way',
    input: z.object({
      trade: tradeId,
      ...sent,
      code: z
        .string()
        .max(100)
        .optional()
        .describe('The code that the buyer has shown: the goods were handed over, and that is proven'),
      content: z
        .array(fileInput)
        .max(4)
        .optional()
        .describe('Digital goods: the buyer gets them sealed, and the keys once you have confirmed the payment'),
    }),
    output: stepView,
    example: 'niaga trade ship bafyrei… --tracking JNE123',
  }),
  tradeReceive: operation({
    ...tradeStep,
    command: ['trade', 'receive'],
    help: 'Buyer: say that goods have arrived; now you inspect them',
    input: z.object({ trade: tradeId, parts: sent.parts, note: sent.note }),
    output: stepView,
    example: 'niaga trade receive bafyrei…',
  }),
  tradeApprove: operation({
    ...tradeStep,
    command: ['trade', 'approve'],
    help: 'Buyer: say that all has arrived and is as agreed',
    input: z.object({ trade: tradeId, note: sent.note }),
    output: stepView,
    example: 'niaga trade approve bafyrei…',
  }),
  tradeRemedy: operation({
    ...tradeStep,
    command: ['trade', 'remedy'],
    help: 'Propose to mend what went wrong: a refund, goods returned, replaced or left out',
    input: z.object({ trade: tradeId, ...remedy, reason: why }),
    output: stepView,
    example: 'niaga trade remedy bafyrei… --refund "20000 IDR" --reason "Two are broken"',
  }),
  tradeRemedyAccept: operation({
    ...tradeStep,
    command: ['trade', 'remedy-accept'],
    help: 'Agree to the remedy that the other side proposes',
    input: z.object({ trade: tradeId }),
    output: stepView,
    example: 'niaga trade remedy-accept bafyrei…',
  }),
  tradeRemedyDecline: operation({
    ...tradeStep,
    command: ['trade', 'remedy-decline'],
    help: 'Refuse the remedy that the other side proposes',
    input: z.object({ trade: tradeId, reason }),
    output: stepView,
    example: 'niaga trade remedy-decline bafyrei… --reason "They were whole"',
  }),
  tradeReturn: operation({
    ...tradeStep,
    command: ['trade', 'return'],
    help: 'Buyer: say that goods go back; seller, with --seen: that they came',
    input: z.object({
      trade: tradeId,
      ...sent,
      seen: z.boolean().default(false).describe('Seller: the goods have come back'),
    }),
    output: stepView,
    example: 'niaga trade return bafyrei… --tracking JNE124',
  }),
  tradeRefund: operation({
    ...tradeStep,
    command: ['trade', 'refund'],
    help: 'Seller: say that money went back; buyer, with --seen: that it came',
    input: z.object({
      trade: tradeId,
      amount: amount('All that went back so far; what is owed unless said'),
      reference: z.string().max(200).optional().describe('Reference of the transfer'),
      seen: z.boolean().default(false).describe('Buyer: the money has come back'),
    }),
    output: stepView,
    example: 'niaga trade refund bafyrei… --reference "BCA 0413"',
  }),
  tradeDispute: operation({
    ...tradeStep,
    command: ['trade', 'dispute'],
    help: 'Dispute: deadlines stand still, and the arbiter, where there is one, may rule',
    input: z.object({ trade: tradeId, reason: why, ...remedy, files }),
    output: stepView,
    example: 'niaga trade dispute bafyrei… --reason "Nothing came" --refund "160000 IDR"',
  }),
  tradeDisputeWithdraw: operation({
    ...tradeStep,
    command: ['trade', 'dispute-withdraw'],
    help: 'Take the own dispute back',
    input: z.object({ trade: tradeId, reason }),
    output: stepView,
    example: 'niaga trade dispute-withdraw bafyrei…',
  }),
  tradeStatement: operation({
    ...tradeStep,
    command: ['trade', 'statement'],
    help: 'Say something to a dispute, for both sides and the arbiter',
    input: z.object({ trade: tradeId, text: z.string().min(1).max(8_000).describe('What you say'), files }),
    output: stepView,
    positional: ['trade', 'text'],
    example: 'niaga trade statement bafyrei… "The box was open when it came"',
  }),
  tradeConsent: operation({
    ...tradeStep,
    command: ['trade', 'consent'],
    help: 'Arbiter: agree to be the arbiter of a contract that names you',
    input: z.object({ trade: tradeId, note: sent.note }),
    output: stepView,
    example: 'niaga trade consent bafyrei…',
  }),
  tradeRule: operation({
    ...tradeStep,
    command: ['trade', 'rule'],
    help: 'Arbiter: decide a dispute; what you name is owed, the rest stays as agreed',
    input: z.object({ trade: tradeId, ...remedy, reason: why }),
    output: stepView,
    example: 'niaga trade rule bafyrei… --refund "80000 IDR" --reason "Half of it was damp"',
  }),
  tradeRate: operation({
    ...tradeStep,
    command: ['trade', 'rate'],
    help: 'Rate the other side once the trade has ended',
    input: z.object({
      trade: tradeId,
      stars: z.int().min(1).max(5).describe('1 to 5'),
      text: z
        .string()
        .max(2_000)
        .optional()
        .describe('What others should know; the rated trader can show it to anybody'),
    }),
    output: stepView,
    positional: ['trade', 'stars'],
    example: 'niaga trade rate bafyrei… 5 --text "Quick and honest"',
  }),
  tradeReply: operation({
    ...tradeStep,
    command: ['trade', 'reply'],
    help: 'Reply, once, to what the other side has rated',
    input: z.object({ trade: tradeId, text: z.string().min(1).max(2_000).describe('What you reply') }),
    output: stepView,
    positional: ['trade', 'text'],
    example: 'niaga trade reply bafyrei… "Thank you"',
  }),
  tradeExport: operation({
    ...reading,
    command: ['trade', 'export'],
    help: 'Write the evidence of a trade into one file that anybody can verify',
    input: z.object({
      trade: tradeId,
      language: z.enum(LANGUAGES).default('en').describe('Of the page for people that the file is'),
      chat: z.boolean().default(false).describe('Disclose the chat about the trade'),
      values: z
        .boolean()
        .default(false)
        .describe('Disclose private values that the trade commits to: addresses, proofs'),
    }),
    output: z.object({ trade: z.string(), evidence: z.string().describe('The file’s bytes in base64') }),
    positional: ['trade'],
    strangersText: true,
    example: 'niaga trade export bafyrei… --language id --out trade.html',
  }),
  tradeInvoice: operation({
    ...reading,
    command: ['trade', 'invoice'],
    help: 'Write the contract of a trade as an invoice for bookkeeping, UBL 2.1 XML',
    input: z.object({ trade: tradeId }),
    output: z.object({ trade: z.string(), invoice: z.string().describe('The XML') }),
    positional: ['trade'],
    strangersText: true,
    example: 'niaga trade invoice bafyrei… --out invoice.xml',
  }),
} as const satisfies Record<string, Operation>;
