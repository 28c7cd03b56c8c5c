import { z } from 'zod';
import { operation, SCOPES, type Operation } from '../operation.js';
import { reading } from './bases.js';

const MAX_CURRENCIES = 20;
/** An agent is no administrator: devices, tokens, backups and block lists are the owner's. */
const AGENT_SCOPES = SCOPES.filter((scope) => scope !== 'admin');

const limit = (what: string) =>
  z
    .array(z.string().max(40))
    .max(MAX_CURRENCIES)
    .default([])
    .describe(`${what}, such as "500000 IDR"; once for each currency`);

/** Agents that act for the owner. */
export const MCP_OPERATIONS = {
  mcp: operation({
    ...reading,
    command: ['mcp'],
    help: 'Give an agent the operations of this node as tools: MCP over standard input and output',
    input: z.object({
      scope: z
        .array(z.enum(AGENT_SCOPES))
        .min(1)
        .max(AGENT_SCOPES.length)
        .default(['read', 'publish', 'trade'])
        .describe(`What its tools may do, one of ${AGENT_SCOPES.join(', ')}; may be given several times`),
      perTrade: limit('What it may spend in one trade; nothing unless said, or as much as --per-day'),
      perDay: limit('What it may spend in 24 hours; nothing unless said, or as much as --per-trade'),
    }),
    output: z.object({}),
    scope: 'admin',
    changes: true,
    strangersText: true,
    runs: 'local',
    example: 'niaga mcp --per-trade "200000 IDR" --per-day "500000 IDR"',
  }),
} as const satisfies Record<string, Operation>;
