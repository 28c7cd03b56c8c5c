/**
 * Events that are brought to other programs over HTTP: signed, in their order, each until it has arrived. What waits is the log of
 * events itself, so it is on disk, has its limit, and survives a restart.
 *
 * ```ts
 * const webhooks = createWebhooks({ store, events, now: Date.now, logger });
 * await webhooks.start();
 * await webhooks.add({ url: 'https://toko.example/niaga', secret, type: ['trade-changed'] });
 * ```
 *
 * The receiver checks `Niaga-Signature: t=SECONDS,v1=HEX`: HEX is the HMAC-SHA-256 of `SECONDS.BODY` with the secret, and SECONDS is
 * near its own clock. An event may come more than once: `Niaga-Event` has its number.
 */
import type { WebhookView } from '../api/rows/webhook.js';
import type { Events, NodeEventType } from '../events/index.js';
import type { Logger } from '../logger.js';
import type { Store } from '../store/index.js';
import { WebhookService } from './service.js';

export interface NewWebhook {
  readonly url: string;
  readonly secret: string;
  /** None: all events. */
  readonly type: readonly NodeEventType[];
}

export interface Webhooks {
  start(): Promise<void>;
  /** Resolves when nothing is on its way any more: within moments. */
  stop(): Promise<void>;
  /** Sends what happens from now on. @throws NiagaError ADDRESS_INVALID, WEBHOOK_LIMIT */
  add(webhook: NewWebhook): Promise<WebhookView>;
  /** Sorted by id. */
  list(): WebhookView[];
  /** @throws NiagaError WEBHOOK_NOT_FOUND */
  remove(webhook: string): Promise<WebhookView>;
}

export interface WebhooksDeps {
  readonly store: Store;
  readonly events: Pick<Events, 'read' | 'newest'>;
  readonly now: () => number;
  readonly logger: Logger;
  /** Milliseconds before the second try. Default `FIRST_RETRY` (service.ts). */
  readonly firstRetry?: number | undefined;
}

export function createWebhooks(deps: WebhooksDeps): Webhooks {
  return new WebhookService(deps);
}
