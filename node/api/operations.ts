import { z } from 'zod';
import { operation, type Operation } from './operation.js';
import { reading } from './rows/bases.js';
import { ARBITER_OPERATIONS } from './rows/arbiter.js';
import { BACKUP_OPERATIONS } from './rows/backup.js';
import { BLOCK_OPERATIONS } from './rows/blocks.js';
import { CHAT_OPERATIONS } from './rows/chat.js';
import { CONFIG_OPERATIONS } from './rows/config.js';
import { DOCTOR_OPERATIONS } from './rows/doctor.js';
import { EVENT_OPERATIONS } from './rows/events.js';
import { EVIDENCE_OPERATIONS } from './rows/evidence.js';
import { EXPORT_OPERATIONS } from './rows/export.js';
import { IDENTITY_OPERATIONS } from './rows/identity.js';
import { INBOX_OPERATIONS } from './rows/inbox.js';
import { LISTING_OPERATIONS } from './rows/listing.js';
import { LOG_OPERATIONS } from './rows/log.js';
import { MCP_OPERATIONS } from './rows/mcp.js';
import { NODE_OPERATIONS } from './rows/node.js';
import { PICTURE_OPERATIONS } from './rows/picture.js';
import { PRIVATE_OPERATIONS } from './rows/private.js';
import { RATING_OPERATIONS } from './rows/rating.js';
import { SEARCH_OPERATIONS } from './rows/search.js';
import { TOKEN_OPERATIONS } from './rows/token.js';
import { SHELL_OPERATIONS } from './rows/shell.js';
import { TRADE_OPERATIONS } from './rows/trade.js';
import { TRADER_OPERATIONS } from './rows/trader.js';
import { WATCH_OPERATIONS } from './rows/watch.js';
import { WEBHOOK_OPERATIONS } from './rows/webhook.js';
import { evidenceView } from './views.js';

/**
 * Every operation that a person or program can ask of a node, declared once (DESIGN section 2). The order is that of
 * the help. test/contract/operations.test.ts pins names and help.
 */
export const OPERATIONS = {
  ...NODE_OPERATIONS,
  ...LISTING_OPERATIONS,
  ...PICTURE_OPERATIONS,
  ...SEARCH_OPERATIONS,
  ...WATCH_OPERATIONS,
  ...EVENT_OPERATIONS,
  ...TRADE_OPERATIONS,
  ...INBOX_OPERATIONS,
  ...PRIVATE_OPERATIONS,
  ...CHAT_OPERATIONS,
  ...ARBITER_OPERATIONS,
  ...TRADER_OPERATIONS,
  ...RATING_OPERATIONS,
  ...IDENTITY_OPERATIONS,
  ...BLOCK_OPERATIONS,
  ...EVIDENCE_OPERATIONS,
  ...TOKEN_OPERATIONS,
  ...WEBHOOK_OPERATIONS,
  ...BACKUP_OPERATIONS,
  ...DOCTOR_OPERATIONS,
  ...LOG_OPERATIONS,
  ...CONFIG_OPERATIONS,
  ...EXPORT_OPERATIONS,
  ...MCP_OPERATIONS,
  ...SHELL_OPERATIONS,
  verify: operation({
    ...reading,
    command: ['verify'],
    help: 'Check an evidence file: needs no node, no home, no network',
    input: z.object({ file: z.string().describe('The evidence file') }),
    output: evidenceView,
    positional: ['file'],
    strangersText: true,
    runs: 'local',
    example: 'niaga verify trade.niaga',
  }),
} as const satisfies Record<string, Operation>;

export type Operations = typeof OPERATIONS;
export type OperationKey = keyof Operations;
