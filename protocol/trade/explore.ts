import { CID } from 'multiformats/cid';
import * as Digest from 'multiformats/hashes/digest';
import { ROLES, SIDES } from './roles.js';
import { RULES, type Rules } from './rules.js';
import { shapeOf } from './signature.js';
import type { MessageKind, TradeMessage } from './schema.js';
import { apply, type TradeState } from './state.js';
import { nameOfStep, payloadOf, walkedTerms, waysOf, type Step } from './variants.js';
import { WORDS, type Word } from './words.js';

/** A way from one word to another. */
export interface Transition {
  readonly from: Word | 'start';
  readonly to: Word;
  /** `role kind (way)`, or two of them that crossed on the way: `a ∥ b`. */
  readonly by: string;
}

export interface WalkOptions {
  readonly rules?: Rules;
  /** Counter-offers in a negotiation: longer ones only repeat the words of one with two. */
  readonly counters?: number;
  /** Remedies and disputes in a trade. */
  readonly remedies?: number;
  readonly disputes?: number;
  /** Steps that are not taken. */
  readonly without?: readonly MessageKind[];
  /** Also takes each two steps of different roles, in their usual way, that cross in a state. */
  readonly crossings?: boolean;
  /** States with the same text are one. Default: {@link shapeOf}. */
  readonly signature?: (state: TradeState) => string;
  /** Told of each state when it is met for the first time. */
  readonly onState?: (state: TradeState) => void;
}

/**
 * Every transition that the machine makes, found by walking it: each allowed step from each state, and each two steps that
 * cross in a state, where crossing leads elsewhere than one after the other.
 */
export function transitions(options: WalkOptions = {}): readonly Transition[] {
  const walk = new Walk(options);
  for (const side of SIDES) {
    for (const stock of ['reserved', 'subject-to-stock'] as const) {
      if (side === 'seller' || stock === 'reserved')
        walk.open({ role: side, kind: 'offer', way: '', fields: { terms: walkedTerms(side, stock) } });
    }
  }
  walk.run();
  return walk.found();
}

const DEFAULTS = {
  rules: RULES,
  counters: 2,
  remedies: 1,
  disputes: 1,
  without: [],
  crossings: true,
  signature: shapeOf,
} as const;

class Walk {
  readonly #options: Required<Omit<WalkOptions, 'onState'>> & Pick<WalkOptions, 'onState'>;
  readonly #queue: TradeState[] = [];
  readonly #met = new Set<string>();
  readonly #found = new Map<string, Transition>();
  #messages = 0;

  constructor(options: WalkOptions) {
    this.#options = { ...DEFAULTS, ...options };
  }

  open(step: Step): void {
    const outcome = apply(undefined, this.#message(step, undefined), this.#options.rules);
    if (outcome.ok) this.#meet('start', outcome.state, nameOfStep(step));
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
    const steps = ROLES.flatMap((role) => waysOf(state, role, this.#options.rules)).filter((step) =>
      this.#takes(state, step),
    );
    const after = steps.map((step) => ({ step, state: this.#apply(state, this.#message(step, state)) }));
    for (const { step, state: next } of after) if (next !== undefined) this.#meet(state.word, next, nameOfStep(step));
    if (!this.#options.crossings) return;
    after.forEach((one, place) => {
      for (const other of after.slice(place + 1)) {
        const plain = one.step.way === '' && other.step.way === '';
        if (plain && one.step.role !== other.step.role) this.#cross(state, one, other);
      }
    });
  }

  #takes(state: TradeState, { kind }: Step): boolean {
    const { counters, remedies, disputes, without } = this.#options;
    if (without.includes(kind)) return false;
    if (kind === 'counter') return count(state, 'counter') < counters;
    if (kind === 'remedy') return count(state, 'remedy') < remedies;
    return kind !== 'dispute' || count(state, 'dispute') < disputes;
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
    if (!inTurn.includes(both.word))
      this.#meet(state.word, both, [nameOfStep(a.step), nameOfStep(b.step)].sort().join(' ∥ '));
  }

  #meet(from: Word | 'start', state: TradeState, by: string): void {
    if (from !== state.word) this.#found.set([from, state.word, by].join(), { from, to: state.word, by });
    const counts = ['counter', 'remedy', 'dispute'].map((kind) => count(state, kind as MessageKind));
    const signature = `${this.#options.signature(state)} ${counts.join()}`;
    if (this.#met.has(signature)) return;
    this.#met.add(signature);
    this.#options.onState?.(state);
    this.#queue.push(state);
  }

  #apply(state: TradeState, message: TradeMessage): TradeState | undefined {
    const outcome = apply(state, message, this.#options.rules);
    return outcome.ok ? outcome.state : undefined;
  }

  #message(step: Step, state: TradeState | undefined): TradeMessage {
    const id = CID.createV1(0x71, Digest.create(0x12, numbered(++this.#messages)));
    return { id, payload: payloadOf(step, state) };
  }
}

function count(state: TradeState, kind: MessageKind): number {
  return state.log.entries.filter(({ message }) => message.payload.kind === kind).length;
}

function numbered(number: number): Uint8Array {
  const bytes = new Uint8Array(32);
  new DataView(bytes.buffer).setUint32(0, number);
  return bytes;
}
