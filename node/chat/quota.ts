import { NiagaError } from '../../protocol/errors.js';
import type { ThreadRow } from './threads.js';

const DAY = 24 * 60 * 60 * 1000;
const MiB = 1024 * 1024;
/** What somebody may write to whom nobody here has written, and with whom there is no trade: more is a flood. */
const STRANGERS_MESSAGES = 20;
/** Of all strangers in a day. */
const ALL_STRANGERS_MESSAGES = 1_000;
/** What anybody else may write in a day, and bytes of files. */
const MESSAGES_A_DAY = 2_000;
const FILE_BYTES_A_DAY = 64 * MiB;

export interface Written {
  readonly since: number;
  readonly messages: number;
  readonly bytes: number;
}

/** How much one trader, or all strangers together, wrote within a day. */
export function addTo(written: Written | undefined, bytes: number, now: number): Written {
  const running = written !== undefined && now - written.since < DAY && now >= written.since ? written : undefined;
  return {
    since: running?.since ?? now,
    messages: (running?.messages ?? 0) + 1,
    bytes: (running?.bytes ?? 0) + bytes,
  };
}

/**
 * Whether one more message is taken.
 * @param thread with that message counted
 * @param strangers what all strangers wrote today, this message too where its author is one; undefined where it is not
 * @throws NiagaError RATE_LIMITED with `details.retryAt`; CHAT_REFUSED, which is final
 */
export function checkQuota(
  thread: Pick<ThreadRow, 'messages' | 'written'>,
  bytes: number,
  strangers: Written | undefined,
  now: number,
): void {
  if (strangers !== undefined) {
    if (bytes > 0)
      throw new NiagaError('CHAT_REFUSED', 'Files are taken from partners of a trade and from whom one wrote to.');
    if (thread.messages > STRANGERS_MESSAGES) throw full('Nobody has answered yet; wait for that.', now);
    if (strangers.messages > ALL_STRANGERS_MESSAGES) throw full('Too many strangers wrote today.', now);
  }
  const { written } = thread;
  if (written.messages > MESSAGES_A_DAY || written.bytes > FILE_BYTES_A_DAY)
    throw full('That is more than one trader may send in a day.', now);
}

function full(message: string, now: number): NiagaError {
  return new NiagaError('RATE_LIMITED', message, { details: { retryAt: now + DAY } });
}
