import type { CID } from 'multiformats/cid';
import { isNiagaError, NiagaError } from '../../protocol/errors.js';
import { deviceToPeerId, equalBytes, traderToText } from '../../protocol/ids.js';
import { MAX_PARCEL_BYTES, parcelId, type Reply } from '../../protocol/mail/index.js';
import { createBoundedCache } from '../../protocol/bounded-cache.js';
import { patiently } from '../concurrency.js';
import type { DeviceRecord } from '../identity/index.js';
import { writeBody } from '../network/bodies.js';
import { TokenBucket } from '../network/limits.js';
import { isNearTo } from '../trader-records/places.js';
import { Collector } from './collector.js';
import { Contacts } from './contacts.js';
import { Depositor } from './depositor.js';
import { Inbox } from './inbox.js';
import type {
  Acknowledged,
  Mail,
  MailDeps,
  Outgoing,
  OwnReceipt,
  ParcelHandler,
  Posted,
  SentState,
  StateChange,
} from './index.js';
import { serveMailbox } from './mailbox-methods.js';
import { Letters } from './letters.js';
import { Mailbox } from './mailbox.js';
import { mailOptions } from './options.js';
import { OutboxTables } from './outbox.js';
import { OwnMailboxes } from './own-mailboxes.js';
import { Postman } from './postman.js';
import { ReceiptQuota } from './receipt-quota.js';
import { SealingKeys } from './sealing-keys.js';
import { DELIVER_METHOD, MAX_DELIVERY } from './wire.js';

const hour = 60 * 60 * 1000;
/** How often keys are looked at and kept letters that are over are deleted. */
const UPKEEP = hour;
/** Mailboxes change one after the other when a node starts: the profile is brought out once for all of them. */
const PROFILE_DELAY = 700;
/** What was refused is told so long, and so many of it at most. */
const REFUSED_FOR = 30 * 24 * hour;
const MAX_REFUSED = 200;
/** Letters of one peer: a shop in its best hour has a few a second, each of up to 64 parcels. */
const LETTERS_PER_SECOND = 50;
const LETTER_BURST = 500;
const MAX_PEERS = 4_096;

/** The mail of a node: own letters out and in, and the mailboxes that it keeps for others. */
export class MailService implements Mail {
  readonly #deps: MailDeps;
  readonly #ending: number;
  readonly #keys: SealingKeys;
  readonly #tables: OutboxTables;
  readonly #contacts: Contacts;
  readonly #mailbox: Mailbox;
  readonly #own: OwnMailboxes;
  readonly #depositor: Depositor;
  readonly #letters: Letters;
  readonly #postman: Postman;
  readonly #quota: ReceiptQuota;
  readonly #inbox: Inbox;
  readonly #collector: Collector;
  readonly #handlers = new Map<string, ParcelHandler>();
  readonly #contactListeners = new Set<(trader: Uint8Array) => void>();
  readonly #buckets = createBoundedCache<TokenBucket>(MAX_PEERS);
  #ends: (() => void)[] = [];
  #serving = false;
  #running = false;
  #publishing: Promise<void> = Promise.resolve();
  #profileTimer: NodeJS.Timeout | undefined;

  constructor(deps: MailDeps) {
    this.#deps = deps;
    const options = mailOptions(deps.options);
    this.#ending = options.ending;
    const { store, network, home, passphrase } = deps;
    this.#keys = new SealingKeys(home, passphrase);
    this.#tables = new OutboxTables(store);
    this.#contacts = new Contacts({ ...deps, options });
    this.#mailbox = new Mailbox({
      ...deps,
      options,
      peerId: network.peerId,
      isNear: (trader) => isNearTo(deps, trader, 'profile'),
    });
    this.#own = new OwnMailboxes({ ...deps, options });
    this.#depositor = new Depositor({ ...deps, contacts: this.#contacts });
    this.#letters = new Letters({ ...deps, contacts: this.#contacts, reply: () => this.#reply() });
    this.#postman = new Postman({
      ...deps,
      tables: this.#tables,
      contacts: this.#contacts,
      depositor: this.#depositor,
      handlers: this.#handlers,
      slow: options.slow,
      letters: this.#letters,
      answered: (letter) => this.#answered(letter),
    });
    this.#quota = new ReceiptQuota({ ...deps, options });
    this.#inbox = new Inbox({
      ...deps,
      tables: this.#tables,
      contacts: this.#contacts,
      postman: this.#postman,
      handlers: this.#handlers,
      quota: this.#quota,
      secrets: () => this.#keys.secrets,
      hasOthers: () => this.#hasOthers(),
    });
    this.#collector = new Collector({
      ...deps,
      options,
      mailboxes: this.#own,
      take: (sealed) => this.#inbox.unseal(sealed),
      hasOthers: () => this.#hasOthers(),
      onChange: () => this.#publishSoon(),
    });
  }

  async start(): Promise<void> {
    if (this.#running) return;
    const { network, now } = this.#deps;
    await this.#keys.load(now());
    await this.#contacts.load();
    await this.#own.load();
    await this.#mailbox.load();
    await this.#quota.load();
    await this.#postman.start();
    this.#running = true;
    this.#serve();
    const upkeep = setInterval(() => void this.#upkeep(), UPKEEP).unref();
    this.#ends = [
      network.on('peer:connect', (peer) => this.#met(peer)),
      network.on('ready', () => this.#postman.wakeAll()),
      this.#deps.devices.onLearnt((records) => this.#learnt(records)),
      () => clearInterval(upkeep),
      () => clearTimeout(this.#profileTimer),
    ];
    this.#collector.start();
    this.#postman.wakeAll();
    for (const peer of network.connections()) this.#met(peer);
  }

  async stop(): Promise<void> {
    if (!this.#running) return;
    // Where its letters go from now on, and what it has in hand, the receipts for what it has just fetched say.
    const fetched = this.#collector.stop();
    await patiently(Promise.all([this.#publishOwed(), fetched.then(() => this.#postman.away())]), this.#ending);
    this.#running = false;
    for (const end of this.#ends) end();
    this.#ends = [];
    this.#mailbox.stop();
    await Promise.all([fetched, this.#postman.stop()]);
    await this.#depositor.stop();
  }

  handle(kind: string, handler: ParcelHandler): void {
    if (this.#handlers.has(kind))
      throw new NiagaError('INTERNAL', `Parcels of the kind ${kind} have a handler already.`);
    this.#handlers.set(kind, handler);
  }

  post(parcels: readonly Outgoing[]): Posted {
    const since = this.#deps.now();
    const posted = parcels.map(({ to, kind, bytes, about }) => {
      if (bytes.length > MAX_PARCEL_BYTES)
        throw new NiagaError('RECORD_TOO_LARGE', `A parcel has at most ${MAX_PARCEL_BYTES} bytes.`);
      const id = parcelId(kind, bytes);
      const waiting = { kind, since, ...(about === undefined ? {} : { about: about.toString() }) };
      return { to, id, waiting, bytes };
    });
    return {
      ids: posted.map(({ id }) => id),
      writes: posted.flatMap(({ to, id, waiting, bytes }) =>
        this.#tables.post(traderToText(to), id.toString(), waiting, bytes),
      ),
      send: () => {
        for (const { to, id, waiting, bytes } of posted) this.#postman.posted(to, id.toString(), waiting, bytes);
      },
    };
  }

  acknowledge(parcel: Acknowledged): OwnReceipt & { send(): void } {
    return this.#inbox.acknowledge(parcel);
  }

  async read(from: Uint8Array, ids: readonly CID[], about?: CID): Promise<void> {
    if (this.#deps.readReceipts !== false) await this.#inbox.read(from, ids, about);
  }

  recall(to: Uint8Array, ids: readonly (CID | string)[]): void {
    for (const id of ids) this.#postman.apply(to, { type: 'recalled', id: id.toString() });
  }

  dismiss(to: Uint8Array, ids: readonly (CID | string)[]): void {
    for (const id of ids) this.#postman.apply(to, { type: 'dismissed', id: id.toString() });
  }

  stateOf(to: Uint8Array, id: CID | string): Promise<SentState | undefined> {
    return this.#postman.stateOf(to, id.toString());
  }

  waiting(about?: CID | string): readonly StateChange[] {
    return this.#postman.waiting(about?.toString());
  }

  outboxSize(): number {
    return this.#postman.size;
  }

  meet(trader: Uint8Array, peer: string): void {
    this.#contacts.meet(trader, peer);
  }

  peers(trader: Uint8Array): readonly string[] {
    return this.#contacts.peers(trader);
  }

  mailboxes(): readonly string[] {
    return this.#own.named;
  }

  kept(): { readonly letters: number; readonly bytes: number } {
    return this.#mailbox.size;
  }

  onState(listener: (change: StateChange) => void): () => void {
    return this.#postman.onState(listener);
  }

  onContact(listener: (trader: Uint8Array) => void): () => void {
    this.#contactListeners.add(listener);
    return () => this.#contactListeners.delete(listener);
  }

  #serve(): void {
    if (this.#serving) return;
    this.#serving = true;
    const { network } = this.#deps;
    network.handle(
      DELIVER_METHOD,
      async (body) => {
        this.#checkRunning();
        const { results, asks } = await this.#inbox.deliver(body.slice());
        return writeBody({ results, ...(asks === undefined ? {} : { reply: this.#letters.replyTo(asks) }) });
      },
      { maxRequest: MAX_DELIVERY, maxConcurrent: 64, admit: (peer) => this.#admit(peer) },
    );
    serveMailbox({ ...this.#deps, mailbox: this.#mailbox, checkRunning: () => this.#checkRunning() });
  }

  /** @throws NiagaError STOPPED */
  #checkRunning(): void {
    if (!this.#running) throw new NiagaError('STOPPED', 'The node is starting or stopping.');
  }

  /** @throws NiagaError RATE_LIMITED */
  #admit(peer: string): void {
    const now = this.#deps.now();
    const bucket = this.#buckets.get(peer) ?? new TokenBucket(LETTERS_PER_SECOND, LETTER_BURST, now);
    this.#buckets.set(peer, bucket);
    if (bucket.take(1, now) > 0) throw new NiagaError('RATE_LIMITED', 'You send more letters than one may.');
  }

  #hasOthers(): boolean {
    const { devices, identity } = this.#deps;
    return devices
      .devicesOf(identity.trader)
      .some(
        ({ payload: { delegate } }) =>
          !equalBytes(delegate, identity.device) && !devices.isRevoked(identity.trader, delegate),
      );
  }

  /** What others are told of how to answer. */
  #reply(): Pick<Reply, 'sealing' | 'mailboxes'> {
    return { sealing: this.#keys.current, mailboxes: [...this.#own.named] };
  }

  /** What has come was delivered, whatever else its recipient says. */
  async #answered(letter: Uint8Array): Promise<void> {
    try {
      await this.#inbox.deliver(letter);
    } catch (error) {
      if (!isNiagaError(error)) throw error;
      this.#deps.onRefused(error.code);
    }
  }

  /** A trader with whom there was mail writes on another machine from now on: what waits goes there, for the one before may be lost. */
  #learnt(records: readonly DeviceRecord[]): void {
    const { devices, network } = this.#deps;
    for (const { payload } of records) {
      const holder = payload.kind === 'writer' ? devices.writerOf(payload.trader)?.payload.holder : undefined;
      if (holder === undefined || this.#contacts.get(payload.trader) === undefined) continue;
      const peer = deviceToPeerId(holder);
      this.#contacts.meet(payload.trader, peer);
      if (network.connections().includes(peer)) this.#met(peer);
    }
  }

  #met(peer: string): void {
    const trader = this.#contacts.traderOf(peer);
    if (trader === undefined || equalBytes(trader, this.#deps.identity.trader)) return;
    this.#contacts.meet(trader, peer);
    this.#postman.connected(trader);
    for (const listener of this.#contactListeners) {
      try {
        listener(trader);
      } catch (error) {
        this.#deps.logger.error({ error: String(error) }, 'a listener to contacts failed');
      }
    }
  }

  async #upkeep(): Promise<void> {
    const { now, logger } = this.#deps;
    try {
      if (await this.#keys.rotate(now())) this.#publishSoon();
      await this.#mailbox.expire();
      await this.#tables.prune(now());
      await this.#quota.prune();
      const partners = [...(this.#deps.partners?.() ?? [])].map(traderToText);
      await this.#contacts.prune(new Set([...partners, ...this.#postman.recipients()]));
      this.#forgetRefused();
    } catch (error) {
      logger.warn({ error: String(error) }, 'the upkeep of the mail failed');
    }
  }

  /** Nobody looks at what was refused long ago, or at thousands of them. */
  #forgetRefused(): void {
    const refused = this.#postman.refused();
    const over = refused.length - MAX_REFUSED;
    const old = this.#deps.now() - REFUSED_FOR;
    for (const [at, { to, id, since }] of refused.entries()) if (at < over || since < old) this.dismiss(to, [id]);
  }

  #publishSoon(): void {
    if (this.#profileTimer !== undefined || !this.#running) return;
    this.#profileTimer = setTimeout(() => {
      this.#profileTimer = undefined;
      this.#publishing = this.#publishing.then(() => this.#publish());
    }, PROFILE_DELAY).unref();
  }

  /** What others are to know before this node is away; what takes too long ends with the service that brings it out. */
  async #publishOwed(): Promise<void> {
    if (this.#profileTimer !== undefined) {
      clearTimeout(this.#profileTimer);
      this.#profileTimer = undefined;
      this.#publishing = this.#publishing.then(() => this.#publish());
    }
    await this.#publishing;
  }

  /** Names the mailboxes and the sealing key in the profile, where it does not name just these. */
  async #publish(): Promise<void> {
    const { traderRecords, identity, logger } = this.#deps;
    const { sealing, mailboxes } = this.#reply();
    const item = traderRecords.own('profile')?.payload.item;
    const same =
      item?.sealing !== undefined && equalBytes(item.sealing, sealing) && item.mailboxes?.join() === mailboxes.join();
    if (same || !this.#running) return;
    try {
      await traderRecords.publish('profile', { name: identity.name, ...item, sealing, mailboxes });
    } catch (error) {
      if (this.#running) logger.warn({ error: String(error) }, 'the mailboxes could not be published');
    }
  }
}
