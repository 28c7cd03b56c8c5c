import { once } from 'node:events';
import { join } from 'node:path';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import type { z } from 'zod';
import type { OPERATIONS } from '../../node/api/operations.js';
import { connect, folderOf } from '../connect.js';
import type { Command } from '../forms.js';
import { createMcpServer } from '../mcp/server.js';
import { limitsOf, Spending } from '../mcp/spending.js';

const SPENDING_FILE = 'mcp-spending.ndjson';
const MiB = 1024 * 1024;
/** Of one message: the largest listing file that the API takes at once, and what JSON adds to it. */
const MAX_MESSAGE = 16 * MiB;

/** Serves an agent until it closes standard input. Standard output is the agent's: nothing else is written there. */
export const mcp: Command<z.output<typeof OPERATIONS.mcp.input>> = async ({ scope, perTrade, perDay }, context) => {
  const { stdin, stdout, signal } = context;
  const server = createMcpServer({
    scopes: scope,
    spending: new Spending(join(folderOf(context), SPENDING_FILE), limitsOf(perTrade, perDay)),
    connect: () => connect(context),
  });
  const ended = Promise.race([once(stdin, 'end'), once(stdin, 'close'), once(signal, 'abort')]);
  await server.connect(new StdioServerTransport(stdin, stdout, { maxBufferSize: MAX_MESSAGE }));
  await ended;
  await server.close();
  return 0;
};
