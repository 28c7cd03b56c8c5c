import { z } from 'zod';
import { operation, type Operation } from '../operation.js';
import { statusView } from '../views.js';
import { page, reading } from './bases.js';

const peerView = z.object({
  peerId: z.string(),
  self: z.boolean().describe('Whether it is this node'),
  connected: z.boolean(),
  lastSeen: z
    .int()
    .nullable()
    .describe('When it last said anything, milliseconds since 1970; null: it was only heard of'),
  place: z
    .number()
    .min(0)
    .max(1)
    .describe('Where it lies in the key space, as a share of all of it: the head of SHA-256 of its id'),
});
export type PeerView = z.infer<typeof peerView>;

/** The node itself: its identity, its life. */
export const NODE_OPERATIONS = {
  init: operation({
    ...reading,
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
    scope: 'admin',
    changes: true,
    runs: 'local',
    example: 'niaga init --name "Warung Sari"',
  }),
  start: operation({
    ...reading,
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
      lan: z
        .string()
        .optional()
        .describe('HOST:PORT where phones on the local network reach the page, over TLS; 0.0.0.0 for all addresses'),
      tlsCert: z
        .string()
        .optional()
        .describe('A file with the certificate for that, PEM; the node makes its own unless given'),
      tlsKey: z.string().optional().describe('A file with its key, PEM'),
      mdns: z.boolean().default(true).describe('Find nodes on the same local network'),
      keepMedia: z
        .boolean()
        .default(false)
        .describe('Keep pictures of others’ listings that were asked for, and give them to whoever asks'),
      readReceipts: z.boolean().default(true).describe('Tell others that their messages were seen'),
    }),
    output: z.object({
      event: z.literal('ready'),
      trader: z.string(),
      peerId: z.string(),
      addresses: z.array(z.string()),
      api: z.string(),
      lan: z.string().optional().describe('Where phones reach it'),
      pid: z.int().optional().describe('With --detach: the process that runs on'),
      log: z.string().optional().describe('With --detach: the file into which it logs'),
    }),
    answer: 'stream',
    scope: 'admin',
    changes: true,
    runs: 'local',
    example: 'niaga start --bootstrap /ip4/192.168.1.10/tcp/4101/p2p/12D3KooW…',
  }),
  stop: operation({
    ...reading,
    command: ['stop'],
    help: 'Stop the node that runs on this home',
    input: z.object({}),
    output: z.object({ event: z.literal('stopped'), pid: z.int(), trader: z.string() }),
    scope: 'admin',
    changes: true,
    confirm: true,
    runs: 'local',
    example: 'niaga stop',
  }),
  status: operation({
    ...reading,
    command: ['status'],
    help: 'Who and where the node is, and what it holds',
    input: z.object({}),
    output: statusView,
    example: 'niaga status',
  }),
  peers: operation({
    ...reading,
    command: ['peers'],
    help: 'List the nodes that this one knows, in the order of their places in the key space',
    input: z.object(page),
    output: peerView,
    answer: 'page',
    example: 'niaga peers --limit 1000',
  }),
} as const satisfies Record<string, Operation>;
