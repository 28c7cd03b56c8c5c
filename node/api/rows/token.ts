import { z } from 'zod';
import { operation, SCOPES, type Operation } from '../operation.js';
import { page, reading } from './bases.js';

const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/, 'letters, digits, ".", "_" and "-", 40 at most')
  .describe('What the token is called');
const scopes = z.array(z.enum(SCOPES)).min(1).max(SCOPES.length);

const tokenView = z.object({
  name: z.string(),
  scopes: z.array(z.enum(SCOPES)).describe('What it allows; admin: everything'),
  created: z.int().describe('Milliseconds since 1970'),
  expires: z.int().optional().describe('When it stops working, milliseconds since 1970; absent: never'),
  page: z.boolean().describe('Whether it belongs to a page that was opened by a link: such a token ends with the node'),
});
export type TokenView = z.infer<typeof tokenView>;

const secretTokenView = tokenView.extend({
  token: z.string().describe('The token itself: shown this once, kept nowhere'),
});
export type SecretTokenView = z.infer<typeof secretTokenView>;

const linkView = z.object({
  url: z.string().describe('Opens the page, in one browser, once'),
  expires: z.int().describe('When the link stops working, milliseconds since 1970'),
});

const pairView = linkView.extend({
  name: z.string().describe('What the token of the phone is called'),
  fingerprint: z
    .string()
    .optional()
    .describe(
      'SHA-256 of the certificate that the node made itself, as browsers show it, for comparing; absent: the owner gave one. It stands in the link, too, as cert, in base64url',
    ),
});

const owning = { ...reading, scope: 'admin', changes: true } as const;

/** Who else than the owner may use the API, and for what. */
export const TOKEN_OPERATIONS = {
  open: operation({
    ...owning,
    command: ['open'],
    help: 'Make a link that opens the page in a browser on this machine, once',
    input: z.object({
      scope: scopes
        .default(['admin'])
        .describe(`What the page may do, one of ${SCOPES.join(', ')}; may be given several times`),
    }),
    output: linkView,
    secret: true,
    example: 'niaga open',
  }),
  pair: operation({
    ...owning,
    command: ['pair'],
    help: 'Make a link, and its QR code, that opens the page on a phone, once, with a token of its own',
    input: z.object({
      name: name.default('phone'),
      scope: scopes
        .default(['read', 'publish', 'trade'])
        .describe(`What the phone may do, one of ${SCOPES.join(', ')}; may be given several times`),
    }),
    output: pairView,
    positional: ['name'],
    confirm: true,
    secret: true,
    example: 'niaga pair telepon-sari --scope read --scope trade',
  }),
  tokenCreate: operation({
    ...owning,
    command: ['token', 'create'],
    help: 'Make a token for a program or a phone; it is shown this once',
    input: z.object({
      name,
      scope: scopes.describe(`What it allows, one of ${SCOPES.join(', ')}; may be given several times`),
      days: z.int().min(1).max(3_650).optional().describe('So many days it works; for ever unless said'),
    }),
    output: secretTokenView,
    positional: ['name'],
    confirm: true,
    secret: true,
    example: 'niaga token create kasir --scope read --scope trade --days 90',
  }),
  tokenList: operation({
    ...reading,
    command: ['token', 'list'],
    help: 'List tokens: their names and what they allow, never the tokens themselves',
    input: z.object(page),
    output: tokenView,
    scope: 'admin',
    answer: 'page',
    example: 'niaga token list',
  }),
  tokenRevoke: operation({
    ...owning,
    command: ['token', 'revoke'],
    help: 'End a token, and what runs in its name',
    input: z.object({ name }),
    output: tokenView,
    positional: ['name'],
    example: 'niaga token revoke kasir',
  }),
} as const satisfies Record<string, Operation>;
