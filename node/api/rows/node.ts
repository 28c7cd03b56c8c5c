import { z } from 'zod';
import { operation, type Operation } from '../operation.js';
import { statusView } from '../views.js';
import { reading } from './bases.js';

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
    }),
    answer: 'stream',
    scope: 'admin',
    changes: true,
    runs: 'local',
    example: 'niaga start --bootstrap /ip4/192.168.1.10/tcp/4101/p2p/12D3KooW…',
  }),
  status: operation({
    ...reading,
    command: ['status'],
    help: 'Who and where the node is, and what it holds',
    input: z.object({}),
    output: statusView,
    example: 'niaga status',
  }),
} as const satisfies Record<string, Operation>;
