import {
  resumed,
  step as courier,
  type Correspondence,
  type Effect,
  type Event,
  type Verdict,
  type Waiting,
} from '../../protocol/mail/courier.js';
import {
  allowed,
  apply,
  ROLES,
  RULES,
  SIDES,
  stateOf,
  type Outcome,
  type Role,
  type Rules,
  type TradeMessage,
  type TradeState,
} from '../../protocol/trade/index.js';
import { nameOfStep, walkedTerms, waysOf, type Step } from '../../protocol/trade/variants.js';
import { meaningOf } from './canonical.js';
import { messageOf } from './history.js';
import { randomFrom } from './random.js';
import { wrongWith } from './spec.js';

/**
 * Whole nodes: the real machine over the real mail logic, three of them, with a disk each and a network that loses, repeats and
 * turns around what it carries, while nodes crash and start again. What happens is drawn from a seed.
 */

export interface ScheduleOptions {
  readonly seed: number;
  readonly rules?: Rules;
  /** Things that happen before the network heals. Default: between {@link FEWEST_EVENTS} and {@link MOST_EVENTS}, by the seed. */
  readonly events?: number;
  /** Told of what became of a step: which kind, by whom, on top of which word. */
  readonly onStep?: (kind: string, role: Role, word: string) => void;
}

/** What lies on a node's disk. */
interface Disk {
  readonly log: TradeMessage[];
  readonly outbox: Map<Role, Map<string, Waiting>>;
}

interface Stream {
  left: readonly string[];
  readonly said: Map<string, Verdict>;
}

const LATER = 1e15;
/** Short schedules cross what is said first in more ways for the time they take; long ones come to every end. */
const FEWEST_EVENTS = 15;
const MOST_EVENTS = 130;
/** The share of restarts whose log is replayed whole; after the others the node knows what it knew, as each replay shows. */
const RESTORED = 0.3;
/** Rounds in which a healed network brings everything: each brings at least one message to everybody. */
const MOST_ROUNDS = 60;

/** What is seldom done, by the kind of trade that a schedule is: else few trades would come far. */
const RARE = [
  ['cancel', 'decline', 'withdraw', 'timeout', 'dispute'],
  ['cancel', 'decline', 'withdraw', 'timeout', 'dispute-withdrawn', 'remedy'],
  ['decline', 'withdraw', 'dispute', 'remedy'],
  ['counter', 'decline', 'withdraw', 'cancel', 'timeout', 'dispute', 'remedy'],
] as const;

/**
 * What the machine makes of a message on top of a set of them, which its heads name, for a message names all that came before it: nodes
 * that hold the same ask once, and so do schedules that begin alike. Restarts replay their logs whole and compare.
 */
const OUTCOMES = new WeakMap<Rules, Map<string, Outcome>>();
const MOST_OUTCOMES = 30_000;
/** Now and then more comes than was due. */
const TOO_MUCH = 0.05;
const OVERPAID: Step = {
  role: 'seller',
  kind: 'payment-seen',
  way: 'too much',
  fields: { amount: { amount: 120, currency: 'IDR' } },
};
/** And how seldom. */
const RARELY = [0.25, 0.03, 0.1] as const;

class Node {
  readonly disk: Disk = { log: [], outbox: new Map(ROLES.map((role) => [role, new Map<string, Waiting>()])) };
  readonly couriers = new Map<Role, Correspondence>();
  readonly streams = new Map<Role, Stream>();
  state: TradeState | undefined;

  constructor(readonly role: Role) {
    this.start();
  }

  /** What a process knows when it starts: what its disk says. */
  start(): void {
    this.streams.clear();
    this.couriers.clear();
    for (const [to, waiting] of this.disk.outbox) this.couriers.set(to, resumed(new Map(waiting)));
  }
}

class World {
  readonly nodes = new Map(ROLES.map((role) => [role, new Node(role)]));
  readonly messages = new Map<string, TradeMessage>();
  readonly letters: { readonly from: Role; readonly to: Role; readonly id: string }[] = [];
  readonly back: { readonly from: Role; readonly to: Role; readonly event: Event }[] = [];
  readonly #random: () => number;
  readonly #rules: Rules;
  readonly #onStep: ScheduleOptions['onStep'];
  readonly #rare: readonly string[];
  readonly #rarely: number;
  readonly story: string[] = [];
  problem: string | undefined;

  constructor({ seed, rules = RULES, onStep }: ScheduleOptions) {
    this.#random = randomFrom(seed);
    this.#rules = rules;
    this.#rare = RARE[seed % RARE.length] ?? [];
    this.#rarely = RARELY[seed % RARELY.length] ?? 0;
    this.#onStep = onStep;
  }

  node(role: Role): Node {
    const node = this.nodes.get(role);
    if (node === undefined) throw new RangeError(role);
    return node;
  }

  pick<T>(all: readonly T[]): T | undefined {
    return all[Math.floor(this.#random() * all.length)];
  }

  /** Half of all schedules are in the shortest quarter. */
  length(): number {
    return FEWEST_EVENTS + Math.floor(this.#random() ** 2 * (MOST_EVENTS - FEWEST_EVENTS));
  }

  open(): void {
    const role = this.pick(SIDES) ?? 'buyer';
    const stock = this.#random() < 0.3 && role === 'seller' ? 'subject-to-stock' : 'reserved';
    this.#say(this.node(role), { role, kind: 'offer', way: '', fields: { terms: walkedTerms(role, stock) } });
  }

  /** One thing that happens, somewhere where it can. */
  happen(): void {
    const chance = this.#random();
    if (chance < 0.24) this.#act(this.node(this.pick(ROLES) ?? 'buyer'));
    else if (chance < 0.62)
      this.#somewhere(
        (node, to) => node.streams.has(to),
        (node, to) => this.#carry(node, to),
      );
    else if (chance < 0.67)
      this.#somewhere(isTrying, (node, to) =>
        this.#tell(node, to, { type: 'unreached' }, () => node.streams.delete(to)),
      );
    else if (chance < 0.71) this.#somewhere(isTrying, (node, to) => this.#tell(node, to, { type: 'slow' }));
    else if (chance < 0.78)
      this.#somewhere(isWriting, (node, to) => this.#store(node, to, this.#random() < 0.7 ? 1 : 0));
    else if (chance < 0.87) this.#read(this.#random() < 0.5);
    else if (chance < 0.89) this.back.splice(Math.floor(this.#random() * this.back.length), 1);
    else if (chance < 0.96) {
      const now = this.#random() < 0.7 ? LATER : 0;
      this.#somewhere(isOwing, (node, to) => this.#tell(node, to, { type: 'alarm' }, undefined, now));
    } else this.#crash(this.node(this.pick(ROLES) ?? 'buyer'));
  }

  #somewhere(can: (node: Node, to: Role) => boolean, what: (node: Node, to: Role) => unknown): void {
    const places = [...this.nodes.values()].flatMap((node) =>
      ROLES.filter((to) => to !== node.role && can(node, to)).map((to) => ({ node, to })),
    );
    const place = this.pick(places);
    if (place !== undefined) what(place.node, place.to);
  }

  /** The network works again, and everybody stays up. */
  heal(): void {
    for (let round = 0; round < MOST_ROUNDS && [...this.nodes.values()].some(isWaiting); round++) {
      for (const node of this.nodes.values()) {
        for (const to of ROLES.filter((role) => role !== node.role)) {
          this.#tell(node, to, { type: 'unreached' }, () => node.streams.delete(to));
          this.#store(node, to, 0);
          this.#tell(node, to, { type: 'alarm' }, undefined, LATER * (round + 2));
          for (let parts = 0; parts < 100 && node.streams.has(to); parts++) this.#carry(node, to);
        }
      }
    }
  }

  /** What does not hold once everything has come. */
  check(): string | undefined {
    this.#restore(this.node(this.pick(ROLES) ?? 'buyer'));
    if (this.problem !== undefined) return this.problem;
    const nodes = [...this.nodes.values()];
    if (nodes.some(isWaiting)) return 'something is never delivered';
    const logs = nodes.map(({ disk }) =>
      disk.log
        .map(({ id }) => id.toString())
        .sort()
        .join(),
    );
    if (new Set(logs).size > 1) return 'the nodes hold different messages';
    const states = new Set(nodes.map(({ state }) => state));
    const meanings = new Set([...states].map((state) => (state === undefined ? '' : meaningOf(state))));
    if (meanings.size > 1) return 'the same messages are different states';
    const state = nodes[0]?.state;
    return (state?.equivocations.length ?? 0) > 0 ? 'an honest node contradicted itself' : undefined;
  }

  #apply(state: TradeState | undefined, message: TradeMessage): Outcome {
    const known = OUTCOMES.get(this.#rules) ?? new Map<string, Outcome>();
    OUTCOMES.set(this.#rules, known);
    const name = `${state?.heads.join() ?? ''} ${message.id.toString()}`;
    const outcome = known.get(name) ?? apply(state, message, this.#rules);
    if (known.size >= MOST_OUTCOMES) known.clear();
    known.set(name, outcome);
    return outcome;
  }

  /** What a node reads of its disk when it starts, in an order that is not that of arrival, is what it knew before. */
  #restore(node: Node): void {
    if (node.state === undefined) return;
    const again = stateOf(node.disk.log, { rules: this.#rules }).state;
    if (again === undefined || meaningOf(again) !== meaningOf(node.state))
      this.problem ??= 'a restart finds another state';
    node.state = again;
  }

  #act(node: Node): void {
    const { state, role } = node;
    if (state === undefined) return;
    // Statements only fill the log.
    const ways = waysOf(state, role, this.#rules).filter(({ kind }) => kind !== 'statement' || this.#random() < 0.1);
    if (this.#random() < TOO_MUCH && allowed(state, role, this.#rules).includes('payment-seen')) ways.push(OVERPAID);
    // Ends are as many as steps that go on; drawn as often, few trades would come far.
    const goingOn = ways.filter(({ kind }) => !this.#rare.includes(kind));
    const step = this.pick(goingOn.length > 0 && this.#random() >= this.#rarely ? goingOn : ways);
    if (step !== undefined) this.#say(node, step);
  }

  #say(node: Node, step: Step): void {
    const before = node.state;
    const message = messageOf(step, before);
    const outcome = this.#apply(before, message);
    // Some ways are out of reach in a state; the author's own node says so.
    if (!outcome.ok) return;
    this.#onStep?.(step.kind, step.role, before?.word ?? 'no trade');
    this.story.push(nameOfStep(step));
    this.problem ??= wrongWith(before, outcome.state, message, step.role);
    const id = message.id.toString();
    this.messages.set(id, message);
    node.state = outcome.state;
    // One batch: the message and what waits to be delivered. Then it is told.
    node.disk.log.push(message);
    const others = ROLES.filter((role) => role !== node.role);
    for (const to of others) node.disk.outbox.get(to)?.set(id, { kind: 'trade', since: 0 });
    for (const to of others) this.#tell(node, to, { type: 'posted', id, waiting: { kind: 'trade', since: 0 } });
  }

  /** The next piece of a direct try: one parcel looked at, or the answer. */
  #carry(node: Node, to: Role): void {
    const stream = node.streams.get(to);
    if (stream === undefined) return;
    const [id, ...left] = stream.left;
    if (id === undefined) {
      node.streams.delete(to);
      this.#tell(node, to, { type: 'answered', verdicts: stream.said });
      return;
    }
    stream.left = left;
    const verdict = this.#arrive(node.role, this.node(to), id);
    if (verdict !== undefined) stream.said.set(id, verdict);
  }

  #arrive(from: Role, node: Node, id: string): Verdict | undefined {
    const kept = node.disk.log.some((message) => message.id.toString() === id);
    const effects = this.#tell(node, from, { type: 'came', id, kind: 'trade', kept });
    if (effects.some(({ type }) => type === 'receipt')) return { type: 'receipted' };
    const message = this.messages.get(id);
    if (message === undefined || !effects.some(({ type }) => type === 'hand')) return undefined;
    const outcome = this.#apply(node.state, message);
    if (outcome.ok) {
      this.problem ??= node.state === undefined ? undefined : wrongFactsOf(node.state, outcome.state);
      node.disk.log.push(message);
      node.state = outcome.state;
    } else if (outcome.missing === undefined)
      this.problem ??= `an honest ${message.payload.kind} is refused: ${outcome.message}`;
    this.#tell(node, from, { type: 'handled', id, kind: 'trade', kept: outcome.ok });
    return outcome.ok
      ? { type: 'receipted' }
      : { type: 'refused', final: false, code: outcome.code, message: outcome.message };
  }

  #store(node: Node, to: Role, mailboxes: number): void {
    const ids = node.couriers.get(to)?.letter;
    if (ids === undefined) return;
    if (mailboxes > 0) this.letters.push(...ids.map((id) => ({ from: node.role, to, id })));
    this.#tell(node, to, { type: 'stored', ids, mailboxes });
  }

  /** A letter is fetched, or the answer to one; it may be fetched again where it is `left`. */
  #read(left: boolean): void {
    const answer = this.pick(this.back);
    if (answer !== undefined && this.#random() < 0.5) {
      this.#tell(this.node(answer.to), answer.from, answer.event);
      return;
    }
    const letter = this.pick(this.letters);
    if (letter === undefined) return;
    if (!left) this.letters.splice(this.letters.indexOf(letter), 1);
    const verdict = this.#arrive(letter.from, this.node(letter.to), letter.id);
    if (verdict?.type === 'receipted')
      this.back.push({ from: letter.to, to: letter.from, event: { type: 'receipt', id: letter.id, read: false } });
    if (verdict?.type === 'refused')
      this.back.push({ from: letter.to, to: letter.from, event: { type: 'refusal', id: letter.id, verdict } });
  }

  #crash(node: Node): void {
    node.start();
    if (this.#random() < RESTORED) this.#restore(node);
    // A stream to it breaks too.
    for (const other of this.nodes.values()) {
      if (other.streams.delete(node.role)) this.#tell(other, node.role, { type: 'unreached' });
    }
  }

  #tell(node: Node, about: Role, event: Event, first?: () => void, now = 0): readonly Effect[] {
    const before = node.couriers.get(about);
    if (before === undefined) return [];
    if ((event.type === 'unreached' || event.type === 'slow') && before.direct === undefined) return [];
    first?.();
    const { state, effects } = courier(before, event, now);
    node.couriers.set(about, state);
    for (const effect of effects) {
      if (effect.type === 'send') node.streams.set(about, { left: effect.ids, said: new Map() });
      if (effect.type === 'write') node.disk.outbox.get(about)?.set(effect.id, effect.waiting);
      if (effect.type === 'drop') {
        node.disk.outbox.get(about)?.delete(effect.id);
        const there = this.node(about).disk.log.some((message) => message.id.toString() === effect.id);
        if (!there) this.problem ??= 'what counts as delivered is on nobody’s disk';
      }
    }
    return effects;
  }
}

function wrongFactsOf(before: TradeState, after: TradeState): string | undefined {
  const shrinks =
    after.delivery.shipped.length < before.delivery.shipped.length ||
    (after.payment.seen?.amount ?? 0) < (before.payment.seen?.amount ?? 0);
  return shrinks ? 'a fact is gone when a message comes' : undefined;
}

function isTrying({ couriers }: Node, to: Role): boolean {
  return couriers.get(to)?.direct !== undefined;
}

function isWriting({ couriers }: Node, to: Role): boolean {
  return couriers.get(to)?.letter !== undefined;
}

function isOwing({ disk }: Node, to: Role): boolean {
  return (disk.outbox.get(to)?.size ?? 0) > 0;
}

function isWaiting({ disk }: Node): boolean {
  return [...disk.outbox.values()].some((waiting) => waiting.size > 0);
}

/** One schedule; what does not hold, with what was said. */
export function playSchedule(options: ScheduleOptions): string | undefined {
  const world = new World(options);
  const { events = world.length() } = options;
  world.open();
  for (let event = 0; event < events; event++) world.happen();
  world.heal();
  const problem = world.check();
  return problem === undefined ? undefined : `seed ${options.seed}: ${problem} (${world.story.join('; ')})`;
}
