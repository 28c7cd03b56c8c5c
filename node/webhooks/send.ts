import { createHmac } from 'node:crypto';
import type { NodeEvent } from '../events/index.js';
import { linkedSignal } from '../signals.js';

const second = 1_000;
/** A receiver that has more to do than this answers first and works then. */
const TIME_LIMIT = 10 * second;

export interface Sending {
  readonly webhook: string;
  readonly url: string;
  readonly secret: string;
  readonly now: number;
  readonly signal: AbortSignal;
}

/**
 * Brings one event to its receiver; resolves when that has said 2xx. A redirect is a failure: the event goes where its owner said, and
 * nowhere else.
 * @throws Error that says why it has not arrived
 */
export async function sendEvent(event: NodeEvent, { webhook, url, secret, now, signal }: Sending): Promise<void> {
  const body = JSON.stringify(event);
  const seconds = Math.floor(now / second);
  const linked = linkedSignal([signal]);
  const timer = setTimeout(() => linked.abort(new Error(`no answer within ${TIME_LIMIT / second} s`)), TIME_LIMIT);
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'niaga',
        'niaga-webhook': webhook,
        'niaga-event': String(event.seq),
        'niaga-signature': `t=${seconds},v1=${signatureOf(secret, seconds, body)}`,
      },
      body,
      redirect: 'manual',
      signal: linked.signal,
    });
    // Nobody reads what it says.
    await response.body?.cancel();
    if (!response.ok) throw new Error(`it answered with HTTP status ${response.status}`);
  } finally {
    clearTimeout(timer);
    linked.release();
  }
}

function signatureOf(secret: string, seconds: number, body: string): string {
  return createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex');
}
