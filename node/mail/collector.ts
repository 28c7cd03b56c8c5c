import { createBoundedCache } from '../../protocol/bounded-cache.js';
import { isNiagaError } from '../../protocol/errors.js';
import { LETTER_LIFETIME, letterHash } from '../../protocol/mail/index.js';
import { signRecord } from '../../protocol/record.js';
import { hex } from '../bytes.js';
import { whenMet } from '../meeting.js';
import { readBody } from '../network/bodies.js';
import { ConcurrencyLimit } from '../network/limits.js';
import { nodesOf } from '../trader-records/places.js';
import type { MailDeps } from './index.js';
import type { MailOptions } from './options.js';
import type { OwnMailboxes } from './own-mailboxes.js';
import { COLLECT_METHOD, collectAnswerSchema, MAX_COLLECTED_BYTES } from './wire.js';

const second = 1000;
/** For the answer itself, beside the time that it waits for a letter. */
const ANSWER_TIME = 8 * second;
/** Pauses after a mailbox that did not answer; the last goes on. */
const PAUSES = [1, 2, 5, 10, 30, 60].map((seconds) => seconds * second);
/** After letters that could not be taken here: the disk may be full. */
const STUCK_PAUSE = 30 * second;
/** Letters met lately: each lies in several mailboxes. */
const REMEMBERED = 2_000;
/** Hashes in one request. */
const MAX_DROP = 500;
/** Letters for other own devices that a mailbox is asked to leave out; more are looked at again and again. */
const MAX_LEFT = 1_000;
/** How often it is seen to whether mailboxes must be replaced. */
const CHECK = 10 * second;
/** Nodes come in groups: mailboxes are chosen so long after the first. */
const GATHER = 500;
/** How soon after the start the nodes near the own key are asked again: by then more of them are known. */
const SECOND_ROUND = 6 * second;
/** Letters that are opened and handed over at a time. */
const SIDE_BY_SIDE = 4;
/** A mailbox that the profile names is worth a kept connection. */
const WEIGHT = 60;

export interface CollectorDeps extends Pick<MailDeps, 'network' | 'networkName' | 'identity' | 'now' | 'logger'> {
  readonly mailboxes: OwnMailboxes;
  readonly options: MailOptions;
  /** Opens a sealed letter and sees to what is in it; false where it has to stay for another own device. */
  readonly take: (sealed: Uint8Array) => Promise<boolean>;
  /** Whether this trader has other devices, with keys of their own. */
  readonly hasOthers: () => boolean;
  /** The mailboxes have changed. */
  readonly onChange: () => void;
}

/** Fetches this trader's letters: from its mailboxes as they come, from the nodes near its key now and then. */
export class Collector {
  readonly #deps: CollectorDeps;
  readonly #limit = new ConcurrencyLimit(SIDE_BY_SIDE, { requests: 10_000 });
  readonly #met = createBoundedCache<Promise<boolean> | undefined>(REMEMBERED);
  /** Letters that only another own device can open: their hashes, and when they were met. */
  readonly #left = new Map<string, { readonly hash: Uint8Array; readonly at: number }>();
  /** What each mailbox may forget. */
  readonly #drop = new Map<string, Map<string, Uint8Array>>();
  readonly #loops = new Map<string, Promise<void>>();
  readonly #pauses = new Map<string, () => void>();
  #stopping = new AbortController();
  #ends: (() => void)[] = [];
  #round: Promise<void> = Promise.resolve();

  constructor(deps: CollectorDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#stopping = new AbortController();
    const { network, options } = this.#deps;
    const timers = [
      setInterval(() => this.#check(), CHECK).unref(),
      setInterval(() => this.#askAround(), options.round).unref(),
    ];
    let second: NodeJS.Timeout | undefined;
    const ready = (): void => {
      this.#askAround();
      second ??= setTimeout(() => this.#askAround(), SECOND_ROUND).unref();
    };
    this.#ends = [
      network.on('ready', ready),
      whenMet(network, GATHER, () => this.#check()),
      network.on('peer:connect', (peer) => this.#pauses.get(peer)?.()),
      () => timers.forEach(clearInterval),
      () => clearTimeout(second),
    ];
    if (network.ready) ready();
    this.#check();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const end of this.#ends) end();
    this.#ends = [];
    for (const go of this.#pauses.values()) go();
    await Promise.all([...this.#loops.values(), this.#round]);
    this.#loops.clear();
  }

  /** Chooses mailboxes where some are wanting, and listens at all that are in use. */
  #check(): void {
    if (this.#stopping.signal.aborted) return;
    const { mailboxes, onChange, network } = this.#deps;
    if (network.connections().length > 0 && mailboxes.choose()) onChange();
    for (const peer of mailboxes.used) {
      if (this.#loops.has(peer)) continue;
      const loop = this.#listen(peer).finally(() => this.#loops.delete(peer));
      this.#loops.set(peer, loop);
    }
  }

  /** Waits at one mailbox for letters, as long as it is in use. */
  async #listen(peer: string): Promise<void> {
    const { mailboxes, network, onChange, options, logger } = this.#deps;
    const { signal } = this.#stopping;
    let failures = 0;
    // The first time nothing is waited for: it is to be known soon whether it answers at all.
    let wait = 0;
    while (!signal.aborted && mailboxes.used.includes(peer)) {
      try {
        // Every now and then others are asked where it is.
        const outcome = await this.#collect(peer, wait, failures % PAUSES.length === PAUSES.length - 1);
        failures = 0;
        wait = outcome === 'more' ? 0 : options.wait;
        if (mailboxes.answered(peer)) onChange();
        network.keep(peer, WEIGHT);
        if (outcome === 'stuck') await this.#pause(peer, STUCK_PAUSE);
      } catch (error) {
        if (signal.aborted) return;
        logger.debug({ mailbox: peer, error: String(error) }, 'a mailbox did not answer');
        mailboxes.silent(peer);
        wait = 0;
        // One that is only starting does not know the method yet, and one of another version never does.
        if (isNiagaError(error, 'OPERATION_UNKNOWN')) failures = Math.max(failures, 2);
        await this.#pause(peer, PAUSES[Math.min(failures, PAUSES.length - 1)] ?? second);
        failures++;
      }
    }
  }

  /** Asks those where letters may lie though the profile does not name them: nodes near the own key, and former mailboxes. */
  #askAround(): void {
    const { signal } = this.#stopping;
    const { identity, mailboxes, network, logger } = this.#deps;
    this.#round = this.#round.then(async () => {
      if (signal.aborted || network.connections().length === 0) return;
      try {
        const near = await nodesOf(this.#deps, identity.trader, signal, { wide: true });
        const used = new Set(mailboxes.used);
        const asked = new Set(
          [...near.map(({ id }) => id), ...mailboxes.retired].filter(
            (peer) => !used.has(peer) && peer !== network.peerId,
          ),
        );
        await Promise.all(
          [...asked].map(async (peer) => {
            try {
              while ((await this.#collect(peer, 0, false)) === 'more');
            } catch (error) {
              if (!signal.aborted)
                logger.debug({ peer, error: String(error) }, 'a node near the own key did not answer');
            }
          }),
        );
      } catch (error) {
        if (!signal.aborted) logger.debug({ error: String(error) }, 'the nodes near the own key could not be asked');
      }
    });
  }

  /** One request. `more`: there may be more; `stuck`: what came could not be taken, and would come again at once. */
  async #collect(peer: string, wait: number, force: boolean): Promise<'more' | 'empty' | 'stuck'> {
    const { identity, network, now } = this.#deps;
    const { signal } = this.#stopping;
    const drop = [...(this.#drop.get(peer) ?? [])].slice(0, MAX_DROP);
    const leave = this.#leave();
    const draft = {
      mailbox: peer,
      drop: drop.map(([, hash]) => hash),
      wait,
      ...(leave.size === 0 ? {} : { leave: [...leave.values()] }),
    };
    const options = { network: identity.network, created: now(), inlineDelegation: true };
    const { bytes } = signRecord('mailbox-request', draft, identity, options);
    const answer = await network.request(peer, COLLECT_METHOD, bytes, {
      signal,
      timeout: wait + ANSWER_TIME,
      maxResponse: MAX_COLLECTED_BYTES + 64 * 1024,
      retry: true,
      force,
    });
    const { letters, more } = readBody(collectAnswerSchema, answer, `answer to ${COLLECT_METHOD}`);
    for (const [name] of drop) this.#drop.get(peer)?.delete(name);
    const taken = await Promise.all(letters.map((sealed) => this.#take(sealed, peer, leave)));
    if (taken.includes(true)) return 'more';
    return letters.length > 0 ? 'stuck' : more ? 'more' : 'empty';
  }

  /** What mailboxes need not tell of again. */
  #leave(): ReadonlyMap<string, Uint8Array> {
    // Without other devices it is nobody's, and goes.
    if (!this.#deps.hasOthers()) this.#left.clear();
    for (const [name, { at }] of this.#left) if (this.#deps.now() - at >= LETTER_LIFETIME) this.#left.delete(name);
    return new Map([...this.#left].map(([name, { hash }]) => [name, hash]));
  }

  /** Whether it need not be told of again: it was taken, now or before, or stays for another own device. */
  async #take(sealed: Uint8Array, peer: string, leave: ReadonlyMap<string, unknown>): Promise<boolean> {
    const { take, logger } = this.#deps;
    const hash = letterHash(sealed);
    const name = hex(hash);
    const met = this.#met.get(name) ?? this.#limit.run(() => take(sealed.slice()));
    this.#met.set(name, met);
    try {
      if (!(await met)) {
        this.#met.set(name, undefined);
        if (leave.has(name) || this.#left.size >= MAX_LEFT) return false;
        this.#left.set(name, { hash, at: this.#deps.now() });
        return true;
      }
    } catch (error) {
      // It stays where it is and comes again.
      this.#met.set(name, undefined);
      if (!this.#stopping.signal.aborted) logger.warn({ error: String(error) }, 'a letter could not be taken');
      return false;
    }
    for (const one of new Set([peer, ...this.#deps.mailboxes.used])) this.#mayForget(one, name, hash);
    return true;
  }

  #mayForget(peer: string, name: string, hash: Uint8Array): void {
    const drop = this.#drop.get(peer) ?? new Map<string, Uint8Array>();
    this.#drop.set(peer, drop);
    drop.set(name, hash);
    const oldest = drop.size > REMEMBERED ? drop.keys().next().value : undefined;
    if (oldest !== undefined) drop.delete(oldest);
  }

  async #pause(peer: string, ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const go = (): void => {
        clearTimeout(timer);
        this.#pauses.delete(peer);
        resolve();
      };
      const timer = setTimeout(go, ms);
      this.#pauses.set(peer, go);
    });
  }
}
