import { NiagaError } from '../../protocol/errors.js';
import { createBoundedCache } from '../../protocol/bounded-cache.js';
import { REQUEST_FRESH } from '../../protocol/mail/index.js';
import { checkNotRevoked, openArrived } from '../identity/index.js';
import { readBody, writeBody } from '../network/bodies.js';
import { TokenBucket } from '../network/limits.js';
import type { MailDeps } from './index.js';
import { namesOf, type Mailbox } from './mailbox.js';
import { COLLECT_METHOD, DEPOSIT_METHOD, depositSchema, MAX_COLLECT, MAX_DEPOSIT } from './wire.js';

const KiB = 1024;
/** Deposits of one peer id. Ids cost nothing: what holds strangers back is the work, and the bound on all of them together. */
const DEPOSITS_PER_SECOND = 2;
const DEPOSIT_BURST = 60;
const BYTES_PER_SECOND = 64 * KiB;
const BYTES_BURST = 4 * KiB * KiB;
/** Of all together: each is a disk sync. */
const ALL_PER_SECOND = 100;
const ALL_BURST = 1_000;
/** Each owner waits with one request; beyond so many they are answered at once. */
const MAX_WAITING = 2_000;
/** Requests for letters of one peer. */
const COLLECTS_PER_SECOND = 5;
const COLLECT_BURST = 100;
const MAX_PEERS = 4_096;

interface MailboxMethodsDeps extends Pick<
  MailDeps,
  'network' | 'networkName' | 'devices' | 'verify' | 'now' | 'onRefused'
> {
  readonly mailbox: Mailbox;
  /** @throws NiagaError STOPPED */
  readonly checkRunning: () => void;
}

/** Answers those who leave letters here, and those whose letters are kept here. */
export function serveMailbox(deps: MailboxMethodsDeps): void {
  const { network, devices, now, onRefused, mailbox, checkRunning } = deps;
  const deposits = createBoundedCache<{ readonly count: TokenBucket; readonly bytes: TokenBucket }>(MAX_PEERS);
  const collects = createBoundedCache<TokenBucket>(MAX_PEERS);
  const all = new TokenBucket(ALL_PER_SECOND, ALL_BURST, now());
  let waiting = 0;

  function limited(what: string): NiagaError {
    onRefused('RATE_LIMITED');
    return new NiagaError('RATE_LIMITED', what, { next: 'Wait a few seconds.' });
  }

  network.handle(
    DEPOSIT_METHOD,
    async (body) => {
      checkRunning();
      await mailbox.put(readBody(depositSchema, body, DEPOSIT_METHOD));
      return writeBody({});
    },
    {
      maxRequest: MAX_DEPOSIT,
      maxConcurrent: 32,
      strangers: true,
      admit(peer, size) {
        const bucket = deposits.get(peer) ?? {
          count: new TokenBucket(DEPOSITS_PER_SECOND, DEPOSIT_BURST, now()),
          bytes: new TokenBucket(BYTES_PER_SECOND, BYTES_BURST, now()),
        };
        deposits.set(peer, bucket);
        const wait = Math.max(bucket.count.take(1, now()), bucket.bytes.take(size, now()));
        if (wait > 0) throw limited('You leave more letters than one may.');
        if (all.take(1, now()) > 0) throw limited('Too many letters are left here.');
      },
    },
  );

  network.handle(
    COLLECT_METHOD,
    async (body, { signal }) => {
      checkRunning();
      const { payload } = openArrived(body, 'mailbox-request', deps);
      if (payload.mailbox !== network.peerId)
        throw new NiagaError('PEER_REFUSED', 'The request is for another mailbox.');
      if (Math.abs(now() - payload.created) > REQUEST_FRESH)
        throw new NiagaError('RECORD_TIME', 'The request is too old.', { next: 'Check the clocks of both machines.' });
      // The frame of the request would stay in memory while it waits; what is needed of it is small.
      const by = { kind: payload.kind, trader: payload.trader.slice(), device: payload.device.slice() };
      const { trader } = by;
      const leave = namesOf(payload.leave ?? []);
      await mailbox.serve(trader);
      await mailbox.drop(trader, payload.drop);
      if (payload.wait > 0 && waiting < MAX_WAITING) {
        waiting++;
        await mailbox.wait(trader, payload.wait, signal, leave).finally(() => waiting--);
        checkRunning();
        // A phone may be revoked while it waits for letters.
        checkNotRevoked(by, devices);
      }
      return writeBody(await mailbox.list(trader, leave));
    },
    {
      maxRequest: MAX_COLLECT,
      admit(peer) {
        const bucket = collects.get(peer) ?? new TokenBucket(COLLECTS_PER_SECOND, COLLECT_BURST, now());
        collects.set(peer, bucket);
        if (bucket.take(1, now()) > 0) throw limited('You ask for letters more often than one may.');
      },
    },
  );
}
