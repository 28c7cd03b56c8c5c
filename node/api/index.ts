/**
 * The local API: the operation table over HTTP, on loopback, behind a token that is new at each start and those that the owner makes.
 *
 * ```ts
 * import { createApi } from './node/api/index.js';
 * import { createClient } from './node/api/client.js';
 *
 * const api = createApi({ handlers, home, trader, host: '127.0.0.1', port: 0, logger, version: '0.1.0' });
 * await api.start();
 * const client = createClient(JSON.parse(await readFile(home.apiFile, 'utf8')));
 * console.log((await client.call('status', {})).peers);
 * await api.stop();
 * ```
 *
 * @packageDocumentation
 */
import type { Logger } from '../logger.js';
import type { KeptCertificate } from '../tls/kept.js';
import type { Tokens } from '../tokens/index.js';
import type { ApiAddress } from './address.js';
import type { ApiEvent } from './app.js';
import type { Handlers } from './handlers.js';
import type { KeptAnswers } from './kept-answers.js';
import type { LimitOptions } from './limits.js';
import type { FindMedia } from './media.js';
import type { ReadMetrics } from './metrics.js';
import { ApiServer } from './server.js';
import type { EventSource } from './sse.js';

export { parseApiAddress } from './address.js';
export type { ApiEvent } from './app.js';

export interface ApiOptions {
  readonly handlers: Handlers;
  /** The tokens beside the one of this start. Default: none, and no links to the page. */
  readonly tokens?: Pick<Tokens, 'find' | 'redeem' | 'end'> | undefined;
  /** Where answers to requests with an `Idempotency-Key` are kept. Default: such keys are not looked at. */
  readonly answers?: Pick<KeptAnswers, 'once'> | undefined;
  /** What `/events` gives out. Default: nothing is there. */
  readonly events?: EventSource | undefined;
  /** What `/media` gives out. Default: nothing is there. */
  readonly media?: FindMedia | undefined;
  /** What `/metrics` says beside the API's own figures, in the text format of Prometheus. Default: nothing. */
  readonly metrics?: ReadMetrics | undefined;
  /** Where to write `{url, token, pid, trader}` (0600) while the API runs. Its folder exists. */
  readonly home: { readonly apiFile: string };
  /** Written into the file, so that a client knows whose node answers. */
  readonly trader: string;
  /** Default `DEFAULT_HOST` of address.ts: loopback. */
  readonly host?: string | undefined;
  /** 0 takes a free one. Default `DEFAULT_PORT` of address.ts, or a free one when that is taken. */
  readonly port?: number | undefined;
  /**
   * Lets the API listen where other machines can reach it. Default false: then a host beyond loopback is refused.
   * The API speaks plain HTTP, so tokens that come from other machines are refused there all the same (API_PLAIN).
   */
  readonly allowRemote?: boolean | undefined;
  /** Where phones on the local network reach the page and the API, sealed with this certificate. Default: nowhere. */
  readonly lan?: (ApiAddress & { readonly certificate: Pick<KeptCertificate, 'current' | 'onChange'> }) | undefined;
  /** More names that a request's Host may have, with their ports. Default none beyond the address itself and localhost. */
  readonly hosts?: readonly string[] | undefined;
  /** Bytes of a request's body. Default `DEFAULT_MAX_BODY` of body.ts. */
  readonly maxBody?: number | undefined;
  /** Milliseconds for the body of a request to come. Default `DEFAULT_BODY_TIME` of body.ts. */
  readonly bodyTime?: number | undefined;
  readonly limits?: LimitOptions | undefined;
  /** What `/ready` answers. Default: true. */
  readonly ready?: (() => boolean) | undefined;
  readonly logger: Logger;
  readonly version: string;
  /** The folder with the built page. Default `DEFAULT_PAGE_FOLDER` of page.ts; without one there only programs are served. */
  readonly page?: string | undefined;
  /** Called after each answer; for counters. */
  readonly onEvent?: ((event: ApiEvent) => void) | undefined;
}

/** Where phones reach a node that runs. */
export interface LanView {
  /** `https://192.168.1.10:4181`: by the address that others most likely reach. */
  readonly url: string;
  /** SHA-256 of the certificate, in hexadecimal with colons. */
  readonly fingerprint: string;
  /** Whether the node made the certificate, so that browsers ask about it. */
  readonly ownMade: boolean;
}

export interface Api extends AsyncDisposable {
  /** `http://127.0.0.1:4180`; undefined while it does not run. */
  readonly url: string | undefined;
  /** Where phones reach it; undefined while it does not run, and where they do not. */
  readonly lan: LanView | undefined;
  /**
   * Resolves when requests are taken and the file is written. A start that fails leaves nothing behind.
   * @throws NiagaError PORT_TAKEN, ADDRESS_INVALID, HOME_UNUSABLE
   */
  start(): Promise<void>;
  /** Ends what runs with STOPPED, removes the file, and resolves within two seconds. */
  stop(): Promise<void>;
}

export function createApi(options: ApiOptions): Api {
  return new ApiServer(options);
}
