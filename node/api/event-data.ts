import { z } from 'zod';
import type { NodeEventType } from '../events/types.js';
import { dueView, moneyView } from './views.js';

const id = (what: string) => z.string().describe(`The id of the ${what}`);
const trader = (what: string) => z.string().describe(`${what}, as a trader key (z6Mk…)`);
const by = z.enum(['own', 'counterparty', 'arbiter']).describe('Who wrote it');
const role = z.enum(['buyer', 'seller', 'arbiter']);

const watch = { watch: id('watch'), words: z.array(z.string()).describe('What is watched for') };
const match = {
  ...watch,
  listing: id('listing'),
  version: z.string(),
  title: z.string(),
  price: moneyView.nullable(),
  availability: z.string(),
  seller: trader('The seller'),
  published: z.int().describe('By the seller’s clock, milliseconds since 1970'),
};

/** What `data` holds, for each type of event: for documents and the programs that are written from them. */
export const EVENT_DATA = {
  'trade-changed': z
    .looseObject({
      trade: id('trade'),
      state: z.string().describe('The state now, as trade.show has it'),
      role: role.describe('What this trader is in it'),
      counterparty: trader('The other side'),
      kind: z.string().describe('The kind of message that changed it, such as accept or payment-seen'),
      by,
      due: z.array(dueView).describe('What is waited for now'),
    })
    .describe('A message of either side, or of the arbiter, changed a trade'),
  'chat-message': z
    .looseObject({
      id: id('message'),
      with: trader('The other one'),
      by,
      text: z.string(),
      trade: id('trade').optional(),
      files: z.array(z.string()).optional().describe('Names of the files that came with it'),
    })
    .describe('A message between traders came, or was written here'),
  'chat-delivery': z
    .looseObject({
      id: id('message'),
      with: trader('The other one'),
      delivery: z.enum(['queued', 'stored', 'delivered', 'read', 'refused']),
    })
    .describe('An own message is farther on its way'),
  'private-value': z
    .looseObject({ trade: id('trade'), what: z.string().describe('Such as address or phone'), of: role })
    .describe('What a trade keeps private came from the other side'),
  equivocation: z
    .looseObject({
      trade: id('trade'),
      of: role.optional(),
      trader: trader('Who signed both'),
      messages: z.array(z.string()).describe('The ids of the two'),
    })
    .describe('Somebody signed two messages of a trade that contradict each other; the proof is kept'),
  'watch-began': z
    .looseObject({ ...watch, matches: z.int() })
    .describe('A watch was asked for the first time: how many listings match already'),
  'watch-match': z.looseObject(match).describe('A listing matches a watch that did not before'),
  'watch-more': z
    .looseObject({ ...watch, more: z.int().describe('How many are not told one by one'), truncated: z.boolean() })
    .describe('More listings came to match a watch at once than are told one by one'),
  'watch-full': z
    .looseObject({ ...watch, matches: z.int() })
    .describe('So many listings match a watch that the oldest are forgotten from now on'),
  'price-drop': z
    .looseObject({ ...match, was: moneyView })
    .describe('A listing that matches a watch costs less than before'),
  'back-in-stock': z.looseObject(match).describe('A listing that matches a watch was sold out and is no longer'),
  'false-index': z
    .looseObject({
      listing: id('listing'),
      seller: trader('The seller'),
      title: z.string(),
      terms: z.array(z.string()).describe('Words under which it was to be found and that it does not have'),
    })
    .describe('A listing turned out to be another thing than its card says'),
  'devices-changed': z
    .looseObject({ writes: z.boolean().describe('Whether this machine signs steps of trades') })
    .describe('What is known of the own devices changed'),
  'device-expiring': z
    .looseObject({ device: z.string().describe('Its peer id'), expires: z.int().describe('Milliseconds since 1970') })
    .describe('The permission of this machine ends soon, and the root key to renew it is not on it'),
  gap: z
    .looseObject({
      missed: z.int().optional().describe('How many events are no longer kept'),
      after: z.int().optional().describe('The number asked for, which this home has not reached: it was set back'),
    })
    .describe('Events that the reader cannot have any more'),
} as const satisfies Readonly<Record<NodeEventType, z.ZodType>>;
