import { z } from 'zod';
import { operation, type Operation } from '../operation.js';
import { id, page, reading } from './bases.js';

/** protocol/chat/message.ts, protocol/chat/file-part.ts: what a command line loads has no schemas of records. */
const MAX_TEXT = 4_000;
const MAX_FILES = 4;
const MAX_NAME = 200;
const MiB = 1024 * 1024;

/** Whom: a trade stands for the other side of it. */
const partner = id('A trade (its id or the beginning of it), or a trader’s key, z6Mk…');
const party = z
  .enum(['buyer', 'seller', 'arbiter'])
  .optional()
  .describe('Whom of the trade; the other side unless said');

/** A file as it goes into the node. */
export const fileInput = z.object({
  name: z.string().min(1).max(MAX_NAME),
  content: z
    .base64()
    .max(2 * MiB)
    .describe('Its bytes in base64; 1 MiB at most'),
});

export const fileView = z.object({
  file: z.string().describe('Its id: save it with niaga file save'),
  name: z.string(),
  size: z.int().describe('Bytes'),
  here: z.boolean().describe('Whether all of it is on this disk'),
});

const chatMessageView = z.object({
  id: z.string(),
  with: z.string().describe('The other trader'),
  own: z.boolean().describe('Whether this trader wrote it'),
  time: z.int().describe('By its author’s clock, milliseconds since 1970'),
  trade: z.string().optional().describe('The trade that it is about'),
  text: z.string(),
  files: z.array(fileView).optional(),
  unread: z.boolean().optional().describe('It was not shown before'),
  delivery: z
    .enum(['queued', 'stored', 'delivered', 'read', 'refused'])
    .optional()
    .describe('Own messages: how far it and its files are, as with the messages of a trade'),
  reason: z.string().optional().describe('Why it was refused'),
});
export type ChatMessageView = z.infer<typeof chatMessageView>;

const conversationView = z.object({
  with: z.string().describe('The other trader'),
  unread: z.int(),
  messages: z.int(),
  updated: z.int().describe('When the last one was written or came, by this node’s clock'),
  trade: z.string().optional().describe('The trade that the last one is about'),
  text: z.string().describe('The beginning of the last one'),
});
export type ConversationView = z.infer<typeof conversationView>;

/** Messages between traders, beside their trades. */
export const CHAT_OPERATIONS = {
  chatSend: operation({
    ...reading,
    command: ['chat', 'send'],
    help: 'Write to the other side of a trade, or to a trader: sealed, and delivered while they sleep',
    input: z.object({
      with: partner,
      text: z.string().max(MAX_TEXT).default('').describe('The message'),
      to: party,
      files: z.array(fileInput).max(MAX_FILES).default([]).describe('Files to go with it; 1 MiB together'),
    }),
    output: chatMessageView,
    positional: ['with', 'text'],
    scope: 'trade',
    changes: true,
    confirm: true,
    example: 'niaga chat send bafyrei… "Is it still there?" --file bill.jpg',
  }),
  chatShow: operation({
    ...reading,
    command: ['chat', 'show'],
    help: 'Show the messages about a trade, or all with a trader, the newest first; they count as read then',
    input: z.object({ with: partner, to: party, ...page }),
    output: chatMessageView,
    positional: ['with'],
    answer: 'page',
    strangersText: true,
    example: 'niaga chat show bafyrei…',
  }),
  chatList: operation({
    ...reading,
    command: ['chat', 'list'],
    help: 'List conversations, the one with the newest message first',
    input: z.object(page),
    output: conversationView,
    answer: 'page',
    strangersText: true,
    example: 'niaga chat list',
  }),
  fileSave: operation({
    ...reading,
    command: ['file', 'save'],
    help: 'Save a file that came with a message, or that a trade keeps private',
    input: z.object({ with: partner, file: id('The file, as chat show and trade show name it'), to: party }),
    output: z.object({
      file: z.string(),
      name: z.string(),
      content: z.string().describe('The file’s bytes in base64'),
    }),
    positional: ['with', 'file'],
    strangersText: true,
    example: 'niaga file save bafyrei… bafkrei… --out bill.jpg',
  }),
} as const satisfies Record<string, Operation>;
