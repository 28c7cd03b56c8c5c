import { NiagaError } from '../../protocol/errors.js';
import { parseTrader, traderToText } from '../../protocol/ids.js';
import { courier, isReceipted, MAX_PARCELS } from '../../protocol/mail/index.js';
import { createBackground } from '../background.js';
import { unlessDamaged } from '../listed.js';
import type { Contacts } from './contacts.js';
import type { Depositor } from './depositor.js';
import type { MailDeps, ParcelHandler, SentState, StateChange } from './index.js';
import type { Letters } from './letters.js';
import { doneState, sentState, type OutboxTables } from './outbox.js';
import { peersOf } from './peers-of.js';
import { Verdicts, type RefusedVerdict } from './verdicts.js';
import { DELIVER_METHOD, deliverAnswerSchema, type DeliveryVerdict } from './wire.js';
import { readBody } from '../network/bodies.js';

/** What this disk has lost cannot be sent any more: nothing else waits for it. */
const LOST = {
  type: 'refused',
  final: true,
  code: 'RECORD_CORRUPT',
  message: 'This disk has damaged it before it was delivered.',
} as const satisfies RefusedVerdict;
/** A recipient that has the parcels answers after a disk sync or two. */
const DELIVERY_TIMEOUT = 10_000;

export interface PostmanDeps extends Pick<
  MailDeps,
  'network' | 'networkName' | 'identity' | 'devices' | 'verify' | 'now' | 'logger'
> {
  readonly tables: OutboxTables;
  readonly contacts: Contacts;
  readonly depositor: Depositor;
  readonly handlers: ReadonlyMap<string, ParcelHandler>;
  /** Milliseconds after which a direct try is accompanied by a letter. */
  readonly slow: number;
  readonly letters: Letters;
  /** Takes the letter that came as an answer. */
  readonly answered: (letter: Uint8Array) => Promise<void>;
}

interface Partner {
  readonly to: Uint8Array;
  readonly name: string;
  state: courier.Correspondence;
  timer: NodeJS.Timeout | undefined;
}

/** Performs what the courier (protocol/mail/courier.ts) decides, for each trader that something waits for. */
export class Postman {
  readonly #deps: PostmanDeps;
  readonly #verdicts: Verdicts;
  readonly #partners = new Map<string, Partner>();
  /** Bytes of what waits, as far as they were needed; by recipient and id. */
  readonly #bytes = new Map<string, Uint8Array>();
  /** What waits about one trade, by its id. */
  readonly #about = new Map<string, Map<string, { readonly partner: Partner; readonly id: string }>>();
  readonly #listeners = new Set<(change: StateChange) => void>();
  readonly #background = createBackground((error) => {
    if (!this.#stopping.signal.aborted) this.#deps.logger.error({ error: String(error) }, 'a step of the mail failed');
  });
  #stopping = new AbortController();

  constructor(deps: PostmanDeps) {
    this.#deps = deps;
    this.#verdicts = new Verdicts(deps);
    this.#stopping.abort();
  }

  async start(): Promise<void> {
    this.#partners.clear();
    this.#bytes.clear();
    this.#about.clear();
    const waiting = new Map<string, Map<string, courier.Waiting>>();
    for await (const { to, id, waiting: row } of this.#deps.tables.waiting())
      waiting.set(to, (waiting.get(to) ?? new Map<string, courier.Waiting>()).set(id, row));
    for (const [name, rows] of waiting) {
      const sorted = new Map([...rows].sort(([, a], [, b]) => a.since - b.since));
      const partner = { to: parseTrader(name), name, state: courier.resumed(sorted), timer: undefined };
      this.#partners.set(name, partner);
      for (const [id, row] of sorted) this.#index(partner, id, row);
    }
    this.#stopping = new AbortController();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const { timer } of this.#partners.values()) clearTimeout(timer);
    await this.#background.ended();
  }

  /** Resolves when nothing is under way. What is goes into mailboxes too, without waiting for who may be there: nobody is here to try again. */
  async away(): Promise<void> {
    for (const { to } of [...this.#partners.values()]) this.apply(to, { type: 'slow' });
    await this.#background.ended();
  }

  /** For whom something waits. */
  *recipients(): Generator<string> {
    for (const { name, state } of this.#partners.values()) if (state.waiting.size > 0) yield name;
  }

  get size(): number {
    let size = 0;
    for (const { state } of this.#partners.values())
      for (const { refused, kind } of state.waiting.values()) if (refused === undefined && isReceipted(kind)) size++;
    return size;
  }

  onState(listener: (change: StateChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async stateOf(to: Uint8Array, id: string): Promise<SentState | undefined> {
    const name = traderToText(to);
    const waiting = this.#partners.get(name)?.state.waiting.get(id);
    if (waiting !== undefined) return sentState(waiting);
    // Of what is shown with many others: one that is damaged hides none of them.
    const done = await unlessDamaged(this.#deps.tables.done(name, id));
    return done === undefined ? undefined : doneState(done);
  }

  waiting(about?: string): readonly StateChange[] {
    const all = about === undefined ? this.#all() : (this.#about.get(about)?.values() ?? []);
    return [...all].flatMap(({ partner, id }) => {
      const row = partner.state.waiting.get(id);
      return row === undefined || !isReceipted(row.kind)
        ? []
        : [change(partner, id, row.kind, row.about, sentState(row))];
    });
  }

  *#all(): Iterable<{ partner: Partner; id: string }> {
    for (const partner of this.#partners.values()) for (const id of partner.state.waiting.keys()) yield { partner, id };
  }

  /** It is on disk and goes now. */
  posted(to: Uint8Array, id: string, waiting: courier.Waiting, bytes: Uint8Array): void {
    const partner = this.#partner(to);
    this.#bytes.set(`${partner.name}/${id}`, bytes);
    this.#index(partner, id, waiting);
    this.apply(partner.to, { type: 'posted', id, waiting });
  }

  /** Those that were refused, the oldest first. */
  refused(): readonly StateChange[] {
    return this.waiting()
      .filter(({ state }) => state === 'refused')
      .sort((a, b) => a.since - b.since);
  }

  connected(trader: Uint8Array): void {
    if (this.#partners.has(traderToText(trader))) this.apply(trader, { type: 'connected' });
  }

  wakeAll(): void {
    for (const { to } of [...this.#partners.values()]) this.apply(to, { type: 'alarm' });
  }

  /**
   * A receipt that came in a letter of `from`. It changes the state of the one message that it names, where it is from its recipient.
   * @throws NiagaError RECORD_…, DELEGATION_… where it does not hold
   */
  receipt(from: Uint8Array, bytes: Uint8Array): void {
    const waiting = this.#partners.get(traderToText(from))?.state.waiting ?? new Map<string, courier.Waiting>();
    const id = this.#verdicts.receipt(from, waiting, bytes, from);
    if (id !== undefined) this.apply(from, { type: 'receipt', id: id.of, read: id.read }, new Map([[id.of, bytes]]));
  }

  refusal(from: Uint8Array, id: string, refusal: DeliveryVerdict): void {
    const waiting = this.#partners.get(traderToText(from))?.state.waiting.get(id);
    if (waiting !== undefined)
      this.apply(from, { type: 'refusal', id, verdict: this.#verdicts.refused(waiting.kind, refusal) });
  }

  /**
   * Takes an event to the courier and performs what it decides; gives the effects, of which those about what came are the caller's.
   * @param receipts the signed receipts that the event is about, by the id of what they are for
   */
  apply(
    trader: Uint8Array,
    event: courier.Event,
    receipts: ReadonlyMap<string, Uint8Array> = new Map(),
  ): readonly courier.Effect[] {
    const partner = this.#partner(trader);
    const before = partner.state;
    const { state, effects } = courier.step(before, event, this.#deps.now());
    partner.state = state;
    for (const effect of effects) this.#perform(partner, before, effect, receipts);
    const idle = state.waiting.size === 0 && state.handing.size === 0;
    if (
      idle &&
      state.direct === undefined &&
      state.letter === undefined &&
      this.#partners.get(partner.name) === partner
    ) {
      clearTimeout(partner.timer);
      this.#partners.delete(partner.name);
    }
    return effects;
  }

  #partner(to: Uint8Array): Partner {
    const name = traderToText(to);
    const known = this.#partners.get(name);
    if (known !== undefined) return known;
    const partner = { to: to.slice(), name, state: courier.resumed(new Map()), timer: undefined };
    this.#partners.set(name, partner);
    return partner;
  }

  #perform(
    partner: Partner,
    before: courier.Correspondence,
    effect: courier.Effect,
    receipts: ReadonlyMap<string, Uint8Array>,
  ): void {
    const { tables, handlers } = this.#deps;
    switch (effect.type) {
      case 'send':
        return this.#background.add(this.#send(partner, effect.ids));
      case 'deposit':
        return this.#background.add(this.#deposit(partner, effect.ids));
      case 'alarm':
        return this.#alarm(partner, effect.at);
      case 'write': {
        const { id, waiting } = effect;
        this.#background.add(
          tables.write([tables.update(partner.name, id, waiting)], { sync: false }).then(() => {
            const was = before.waiting.get(id);
            if (waiting.stored !== was?.stored || waiting.refused !== was?.refused)
              this.#tell(change(partner, id, waiting.kind, waiting.about, sentState(waiting)));
          }),
        );
        return;
      }
      case 'drop': {
        const { id, kind, outcome } = effect;
        const { about, refused } = before.waiting.get(id) ?? {};
        this.#bytes.delete(`${partner.name}/${id}`);
        this.#unindex(partner, id, about);
        if (outcome === 'passed')
          return this.#background.add(tables.write(tables.drop(partner.name, id, undefined), { sync: false }));
        const receipt = receipts.get(id);
        const at = this.#deps.now();
        const why = outcome === 'refused' && refused !== undefined ? { refused } : {};
        const done = { state: outcome, at, kind, ...why, ...(about === undefined ? {} : { about }) };
        const more =
          receipt === undefined ? [] : (handlers.get(kind)?.receipted?.({ to: partner.to, id, about, receipt }) ?? []);
        this.#background.add(
          tables
            .write([...tables.drop(partner.name, id, done), ...more])
            .then(() => this.#tell(change(partner, id, kind, about, doneState(done)))),
        );
        return;
      }
      case 'read':
        return this.#background.add(this.#noteRead(partner, effect.id));
      case 'repair': {
        const about = before.waiting.get(effect.id)?.about;
        const { kind, missing } = effect;
        this.#background.add(handlers.get(kind)?.repair?.({ to: partner.to, about, missing }) ?? Promise.resolve());
        return;
      }
      case 'hand':
      case 'receipt':
        return;
    }
  }

  async #send(partner: Partner, ids: readonly string[]): Promise<void> {
    const { signal } = this.#stopping;
    const slow = setTimeout(() => this.apply(partner.to, { type: 'slow' }), this.#deps.slow);
    let outcome:
      { verdicts: ReadonlyMap<string, courier.Verdict>; receipts: ReadonlyMap<string, Uint8Array> } | undefined;
    try {
      outcome = await this.#direct(partner, ids, signal);
    } catch (error) {
      if (!signal.aborted)
        this.#deps.logger.debug(
          { to: partner.name, error: String(error) },
          'a recipient could not be reached directly',
        );
    } finally {
      clearTimeout(slow);
    }
    if (signal.aborted) return;
    if (outcome === undefined) this.apply(partner.to, { type: 'unreached' });
    else this.apply(partner.to, { type: 'answered', verdicts: outcome.verdicts }, outcome.receipts);
  }

  /** Undefined where no device of the recipient is known or there. */
  async #direct(partner: Partner, ids: readonly string[], signal: AbortSignal) {
    const { network, contacts } = this.#deps;
    const peers = peersOf(partner.to, this.#deps);
    if (peers.length === 0) return undefined;
    const letter = await this.#compose(partner, ids, false);
    if (letter === undefined)
      return { verdicts: new Map<string, courier.Verdict>(), receipts: new Map<string, Uint8Array>() };
    let failure: unknown;
    for (const peer of peers) {
      try {
        const options = { signal, timeout: DELIVERY_TIMEOUT, retry: true };
        const answer = await network.request(peer, DELIVER_METHOD, letter.bytes, options);
        const { results, reply } = readBody(deliverAnswerSchema, answer, `answer to ${DELIVER_METHOD}`);
        if (results.length !== letter.ids.length)
          throw new NiagaError('PEER_PROTOCOL', 'The answer to a delivery does not fit it.');
        if (reply !== undefined) await this.#deps.answered(reply.slice());
        contacts.told(partner.to, letter.mark);
        return this.#verdicts.read(partner.to, partner.state.waiting, letter.ids, results);
      } catch (error) {
        signal.throwIfAborted();
        failure = error;
      }
    }
    throw failure;
  }

  async #deposit(partner: Partner, ids: readonly string[]): Promise<void> {
    const { depositor, logger } = this.#deps;
    const { signal } = this.#stopping;
    let stored: readonly string[] = [];
    let mailboxes = 0;
    try {
      const letter = await this.#compose(partner, ids, true);
      if (letter !== undefined) mailboxes = await depositor.deposit(partner.to, letter.bytes, signal);
      stored = letter?.ids ?? [];
    } catch (error) {
      if (!signal.aborted) logger.warn({ to: partner.name, error: String(error) }, 'a letter could not be left');
    }
    if (!signal.aborted) this.apply(partner.to, { type: 'stored', ids: stored, mailboxes });
  }

  /** A letter of as many of these as fit: no more are read than may. Undefined where none of them can be read, or waits any more. */
  async #compose(partner: Partner, ids: readonly string[], whole: boolean) {
    const some: { id: string; waiting: courier.Waiting; bytes: Uint8Array }[] = [];
    for (const id of ids.slice(0, MAX_PARCELS)) {
      const bytes = await this.#bytesOf(partner, id);
      const waiting = partner.state.waiting.get(id);
      if (waiting === undefined) continue;
      if (bytes === undefined) this.apply(partner.to, { type: 'refusal', id, verdict: LOST });
      else some.push({ id, waiting, bytes });
    }
    return some.length === 0 ? undefined : this.#deps.letters.compose(partner.to, some, whole);
  }

  async #bytesOf(partner: Partner, id: string): Promise<Uint8Array | undefined> {
    const key = `${partner.name}/${id}`;
    const known = this.#bytes.get(key) ?? (await unlessDamaged(this.#deps.tables.parcel(partner.name, id)));
    if (known !== undefined && partner.state.waiting.has(id)) this.#bytes.set(key, known);
    return known;
  }

  async #noteRead(partner: Partner, id: string): Promise<void> {
    const { tables, now } = this.#deps;
    const done = await tables.done(partner.name, id);
    if (done === undefined || done.state !== 'delivered') return;
    const read = { ...done, state: 'read', at: now() } as const;
    await tables.write([tables.putDone(partner.name, id, read)], { sync: false });
    this.#tell(change(partner, id, done.kind, done.about, { state: 'read', since: read.at }));
  }

  #alarm(partner: Partner, at: number): void {
    clearTimeout(partner.timer);
    if (this.#stopping.signal.aborted) return;
    // A timer takes 24 days at most; an alarm too early changes nothing.
    const delay = Math.min(Math.max(0, at - this.#deps.now()), 24 * 60 * 60 * 1000);
    partner.timer = setTimeout(() => this.apply(partner.to, { type: 'alarm' }), delay).unref();
  }

  #index(partner: Partner, id: string, { about }: courier.Waiting): void {
    if (about === undefined) return;
    const rows = this.#about.get(about) ?? new Map<string, { partner: Partner; id: string }>();
    this.#about.set(about, rows.set(`${partner.name}/${id}`, { partner, id }));
  }

  #unindex(partner: Partner, id: string, about: string | undefined): void {
    if (about === undefined) return;
    const rows = this.#about.get(about);
    rows?.delete(`${partner.name}/${id}`);
    if (rows?.size === 0) this.#about.delete(about);
  }

  #tell(told: StateChange): void {
    for (const listener of this.#listeners) {
      try {
        listener(told);
      } catch (error) {
        this.#deps.logger.error({ error: String(error) }, 'a listener to mail failed');
      }
    }
  }
}

function change(partner: Partner, id: string, kind: string, about: string | undefined, sent: SentState): StateChange {
  return { ...sent, id, to: partner.to, kind, ...(about === undefined ? {} : { about }) };
}
