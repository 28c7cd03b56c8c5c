import { CID } from 'multiformats/cid';
import * as Digest from 'multiformats/hashes/digest';
import { DEADLINE_GRACE, OFFER_EXPIRY } from './guards.js';
import { otherRole, ROLES, type Parties, type Role } from './roles.js';
import { RULES, type Rules } from './rules.js';
import type { MessageKind, TradeMessage, TradePayload } from './schema.js';
import { allowed, apply, nextHeads, type TradeState } from './state.js';
import type { StockPromise, Terms } from './terms.js';
import { WORDS, type Word } from './words.js';

/** A way from one word to another. */
export interface Transition {
  readonly from: Word | 'start';
  readonly to: Word;
  /** `role kind`, or two of them that crossed on the way: `a ∥ b`. */
  readonly by: string;
}

const EXPIRES = 1_000_000;
const TOTAL = 100;
/** Longer negotiations only repeat the words of this one. */
const MAX_PROPOSALS = 2;

const PARTIES: Parties = { buyer: new Uint8Array(32).fill(1), seller: new Uint8Array(32).fill(2) };

interface Step {
  readonly role: Role;
  readonly kind: MessageKind;
  /** What the seller's proposals promise. */
  readonly stock: StockPromise;
  /** The part of the total that the seller sees. */
  readonly part: number;
}

/**
 * Every transition that the machine makes, found by walking it: each allowed step from each state, and each two steps that
 * cross in a state, where crossing leads elsewhere than one after the other.
 */
export function transitions(rules: Rules = RULES): readonly Transition[] {
  const walk = new Walk(rules);
  for (const role of ROLES) {
    for (const stock of ['reserved', 'subject-to-stock'] as const) walk.open(role, stock);
  }
  walk.run();
  return walk.found();
}

class Walk {
  readonly #rules: Rules;
  readonly #queue: TradeState[] = [];
  readonly #met = new Set<string>();
  readonly #found = new Map<string, Transition>();
  #messages = 0;

  constructor(rules: Rules) {
    this.#rules = rules;
  }

  open(role: Role, stock: StockPromise): void {
    const offer = this.#message({ role, kind: 'offer', stock, part: TOTAL }, undefined);
    const outcome = apply(undefined, offer, this.#rules);
    if (outcome.ok) this.#meet('start', outcome.state, `${role} offer`);
  }

  run(): void {
    for (let state = this.#queue.shift(); state !== undefined; state = this.#queue.shift()) this.#leave(state);
  }

  found(): readonly Transition[] {
    const order = Object.keys(WORDS);
    const place = (word: string) => order.indexOf(word);
    return [...this.#found.values()].sort(
      (a, b) => place(a.from) - place(b.from) || place(a.to) - place(b.to) || (a.by < b.by ? -1 : 1),
    );
  }

  #leave(state: TradeState): void {
    const steps = ROLES.flatMap((role) =>
      allowed(state, role, this.#rules).flatMap((kind) => variants(state, role, kind)),
    );
    const after = steps.map((step) => ({ step, state: this.#apply(state, this.#message(step, state)) }));
    for (const { step, state: next } of after) if (next !== undefined) this.#meet(state.word, next, nameOf(step));
    after.forEach((one, place) => {
      for (const other of after.slice(place + 1)) this.#cross(state, one, other);
    });
  }

  /** Both steps from one state, neither seeing the other. */
  #cross(
    state: TradeState,
    a: { step: Step; state: TradeState | undefined },
    b: { step: Step; state: TradeState | undefined },
  ): void {
    if (a.state === undefined || b.state === undefined) return;
    const both = this.#apply(a.state, this.#message(b.step, state));
    if (both === undefined) return;
    const inTurn = [
      this.#apply(a.state, this.#message(b.step, a.state))?.word,
      this.#apply(b.state, this.#message(a.step, b.state))?.word,
    ];
    if (!inTurn.includes(both.word)) this.#meet(state.word, both, [nameOf(a.step), nameOf(b.step)].sort().join(' ∥ '));
  }

  #meet(from: Word | 'start', state: TradeState, by: string): void {
    if (from !== state.word) this.#found.set([from, state.word, by].join(), { from, to: state.word, by });
    const { contract, payment, delivery, dispute, cancelProposedBy } = state;
    const open =
      contract.status === 'open'
        ? contract.open.map(({ kind, by: proposer, subjectToStock }) => [kind, proposer, subjectToStock])
        : [];
    const stock = state.total.amount;
    const signature = JSON.stringify([
      contract.status,
      open,
      payment.status,
      delivery.status,
      dispute.status,
      cancelProposedBy,
      stock,
    ]);
    if (this.#met.has(signature)) return;
    this.#met.add(signature);
    const proposals = state.log.entries.filter(({ message }) => message.payload.kind === 'counter').length;
    if (proposals < MAX_PROPOSALS || contract.status !== 'open') this.#queue.push(state);
  }

  #apply(state: TradeState, message: TradeMessage): TradeState | undefined {
    const outcome = apply(state, message, this.#rules);
    return outcome.ok ? outcome.state : undefined;
  }

  #message(step: Step, state: TradeState | undefined): TradeMessage {
    const id = CID.createV1(0x71, Digest.create(0x12, numbered(++this.#messages)));
    return { id, payload: payloadOf(step, state) };
  }
}

function numbered(number: number): Uint8Array {
  const bytes = new Uint8Array(32);
  new DataView(bytes.buffer).setUint32(0, number);
  return bytes;
}

/** The ways of taking a step that lead to different words. */
function variants(state: TradeState, role: Role, kind: MessageKind): Step[] {
  const step: Step = { role, kind, stock: 'reserved', part: TOTAL };
  if (kind === 'counter' && role === 'seller') return [step, { ...step, stock: 'subject-to-stock' }];
  if (kind === 'payment-seen' && state.payment.status !== 'short') return [step, { ...step, part: TOTAL / 2 }];
  return [step];
}

function nameOf({ role, kind, part }: Step): string {
  return part < TOTAL ? `${role} ${kind} (a part)` : `${role} ${kind}`;
}

function payloadOf({ role, kind, stock, part }: Step, state: TradeState | undefined): TradePayload {
  const header = { network: 'docs', trader: PARTIES[role], device: PARTIES[role], created: 1 };
  const terms = termsOf(role, stock);
  if (kind === 'offer' || state === undefined) return { ...header, kind: 'offer', heads: [], ...PARTIES, terms };
  const { contract } = state;
  const open = contract.status === 'open' ? contract.open : [];
  const wanted = kind === 'withdraw' ? role : otherRole(role);
  const answers = (open.find(({ by }) => by === wanted) ?? open[0])?.id ?? state.trade;
  const amount = { amount: part, currency: 'IDR' };
  const step = { ...header, trade: state.trade, heads: [...nextHeads(state, role)] };
  switch (kind) {
    case 'counter':
      return { ...step, kind, answers, terms };
    case 'accept':
    case 'decline':
    case 'withdraw':
      return { ...step, kind, answers };
    case 'paid':
    case 'payment-seen':
      return { ...step, kind, amount };
    case 'timeout':
      return { ...step, kind, created: 2 * EXPIRES + 1_000 * DEADLINE_GRACE, deadline: OFFER_EXPIRY };
    case 'cancel':
    case 'shipped':
    case 'received':
      return { ...step, kind };
  }
}

function termsOf(role: Role, stock: StockPromise): Terms {
  const price = { amount: TOTAL, currency: 'IDR' };
  const listing = CID.createV1(0x71, Digest.create(0x12, new Uint8Array(32)));
  return {
    lines: [{ listing, slot: 'listing/x', title: 'x', quantity: 1, price }],
    total: price,
    settlement: { method: 'direct' },
    expires: EXPIRES,
    ...(role === 'seller' ? { stock } : {}),
  };
}
