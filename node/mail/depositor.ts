import { randomBytes } from 'node:crypto';
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import { peerIdFromString } from '@libp2p/peer-id';
import { isNiagaError } from '../../protocol/errors.js';
import { deviceToPeerId, traderToText } from '../../protocol/ids.js';
import {
  courier,
  dayOf,
  findWork,
  letterHash,
  seal,
  signDeposit,
  workBits,
  workPrefix,
} from '../../protocol/mail/index.js';
import { writeBody } from '../network/bodies.js';
import type { Throwaway } from '../network/index.js';
import { limited } from '../network/time-limit.js';
import { nodesOf } from '../trader-records/places.js';
import type { Contacts } from './contacts.js';
import type { MailDeps } from './index.js';
import { DEPOSIT_METHOD, type Deposit } from './wire.js';

const second = 1000;
const minute = 60 * second;
/** A profile that was read so long ago is read again before letters are left by it. */
const PROFILE_FRESH = 10 * minute;
/** A look-up and a question, each with a time limit of its own (trader-records). */
const PROFILE_TIMEOUT = 12 * second;
/** With the connection, which is new. */
const DEPOSIT_TIMEOUT = 15 * second;
/** Letters to one trader go from one throw-away id for so long, and its connections are closed when it rests. */
const THROWAWAY_LIFETIME = 15 * minute;
const THROWAWAY_REST = 30 * second;
/** Named mailboxes that have not all answered by then may be gone: the nodes nearest to the key are tried beside them. */
const NAMED_PATIENCE = 3 * second;
/** Hashes tried in one go: a few milliseconds. */
const WORK_PIECE = 2_000;

interface Host {
  readonly throwaway: Promise<Throwaway>;
  readonly until: number;
  users: number;
  rest: NodeJS.Timeout | undefined;
}

export interface DepositorDeps extends Pick<
  MailDeps,
  'network' | 'networkName' | 'identity' | 'traderRecords' | 'now' | 'logger'
> {
  readonly contacts: Contacts;
}

/** Leaves sealed letters at the mailboxes of traders who are away. */
export class Depositor {
  readonly #deps: DepositorDeps;
  readonly #hosts = new Map<string, Host>();
  /** When the profile of a trader was read last, by `performance.now()`. */
  readonly #read = new Map<string, number>();

  constructor(deps: DepositorDeps) {
    this.#deps = deps;
  }

  async stop(): Promise<void> {
    const hosts = [...this.#hosts.values()];
    this.#hosts.clear();
    for (const { rest } of hosts) clearTimeout(rest);
    await Promise.all(hosts.map(async ({ throwaway }) => (await throwaway.catch(() => undefined))?.stop()));
  }

  /**
   * Seals a letter and leaves it at the recipient's mailboxes; where fewer than {@link courier.ENOUGH_COPIES} take it, also at the
   * nodes nearest to the recipient's key.
   * @returns how many nodes have it on disk; 0 also where the recipient's sealing key is not known
   */
  async deposit(to: Uint8Array, letter: Uint8Array, signal: AbortSignal): Promise<number> {
    const { contacts, network, logger } = this.#deps;
    await this.#refresh(to, signal);
    const contact = contacts.get(to);
    if (contact?.sealing === undefined) {
      logger.debug({ to: traderToText(to) }, 'no sealing key of a recipient is known yet');
      return 0;
    }
    const sealed = seal(letter, contact.sealing, new Uint8Array(randomBytes(32)));
    const own = new Set([network.peerId, ...contacts.peers(to)]);
    const named = (contact.mailboxes ?? []).filter((peer) => !own.has(peer));
    const atNamed = this.#leave(to, sealed, named, signal);
    const limit = new AbortController();
    const patience = wait(NAMED_PATIENCE, 0, { signal: limit.signal, ref: false }).catch(() => 0);
    const early = await Promise.race([atNamed, patience]).finally(() => limit.abort());
    if (early >= courier.ENOUGH_COPIES) return early;
    // They may have been replaced a moment ago; and what is named last may all be gone.
    const tried = new Set([...own, ...named]);
    const atNearest = nodesOf(this.#deps, to, signal).then((near) =>
      this.#leave(
        to,
        sealed,
        near.map(({ id }) => id).filter((id) => !tried.has(id)),
        signal,
      ),
    );
    const copies = await Promise.all([atNamed, atNearest]);
    return copies[0] + copies[1];
  }

  async #leave(to: Uint8Array, letter: Uint8Array, mailboxes: readonly string[], signal: AbortSignal): Promise<number> {
    const outcomes = await Promise.all(
      mailboxes.map(async (mailbox) => {
        try {
          const addresses = await this.#addressesOf(mailbox, signal);
          const put = async (deposit: Deposit): Promise<void> => {
            const [body, options] = [writeBody(deposit), { signal, timeout: DEPOSIT_TIMEOUT }];
            await this.#asStranger(to, (host) => host.request(mailbox, addresses, DEPOSIT_METHOD, body, options));
          };
          const work = async (): Promise<void> => put(await this.#worked(to, letter, mailbox, signal));
          const known = this.#deps.contacts.tokenFor(to);
          if (known === undefined) await work();
          else {
            const token = { record: known.record, signature: signDeposit(known.seed, mailbox, letterHash(letter)) };
            await put({ to, letter, token }).catch((error: unknown) => {
              // It ends with the delegation inside it; and that the device which gave it was revoked may have been heard there first.
              if (isNiagaError(error, 'DELEGATION_EXPIRED') || isNiagaError(error, 'DELEGATION_REVOKED')) return work();
              throw error;
            });
          }
          return true;
        } catch (error) {
          signal.throwIfAborted();
          this.#deps.logger.debug({ mailbox, error: String(error) }, 'a mailbox did not take a letter');
          return false;
        }
      }),
    );
    return outcomes.filter(Boolean).length;
  }

  /** Without a token of the recipient: seconds for the first letter to somebody, then never again. */
  async #worked(to: Uint8Array, letter: Uint8Array, mailbox: string, signal: AbortSignal): Promise<Deposit> {
    const day = dayOf(this.#deps.now());
    const prefix = workPrefix(mailbox, letterHash(letter), day);
    for (let from = 0; ; from += WORK_PIECE) {
      const nonce = findWork(prefix, workBits(letter.length), from, WORK_PIECE);
      if (nonce !== undefined) return { to, letter, work: { day, nonce } };
      await nextTurn();
      signal.throwIfAborted();
    }
  }

  async #addressesOf(peer: string, signal: AbortSignal): Promise<readonly string[]> {
    const { directory } = this.#deps.network;
    const known = directory.get(peer)?.addresses ?? [];
    if (known.length > 0) return known;
    await this.#deps.network.lookup(peerIdFromString(peer).toMultihash().bytes, { signal, timeout: 4 * second });
    return directory.get(peer)?.addresses ?? [];
  }

  /** What the recipient's profile says now, where that was not read a moment ago. */
  async #refresh(to: Uint8Array, signal: AbortSignal): Promise<void> {
    const { traderRecords, contacts, now, logger } = this.#deps;
    const key = traderToText(to);
    const contact = contacts.get(to);
    const wasRead = performance.now() - (this.#read.get(key) ?? Number.NEGATIVE_INFINITY) < PROFILE_FRESH;
    // By clocks that may be set: a word from the time to come is of no known age.
    const wasTold = Math.abs(now() - (contact?.learned ?? 0)) < PROFILE_FRESH;
    if ((wasRead || wasTold) && contact?.sealing !== undefined) return;
    try {
      const profile = await limited(PROFILE_TIMEOUT, [signal], (limit) =>
        traderRecords.get(to, 'profile', { signal: limit }),
      );
      if (profile === undefined) return;
      this.#read.set(key, performance.now());
      const { item, created, device } = profile.payload;
      const by = deviceToPeerId(device);
      if (contacts.peers(to).length === 0) contacts.meet(to, by);
      if (item.sealing !== undefined)
        contacts.learn(to, { sealing: item.sealing, mailboxes: item.mailboxes ?? [] }, { by, at: created });
    } catch (error) {
      signal.throwIfAborted();
      if (!isNiagaError(error) && !(error instanceof DOMException)) throw error;
      logger.debug({ to: key, error: String(error) }, 'the profile of a recipient could not be read');
    }
  }

  /** Does something under a throw-away id: the same for one recipient for a while, so that its letters are not tied to others'. */
  async #asStranger<T>(to: Uint8Array, task: (host: Throwaway) => Promise<T>): Promise<T> {
    const { network, now } = this.#deps;
    const key = traderToText(to);
    const before = this.#hosts.get(key);
    let host = before;
    if (host === undefined || host.until <= now()) {
      host = { throwaway: network.throwaway(), until: now() + THROWAWAY_LIFETIME, users: 0, rest: undefined };
      this.#hosts.set(key, host);
      if (before?.users === 0) this.#end(key, before);
    }
    const used = host;
    clearTimeout(used.rest);
    used.users++;
    try {
      return await task(await used.throwaway);
    } finally {
      used.users--;
      // One that was replaced meanwhile has nobody else to end it.
      const rest = this.#hosts.get(key) === used ? THROWAWAY_REST : 0;
      if (used.users === 0) used.rest = setTimeout(() => this.#end(key, used), rest).unref();
    }
  }

  #end(key: string, host: Host): void {
    clearTimeout(host.rest);
    if (this.#hosts.get(key) === host) this.#hosts.delete(key);
    host.throwaway
      .then((throwaway) => throwaway.stop())
      .catch((error: unknown) => this.#deps.logger.debug({ error: String(error) }, 'a throw-away node did not stop'));
  }
}
