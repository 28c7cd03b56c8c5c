import { z } from 'zod';
import { NiagaError } from '../protocol/errors.js';
import type { HandoverOptions } from './index/handover-options.js';
import type { KeepOptions } from './keep/index.js';
import type { MailOptions } from './mail/index.js';

/** The network that people join unless they say otherwise. */
export const DEFAULT_NETWORK = 'main';

export interface NodeOptions {
  /** The data folder; default `NIAGA_HOME` or the platform's data folder. */
  readonly home?: string | undefined;
  /** Nodes of different networks do not meet. Default {@link DEFAULT_NETWORK}. */
  readonly network?: string | undefined;
  /** The name to make the identity with where there is none yet. */
  readonly name?: string | undefined;
  /** Multiaddrs to listen on. Default: all interfaces, port 4101 or a free one. */
  readonly listen?: readonly string[] | undefined;
  /** Multiaddrs, ending in /p2p/…, of nodes to join through. Default none. */
  readonly bootstrap?: readonly string[] | undefined;
  /** Find nodes on the same local network. Default true. */
  readonly mdns?: boolean | undefined;
  /** HOST:PORT of the local HTTP API, or false for none. Default false: a program that embeds the library calls it in process. */
  readonly api?: string | false | undefined;
  /** HOST:PORT where phones on the local network reach the page, over TLS; needs `api`. Default: nowhere. */
  readonly lan?: string | undefined;
  /** Files of the certificate for `lan` and of its key, PEM. Default: one that the node makes and keeps in its home. */
  readonly tlsCert?: string | undefined;
  readonly tlsKey?: string | undefined;
  /** Default: silent. */
  readonly logger?: import('pino').Logger | undefined;
  /** Opens keys that are sealed; seals new ones. */
  readonly passphrase?: string | undefined;
  /** Milliseconds between two questions of one watch, 100 or more. Default 15 minutes. */
  readonly watchInterval?: number | undefined;
  /** Keep pictures of others' listings that were opened here or asked for here. Default false: their texts alone are kept. */
  readonly keepMedia?: boolean | undefined;
  /** Tell others that their messages were seen by a person. Default true. */
  readonly readReceipts?: boolean | undefined;
  /** How soon this node sees to what it holds for others. Defaults are for a network; tests and simulations have less time. */
  readonly upkeep?:
    | {
        readonly handover?: Partial<HandoverOptions>;
        readonly keep?: Omit<KeepOptions, 'media'>;
        readonly capsule?: number;
        readonly mail?: Partial<MailOptions>;
      }
    | undefined;
  /** The clock, milliseconds since 1970. Default `Date.now`. */
  readonly now?: (() => number) | undefined;
}

const schema = z.strictObject({
  home: z.string().optional(),
  network: z.string().optional(),
  name: z.string().max(120).optional(),
  listen: z.array(z.string()).optional(),
  bootstrap: z.array(z.string()).optional(),
  mdns: z.boolean().optional(),
  api: z.union([z.string(), z.literal(false)]).optional(),
  lan: z.string().optional(),
  tlsCert: z.string().optional(),
  tlsKey: z.string().optional(),
  logger: z.unknown().optional(),
  passphrase: z.string().min(1).optional(),
  watchInterval: z.int().min(100).optional(),
  keepMedia: z.boolean().optional(),
  readReceipts: z.boolean().optional(),
  upkeep: z
    .strictObject({
      handover: z.record(z.string(), z.number()).optional(),
      keep: z.record(z.string(), z.number()).optional(),
      capsule: z.number().optional(),
      mail: z.record(z.string(), z.number()).optional(),
    })
    .optional(),
  now: z.unknown().optional(),
});

/** @throws NiagaError USAGE for an unknown option or one of the wrong type */
export function checkOptions(options: NodeOptions): NodeOptions {
  const checked = schema.safeParse(options);
  if (checked.success) return options;
  const issue = checked.error.issues[0];
  throw new NiagaError('USAGE', `The options of createNode are wrong: ${issue?.message ?? ''}`, {
    where: issue?.path.join('.'),
  });
}
