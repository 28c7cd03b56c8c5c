import { encode } from '../../protocol/cbor.js';
import { NiagaError } from '../../protocol/errors.js';
import { deviceToPeerId, equalBytes } from '../../protocol/ids.js';
import type { Delegation } from '../../protocol/identity/delegation.js';
import { MAX_STANDS } from '../../protocol/identity/stands.js';
import { KINDS, MAX_ENVELOPE_OVERHEAD } from '../../protocol/kinds.js';
import { CLOCK_SKEW, openRecord } from '../../protocol/record.js';
import type { DevicesView } from '../api/rows/identity.js';
import { createMutex } from '../concurrency.js';
import { delegate, isHalfOver, type DeviceRecord } from '../identity/index.js';
import { DEVICE_KINDS } from '../identity/device-book.js';
import { DeviceExchange } from './exchange.js';
import type { Devices, DevicesDeps, Drafted } from './index.js';
import { LeaseRenewal } from './lease-renewal.js';
import { findDevice, nameOf } from './names.js';
import { lastOf } from './stands.js';
import { WriterLease } from './writer.js';

const HOUR = 60 * 60 * 1000;
const DAY = 24 * HOUR;
/** How often delegations and the lease are looked through for those that must be renewed. */
const RENEWAL_CHECK = HOUR;
/** So long before the end of a delegation that cannot be renewed here its owner is told, and told again every week. */
const WARN_BEFORE = 60 * DAY;
const WARN_EVERY = 7 * DAY;
/** The question after a start whether another device writes by now takes no longer than this. */
const ASK_TIMEOUT = 5_000;
const MAX_DRAFTS = 4 * (KINDS.revocation.maxBytes + MAX_ENVELOPE_OVERHEAD);

export class DeviceService implements Devices {
  readonly #deps: DevicesDeps;
  readonly #lease: WriterLease;
  readonly #renewal: LeaseRenewal;
  readonly #exchange: DeviceExchange;
  readonly #listeners = new Set<() => void>();
  readonly #lock = createMutex();
  #stopping = new AbortController();
  #ends: (() => void)[] = [];
  #asked: Promise<unknown> = Promise.resolve();
  #asOf: number | undefined;
  /** The lease is being handed over: what is signed now would not be among what stands. */
  #passing = false;
  #warned = 0;
  #work: Promise<unknown> = Promise.resolve();

  constructor(deps: DevicesDeps) {
    this.#deps = deps;
    this.#lease = new WriterLease(deps);
    this.#exchange = new DeviceExchange(deps, deps.book);
    this.#renewal = new LeaseRenewal({
      lease: this.#lease,
      learn: ({ bytes }) => deps.book.learn([bytes]),
      ask: () => this.#askOnce(),
      hasOthers: () => this.#others().length > 0,
    });
  }

  async start(): Promise<void> {
    if (this.#ends.length > 0) return;
    this.#stopping = new AbortController();
    const { book, identity, network } = this.#deps;
    await book.learn(identity.delegations.map(({ bytes }) => bytes));
    this.#takeUpDelegations();
    this.#exchange.start();
    let first: (() => void) | undefined;
    this.#asked = new Promise<void>((resolve) => (first = resolve));
    const ask = (): void => {
      void this.#askOnce().then(() => first?.());
    };
    const timer = setInterval(() => this.#inBackground(() => this.#tick()), RENEWAL_CHECK).unref();
    const patience = setTimeout(() => first?.(), ASK_TIMEOUT).unref();
    this.#ends = [
      book.onLearnt((records) => this.#learnt(records)),
      network.on('ready', ask),
      () => clearInterval(timer),
      () => clearTimeout(patience),
      () => first?.(),
    ];
    if (network.ready) ask();
    // Alone on the network, or with one device only, there is nothing to wait for.
    if (!this.hasOthers) first?.();
    await this.renew();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const end of this.#ends) end();
    this.#ends = [];
    await this.#exchange.stop();
    await this.#work;
    await this.#lock(() => Promise.resolve());
  }

  get mayWrite(): boolean {
    const { book, identity } = this.#deps;
    if (!this.#lease.isHere || this.#passing || book.isRevoked(identity.trader, identity.device)) return false;
    // One that slept for weeks first asks whether another device has taken the lease since.
    if (this.#lease.isOver) this.#renewSoon();
    return !this.#lease.isOver;
  }

  get writer(): string | undefined {
    const { book, identity } = this.#deps;
    const holder = this.#lease.current?.payload.holder;
    return holder === undefined || book.isRevoked(identity.trader, holder) ? undefined : deviceToPeerId(holder);
  }

  get hasOthers(): boolean {
    const { book, identity } = this.#deps;
    return this.#lease.current !== undefined || book.devicesOf(identity.trader).length > 1;
  }

  siblings(): string[] {
    return this.#others().map((device) => deviceToPeerId(device));
  }

  async devicesOf(trader: Uint8Array, signal: AbortSignal = this.#stopping.signal): Promise<string[]> {
    const { book } = this.#deps;
    await this.#exchange.ask(trader, [], signal);
    const holder = book.writerOf(trader)?.payload.holder;
    return book
      .devicesOf(trader)
      .map(({ payload }) => payload)
      .filter((one) => !book.isRevoked(trader, one.delegate))
      .sort((a, b) => b.created - a.created)
      .sort((a, b) => Number(isSame(b.delegate, holder)) - Number(isSame(a.delegate, holder)))
      .map((one) => deviceToPeerId(one.delegate));
  }

  async learnFrom(peer: string, signal: AbortSignal = this.#stopping.signal): Promise<void> {
    await this.#exchange.askPeer(peer, this.#deps.identity.trader, signal);
  }

  async checkWriter(): Promise<void> {
    await this.#asked;
    if (this.#lease.isHere && this.#lease.isOver) await this.#renewal.run();
    this.#lease.check();
  }

  async view(): Promise<DevicesView> {
    const { book, identity } = this.#deps;
    const { trader } = identity;
    const lease = this.#lease.current?.payload;
    const root = (await identity.root()) !== undefined;
    const devices = book
      .devicesOf(trader)
      .map(({ payload }) => payload)
      .sort((a, b) => a.created - b.created)
      .map((payload) => {
        const revocation = book.revocationsOf(trader, payload.delegate)[0];
        return {
          device: deviceToPeerId(payload.delegate),
          label: payload.label ?? '',
          here: equalBytes(payload.delegate, identity.device),
          writes: lease === undefined ? this.#isOnly(payload.delegate) : equalBytes(lease.holder, payload.delegate),
          may: payload.may,
          expires: payload.expires,
          revoked: revocation?.payload.created ?? null,
        };
      });
    return {
      trader: identity.traderText,
      root: root ? 'here' : 'words',
      devices,
      lease:
        lease === undefined
          ? null
          : { holder: deviceToPeerId(lease.holder), epoch: lease.epoch, since: lease.created, expires: lease.expires },
      asOf: this.#asOf ?? null,
      copies: this.#exchange.copies,
      next: this.#advice(root),
    };
  }

  async submit(records: readonly Uint8Array[]): Promise<number> {
    const { book, identity, networkName } = this.#deps;
    for (const bytes of records) {
      const record = openRecord<(typeof DEVICE_KINDS)[number]>(bytes, { network: networkName, kinds: DEVICE_KINDS });
      if (!equalBytes(record.payload.trader, identity.trader))
        throw new NiagaError('DELEGATION_MISMATCH', 'A record of another trader was given.');
    }
    const [refused] = (await book.learn(records)).refused;
    if (refused !== undefined) throw refused;
    return this.#exchange.publish(this.#stopping.signal);
  }

  records(): Uint8Array[] {
    return this.#deps.book.recordsOf(this.#deps.identity.trader);
  }

  find(name: string): Uint8Array {
    return findDevice(name, this.#deps);
  }

  async revocationOf(device: Uint8Array, reason?: string): Promise<Drafted> {
    const { logs, underWay, identity } = this.#deps;
    const restoration = this.#deps.restoration();
    if (!restoration.isKnown) {
      throw new NiagaError(
        'RESTORE_PENDING',
        'Which trades are open is not known here yet: all of them would be void.',
        {
          next: 'Wait until the list of open trades was found; see: niaga identity devices',
        },
      );
    }
    if (equalBytes(device, identity.device)) {
      throw new NiagaError('USAGE', 'A machine cannot revoke itself: it could tell nobody afterwards.', {
        next: 'Type it on another machine of this trader, or restore one from the words: niaga identity restore',
      });
    }
    // Also trades that ended: the message that closed one may still be on its way.
    const known = await lastOf(logs({ ended: true }), device, underWay());
    const stands = [...restoration.listed, ...known].slice(0, MAX_STANDS);
    const revocation = {
      kind: 'revocation',
      revoked: device,
      stands,
      ...(reason === undefined ? {} : { reason }),
    };
    // The lease that a revoked device held or handed over must not hang on its word, nor go to a key that is no device's.
    const holder = this.#lease.current?.payload.holder;
    const next = this.#others().find((one) => isSame(one, holder) && !equalBytes(one, device)) ?? identity.device;
    const writer = { kind: 'writer', ...(await this.#lease.draft(next)) };
    return { drafts: encode([revocation, writer], { maxBytes: MAX_DRAFTS }), stands: stands.length };
  }

  async pass(device: Uint8Array, brought: () => Promise<void>): Promise<void> {
    const { book, identity } = this.#deps;
    await this.checkWriter();
    if (book.isRevoked(identity.trader, device))
      throw new NiagaError('DELEGATION_REVOKED', `${nameOf(device, this.#deps)} was revoked.`);
    if (equalBytes(device, identity.device)) return;
    await this.#lock(async () => {
      this.#passing = true;
      try {
        await brought();
        const lease = await this.#lease.sign(device);
        await this.submit([lease.bytes]);
      } finally {
        this.#passing = false;
      }
    });
  }

  async take(): Promise<Drafted | undefined> {
    const { identity } = this.#deps;
    await this.#asked;
    if (this.#lease.isHere && this.#lease.isOver) await this.#renewal.run();
    if (this.mayWrite) return undefined;
    this.#lease.checkSigner();
    const draft = await this.#lease.draft(identity.device);
    if (this.#lease.isOver) {
      await this.#askOnce();
      if (this.#lease.isOver) {
        await this.submit([(await this.#lease.sign(identity.device)).bytes]);
        return undefined;
      }
    }
    const stands = draft.stands.length;
    return { drafts: encode([{ kind: 'writer', ...draft }], { maxBytes: MAX_DRAFTS }), stands };
  }

  async renew(): Promise<void> {
    const { identity, book, now, networkName } = this.#deps;
    // Those of version 0.1.0 lack the key to which capsules are sealed.
    const isFresh = (one: Delegation): boolean => !isHalfOver(one, now()) && one.recovery !== undefined;
    const fresh = book.delegationsOf(identity.trader).filter(({ payload }) => isFresh(payload));
    const due = book
      .devicesOf(identity.trader)
      .map(({ payload }) => payload)
      // The newest may be one that a clock gone wrong dated ahead.
      .filter((one) => !fresh.some(({ payload }) => equalBytes(payload.delegate, one.delegate)))
      .filter((one) => !book.isRevoked(identity.trader, one.delegate));
    const root = due.length === 0 ? undefined : await identity.root();
    if (root === undefined) {
      if (due.length > 0) await this.#warn();
    } else {
      const renewed = due.map(({ delegate: device, label }) =>
        delegate(root, device, { network: networkName, now: now(), label }),
      );
      await book.learn(renewed.map(({ bytes }) => bytes));
    }
    await this.#renewal.run();
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #tick(): Promise<void> {
    await this.#askOnce();
    await this.renew();
  }

  /** Asks the network whether anything is new about the own devices; whether anybody has answered. */
  async #askOnce(): Promise<boolean> {
    const { identity, now, logger } = this.#deps;
    const peers = this.#others().map((device) => deviceToPeerId(device));
    try {
      const answers = await this.#exchange.ask(identity.trader, peers, this.#stopping.signal);
      if (answers > 0) this.#asOf = now();
      return answers > 0;
    } catch (error) {
      if (!this.#stopping.signal.aborted)
        logger.debug({ error: String(error) }, 'nothing was learnt about the own devices');
      return false;
    }
  }

  /** What was new is taken up: own delegations, siblings, and who writes. */
  #learnt(records: readonly DeviceRecord[]): void {
    const { identity } = this.#deps;
    const own = records.filter(({ payload }) => equalBytes(payload.trader, identity.trader));
    if (own.length === 0) return;
    this.#takeUpDelegations();
    this.#inBackground(async () => {
      await this.#deps.events.record([{ type: 'devices-changed', data: { writes: this.mayWrite } }]);
    });
    for (const listener of this.#listeners) listener();
  }

  /** What own devices signed at any time is opened from now on, and under the newest delegation of this one it signs. */
  #takeUpDelegations(): void {
    const { identity, book, now } = this.#deps;
    for (const delegation of book.delegationsOf(identity.trader)) {
      identity.addSibling(delegation);
      if (equalBytes(delegation.payload.delegate, identity.device))
        this.#inBackground(() => identity.adopt(delegation, now()).then(() => undefined));
    }
  }

  #renewSoon(): void {
    if (!this.#renewal.mayBegin || this.#ends.length === 0) return;
    const renewing = this.#renewal.run();
    // It begins at once, and what it throws is told of in its turn.
    renewing.catch(() => undefined);
    this.#inBackground(() => renewing);
  }

  async #warn(): Promise<void> {
    const { identity, now, events, logger } = this.#deps;
    const { expires } = identity.delegation.payload;
    if (now() < expires - WARN_BEFORE || now() < this.#warned + WARN_EVERY) return;
    this.#warned = now();
    logger.warn({ expires }, 'the permission of this machine ends soon, and the root key to renew it is not here');
    await events.record([{ type: 'device-expiring', data: { device: identity.peerId, expires } }]);
  }

  #advice(root: boolean): string | undefined {
    const { identity, now } = this.#deps;
    if (root) return 'Write the 24 words down and take the root key off this machine: niaga identity words';
    if (now() > identity.delegation.payload.expires - WARN_BEFORE - CLOCK_SKEW)
      return `Renew this machine with the words: niaga identity add ${identity.peerId}`;
    return undefined;
  }

  /** The keys of the other devices that were not revoked. */
  #others(): Uint8Array[] {
    const { book, identity } = this.#deps;
    return book
      .devicesOf(identity.trader)
      .map(({ payload }) => payload.delegate)
      .filter((device) => !equalBytes(device, identity.device) && !book.isRevoked(identity.trader, device));
  }

  #isOnly(device: Uint8Array): boolean {
    return equalBytes(device, this.#deps.identity.device);
  }

  #inBackground(task: () => Promise<void>): void {
    this.#work = this.#work.then(task).catch((error: unknown) => {
      if (!this.#stopping.signal.aborted)
        this.#deps.logger.warn({ error: String(error) }, 'work on the own devices failed');
    });
  }
}

function isSame(a: Uint8Array, b: Uint8Array | undefined): boolean {
  return b !== undefined && equalBytes(a, b);
}
