import { z } from 'zod';
import { CLOCK_SKEW } from '../../protocol/clock.js';
import { isNiagaError } from '../../protocol/errors.js';
import type { Finding } from '../api/rows/doctor.js';
import { readBody, writeBody } from '../network/bodies.js';
import type { Network } from '../network/index.js';

/** Asks a node what its clock says. */
const CLOCK_METHOD = 'clock';
const clockSchema = z.object({ now: z.int() });
const MAX_ANSWER = 64;
/** So many are asked; the middle one of their answers counts, so that two of five may be wrong. */
const ASKED = 5;
const TIMEOUT = 3_000;
const minute = 60_000;
/** From here on people notice. */
const NOTABLE = minute;

type Clock = Pick<Network, 'request' | 'connections'>;

/** Answers other nodes that ask for the time. */
export function serveClock(network: Pick<Network, 'handle'>, now: () => number): void {
  network.handle(CLOCK_METHOD, () => Promise.resolve(writeBody({ now: now() })), { maxRequest: MAX_ANSWER });
}

/** How far the clocks of others are from this one, in milliseconds: half of the way there and back is taken off. */
async function offsets(network: Clock, now: () => number): Promise<number[]> {
  const peers = network.connections().slice(0, ASKED);
  const answers = await Promise.all(
    peers.map(async (peer) => {
      const sent = now();
      try {
        const options = { timeout: TIMEOUT, maxResponse: MAX_ANSWER };
        const answer = await network.request(peer, CLOCK_METHOD, writeBody({}), options);
        const theirs = readBody(clockSchema, answer, `answer to ${CLOCK_METHOD}`).now;
        return theirs - (sent + now()) / 2;
      } catch (error) {
        // A node of an older version does not know the question.
        if (isNiagaError(error)) return undefined;
        throw error;
      }
    }),
  );
  return answers.filter((offset) => offset !== undefined).sort((a, b) => a - b);
}

/** How far the clocks of others are ahead of this one, in milliseconds: the middle one of some; undefined: nobody says. */
async function clockOffset(network: Clock, now: () => number): Promise<number | undefined> {
  const found = await offsets(network, now);
  return found[found.length >> 1];
}

/** Whether this machine's clock is that of the others: what is signed in their future they refuse. */
export async function checkClock(network: Clock, now: () => number): Promise<Finding> {
  return clockFinding(await clockOffset(network, now));
}

function clockFinding(offset: number | undefined): Finding {
  if (offset === undefined) {
    const sentence = 'No other node is there to compare the clock with.';
    return {
      check: 'clock',
      verdict: 'warn',
      found: sentence,
      next: 'Join a network: niaga start --bootstrap ADDRESS',
    };
  }
  const far = Math.abs(offset);
  const amount = far < 2 * minute ? `${Math.round(far / 1000)} s` : `${Math.round(far / minute)} min`;
  const way = offset > 0 ? 'behind' : 'ahead of';
  const sentence =
    far < NOTABLE ? 'The clock is that of the other nodes.' : `The clock is ${amount} ${way} those of others.`;
  const next = 'Set the clock by the network: timedatectl set-ntp true, or the date settings of the system.';
  if (far < NOTABLE) return { check: 'clock', verdict: 'ok', found: sentence };
  return { check: 'clock', verdict: far < CLOCK_SKEW ? 'warn' : 'fail', found: sentence, next };
}
