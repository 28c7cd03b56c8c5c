import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { NiagaError } from '../../protocol/errors.js';
import { quote } from '../../protocol/quote.js';
import type { WebhookView } from '../api/rows/webhook.js';
import { createMutex } from '../concurrency.js';
import type { NodeEvent, NodeEventType } from '../events/index.js';
import { cborCodec, type Table } from '../store/index.js';
import type { NewWebhook, Webhooks, WebhooksDeps } from './index.js';
import { sendEvent } from './send.js';

const second = 1_000;
const hour = 60 * 60 * second;
/** More programs than one shop has; each reads the log by itself. */
const MAX_WEBHOOKS = 20;
/** Bytes of an id: short enough to type. */
const ID_BYTES = 4;
/** Before the second try; twice as long before each that follows, */
const FIRST_RETRY = second;
/** up to this: a program that was down for a day hears of it within the hour. */
const LONGEST_RETRY = hour;
/** Events that are not for a webhook are noted so many at once: fewer than are kept by far. */
const PASSED_AT_ONCE = 100;
/** Each pause is up to so much shorter or longer, so that those that failed together do not come back together. */
const JITTER = 0.2;

interface Row {
  readonly url: string;
  readonly secret: string;
  readonly type: readonly NodeEventType[];
  readonly created: number;
  /** The number of the last event that has arrived, or is not for it. */
  readonly sent: number;
}

interface Target {
  row: Row;
  readonly ending: AbortController;
  /** Settles when nothing is on its way any more. */
  done: Promise<void>;
  failing?: { readonly since: number; readonly tries: number; readonly problem: string };
}

export class WebhookService implements Webhooks {
  readonly #deps: WebhooksDeps;
  readonly #table: Table<Row>;
  readonly #targets = new Map<string, Target>();
  readonly #lock = createMutex();
  #running = false;

  constructor(deps: WebhooksDeps) {
    this.#deps = deps;
    this.#table = deps.store.table('webhooks', cborCodec<Row>());
  }

  async start(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    for await (const [id, row] of this.#table.range({ limit: MAX_WEBHOOKS })) this.#begin(id, row);
  }

  async stop(): Promise<void> {
    this.#running = false;
    const targets = [...this.#targets.values()];
    this.#targets.clear();
    for (const { ending } of targets) ending.abort();
    await Promise.all(targets.map(({ done }) => done));
  }

  async add({ url, secret, type }: NewWebhook): Promise<WebhookView> {
    const address = requireAddress(url);
    return this.#lock(async () => {
      if (this.#targets.size >= MAX_WEBHOOKS) {
        throw new NiagaError('WEBHOOK_LIMIT', `There are ${MAX_WEBHOOKS} webhooks already.`, {
          next: 'Remove one that nobody needs: niaga webhook list, niaga webhook remove WEBHOOK',
        });
      }
      const id = this.#newId();
      const row = { url: address, secret, type, created: this.#deps.now(), sent: this.#deps.events.newest };
      await this.#deps.store.write([this.#table.put(id, row)]);
      return this.#viewOf(id, this.#begin(id, row));
    });
  }

  list(): WebhookView[] {
    return [...this.#targets].map(([id, target]) => this.#viewOf(id, target)).sort((a, b) => order(a, b));
  }

  remove(webhook: string): Promise<WebhookView> {
    return this.#lock(async () => {
      const target = this.#targets.get(webhook);
      if (target === undefined) {
        throw new NiagaError('WEBHOOK_NOT_FOUND', `There is no webhook ${quote(webhook)}.`, {
          where: 'webhook',
          next: 'niaga webhook list',
        });
      }
      target.ending.abort();
      // It writes how far it came; that must not come after the row is gone.
      await target.done;
      await this.#deps.store.write([this.#table.del(webhook)]);
      this.#targets.delete(webhook);
      return this.#viewOf(webhook, target);
    });
  }

  #newId(): string {
    for (;;) {
      const id = randomBytes(ID_BYTES).toString('hex');
      if (!this.#targets.has(id)) return id;
    }
  }

  #begin(id: string, row: Row): Target {
    const target: Target = { row, ending: new AbortController(), done: Promise.resolve() };
    this.#targets.set(id, target);
    target.done = this.#follow(id, target).catch((error: unknown) => {
      if (target.ending.signal.aborted) return;
      this.#deps.logger.error({ webhook: id, error: String(error) }, 'a webhook ended: it goes on at the next start');
    });
    return target;
  }

  /** One event after the other: the next is sent when the one before it has arrived. */
  async #follow(id: string, target: Target): Promise<void> {
    const { signal } = target.ending;
    const { type, sent } = target.row;
    const isWanted = (event: NodeEvent): boolean =>
      type.length === 0 || event.type === 'gap' || type.includes(event.type);
    let written = sent;
    // All are read: one that waits for a rare type must not seem to have missed what is not for it, once that is not kept any more.
    for await (const event of this.#deps.events.read({ after: sent, follow: true, signal })) {
      const wanted = isWanted(event);
      if (wanted && !(await this.#bring(id, target, event))) return;
      target.row = { ...target.row, sent: event.seq };
      if (!wanted && event.seq - written < PASSED_AT_ONCE) continue;
      written = event.seq;
      // Not waited for by the disk: after a power cut some come again, which the receiver must bear anyhow.
      await this.#deps.store.write([this.#table.put(id, target.row)], { sync: false });
    }
  }

  /** Resolves to true when it has arrived, to false when it is to be brought no more. */
  async #bring(id: string, target: Target, event: NodeEvent): Promise<boolean> {
    const { signal } = target.ending;
    const { url, secret } = target.row;
    for (let tries = 1; !signal.aborted; tries++) {
      try {
        await sendEvent(event, { webhook: id, url, secret, now: this.#deps.now(), signal });
        delete target.failing;
        return true;
      } catch (error) {
        if (signal.aborted) return false;
        const problem = reasonOf(error);
        target.failing = { since: target.failing?.since ?? this.#deps.now(), tries, problem };
        // The address may have a secret in it, and so may what the system says about it.
        this.#deps.logger.warn({ webhook: id, event: event.seq, tries }, 'an event could not be brought to a webhook');
        await sleep(this.#pause(tries), undefined, { signal }).catch(() => undefined);
      }
    }
    return false;
  }

  #pause(tries: number): number {
    const pause = Math.min(LONGEST_RETRY, (this.#deps.firstRetry ?? FIRST_RETRY) * 2 ** (tries - 1));
    return pause * (1 + JITTER * (2 * Math.random() - 1));
  }

  #viewOf(webhook: string, { row, failing }: Target): WebhookView {
    const { url, type, created, sent } = row;
    const newest = this.#deps.events.newest;
    return { webhook, url, type: [...type], created, sent, newest, ...(failing === undefined ? {} : { failing }) };
  }
}

function order(a: WebhookView, b: WebhookView): number {
  return a.webhook < b.webhook ? -1 : 1;
}

/**
 * The node asks whatever its owner names, addresses of its own network too: that is what a webhook is for. Nobody but the owner can
 * name one (scope admin), nothing of the answer is given out but its status, and redirects are not followed.
 * @throws NiagaError ADDRESS_INVALID
 */
function requireAddress(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isWeb = url?.protocol === 'http:' || url?.protocol === 'https:';
  if (url !== undefined && isWeb && url.username === '' && url.password === '') return url.href;
  const why = isWeb ? 'has a user or password in it' : 'is not one of http or https';
  throw new NiagaError('ADDRESS_INVALID', `The address ${why}.`, {
    where: 'url',
    next: 'Write it as https://HOST/PATH; the secret is what shows the receiver who sends.',
  });
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined;
  return code ?? (error instanceof Error ? error.message : String(error));
}
