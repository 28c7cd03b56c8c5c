import { NiagaError } from '../../protocol/errors.js';
import { today } from '../today.js';
import type { ThreadRow } from './threads.js';

const DAY = 24 * 60 * 60 * 1000;
/** What somebody may write to whom nobody here has written, and with whom there is no trade: more is a flood. */
const STRANGERS_MESSAGES = 20;
/** Of all strangers in a day. */
const ALL_STRANGERS_MESSAGES = 1_000;
/** What anybody else may write in a day. Files have a quota of their own (node/files). */
const MESSAGES_A_DAY = 2_000;

export interface Written {
  readonly since: number;
  readonly messages: number;
}

/** How much one trader, or all strangers together, wrote within a day. */
export function addTo(written: Written | undefined, now: number): Written {
  const running = today(written, now);
  return { since: running?.since ?? now, messages: (running?.messages ?? 0) + 1 };
}

/** One of them was not taken after all. */
export function takeBack({ since, messages }: Written): Written {
  return { since, messages: Math.max(0, messages - 1) };
}

/**
 * Whether one more message is taken.
 * @param thread with that message counted
 * @param strangers what all strangers wrote today, this message too where its author is one; undefined where it is not
 * @throws NiagaError RATE_LIMITED with `details.retryAt`; CHAT_REFUSED, which is final
 */
export function checkQuota(
  thread: Pick<ThreadRow, 'messages' | 'written'>,
  hasFiles: boolean,
  strangers: Written | undefined,
  now: number,
): void {
  if (strangers !== undefined) {
    if (hasFiles)
      throw new NiagaError('CHAT_REFUSED', 'Files are taken from partners of a trade and from whom one wrote to.');
    if (thread.messages > STRANGERS_MESSAGES) throw full('Nobody has answered yet; wait for that.', now);
    if (strangers.messages > ALL_STRANGERS_MESSAGES) throw full('Too many strangers wrote today.', now);
  }
  const { written } = thread;
  if (written.messages > MESSAGES_A_DAY) throw full('That is more than one trader may send in a day.', now);
}

function full(message: string, now: number): NiagaError {
  return new NiagaError('RATE_LIMITED', message, { details: { retryAt: now + DAY } });
}
