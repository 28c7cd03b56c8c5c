import { z } from 'zod';
import { operation, type Operation } from '../operation.js';
import { id, reading } from './bases.js';

const time = (what: string) => z.int().describe(`${what}, milliseconds since 1970`);
const records = (what: string) => z.array(z.string().max(400_000)).max(16).describe(what);

const devicesView = z.object({
  trader: z.string(),
  root: z
    .enum(['here', 'words'])
    .describe('Whether the root key is still on this machine, or only in the words that its owner wrote down'),
  devices: z.array(
    z.object({
      device: z.string().describe('Its peer id'),
      label: z.string().describe('What its owner calls it'),
      here: z.boolean().describe('Whether it is this machine'),
      writes: z.boolean().describe('Whether it is the one that signs stock and steps of trades'),
      may: z.array(z.string()),
      expires: time('When its permission ends'),
      revoked: time('When it was revoked').nullable(),
    }),
  ),
  lease: z
    .object({
      holder: z.string().describe('The peer id of the device that writes'),
      epoch: z.int(),
      since: time('When it was signed'),
      expires: time('When another device may take it without being handed it'),
    })
    .nullable()
    .describe('Who writes, where there is more than one device'),
  asOf: time('When the network was last asked: nothing else is known of these devices as of then').nullable(),
  copies: z.int().describe('Other nodes that keep this for everybody'),
  restore: z
    .object({
      profile: z.boolean(),
      listings: z.int().describe('Own listings that are back'),
      trades: z.int().describe('Open trades that are back'),
      listedAt: time(
        'When the list of open trades was made: one that began later comes back with what its other side sends next',
      ).nullable(),
      missing: z
        .array(z.object({ trade: z.string(), counterparty: z.string() }))
        .describe('Open trades whose other side was not reached yet'),
      gap: z.string().optional().describe('What the list of open trades did not have'),
    })
    .optional()
    .describe('What was brought back from the words'),
  next: z.string().optional(),
});
export type DevicesView = z.infer<typeof devicesView>;

const addView = z.object({
  request: z.string().optional().describe('On the new machine: to be given to the one that has the root or the words'),
  answer: z.string().optional().describe('To be given back to the new machine'),
  check: z.string().optional().describe('Both machines show the same'),
  device: z.string().optional().describe('The peer id of the new machine'),
  label: z.string().optional(),
  trader: z.string().optional(),
  copies: z.int().optional().describe('Other nodes that keep the permission for the new machine'),
  known: z.array(z.string()).optional().describe('All that is known of the trader’s devices, in base64'),
  next: z.string().optional(),
});
export type AddView = z.infer<typeof addView>;

/** What the node answers to what only the root can do, until it is signed. */
const signingView = z.object({
  device: z.string().describe('The peer id of the device that it is about'),
  done: z.boolean(),
  drafts: z.string().optional().describe('What the root must sign, in base64; the same is called again with it'),
  stands: z.int().optional().describe('Trades in which something of the device stands'),
  copies: z.int().optional().describe('Other nodes that keep it for everybody'),
});
export type SigningView = z.infer<typeof signingView>;

const owning = { ...reading, scope: 'admin', changes: true, confirm: true } as const;

/** Who the trader is, and its devices. What the root signs is signed by the command: words and root key reach no API. */
export const IDENTITY_OPERATIONS = {
  identityWords: operation({
    ...owning,
    command: ['identity', 'words'],
    help: 'Show the 24 words of the root key once, and take the key off this machine',
    input: z.object({
      show: z
        .boolean()
        .default(false)
        .describe('Print the words though standard output is no terminal; erases nothing'),
      confirm: z.boolean().default(false).describe('Read all the words from standard input, then erase the root key'),
    }),
    output: z.object({ trader: z.string(), words: z.array(z.string()).optional(), erased: z.boolean() }),
    runs: 'local',
    example: 'niaga identity words',
  }),
  identityDevices: operation({
    ...reading,
    command: ['identity', 'devices'],
    help: 'List this trader’s devices: which is this one, which writes, which were revoked',
    input: z.object({}),
    output: devicesView,
    example: 'niaga identity devices',
  }),
  identityAdd: operation({
    ...owning,
    command: ['identity', 'add'],
    help: 'Make another machine a device of this trader: ask there, answer here, finish there',
    input: z.object({ records: records('What the root has signed, in base64') }),
    output: addView,
    example: 'niaga identity add niaga-request-…',
  }),
  identityRevoke: operation({
    ...owning,
    command: ['identity', 'revoke'],
    help: 'Take a lost machine’s permission back: nothing that it signs counts any more',
    input: z.object({
      device: id('The device: its label or peer id'),
      reason: z.string().max(400).optional().describe('Why; everybody can read it'),
      signed: records('The drafts, signed by the root, in base64').optional(),
    }),
    output: signingView,
    positional: ['device'],
    example: 'niaga identity revoke Telepon --reason "Hilang di pasar"',
  }),
  identityPass: operation({
    ...owning,
    command: ['identity', 'pass'],
    help: 'Let another device of this trader write from now on',
    input: z.object({ device: id('The device: its label or peer id') }),
    output: signingView,
    positional: ['device'],
    example: 'niaga identity pass Toko',
  }),
  identityTake: operation({
    ...owning,
    command: ['identity', 'take'],
    help: 'Write on this machine from now on, where the one that does is lost or its time is over',
    input: z.object({ signed: records('The drafts, signed by the root, in base64').optional() }),
    output: signingView,
    example: 'niaga identity take',
  }),
  identityRestore: operation({
    ...owning,
    command: ['identity', 'restore'],
    help: 'Bring a trader back on a new machine, from its 24 words on standard input',
    input: z.object({
      label: z.string().max(80).optional().describe('What to call this machine; it is published'),
    }),
    output: z.object({
      trader: z.string(),
      home: z.string(),
      device: z.string().describe('The peer id of this machine'),
      next: z.string(),
    }),
    runs: 'local',
    example: 'niaga identity restore --label "Laptop baru"',
  }),
} as const satisfies Record<string, Operation>;
