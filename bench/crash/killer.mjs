// Takes nodes down at random moments: killed and started again, or frozen for a while.
import { setTimeout as sleep } from 'node:timers/promises';
import { oneOf, shuffled } from '../lib/random.mjs';

/** Longest pause between two kills, ms. */
const PAUSE = 1_500;
/** This share of the kills falls so soon after something was asked of a node that it is in the middle of it, or of telling others. */
const AIMED = 0.6;
/** This share takes down just that node, before it has answered or soon after. */
const AT_CALLED = 0.35;
const IN_THE_MIDDLE = 30;
const NEXT_CALL = 3_000;
/** How long a killed node stays away, and a frozen one stands still; some so long that others give up on it. */
const AWAY = 2_000;
const FROZEN = 3_000;
const LONG = 14_000;
const LONG_SHARE = 0.06;
const POLL = 50;

export class Killer {
  counts = { SIGKILL: 0, SIGSTOP: 0 };
  #nodes;
  #next;
  #signals;
  #returning = new Set();
  #fail = () => undefined;
  /** Rejects when a node did not come back: nobody waits for it then. */
  failed = new Promise((_, reject) => (this.#fail = reject));

  /** @param {{nodes: object[], kills: number, next: () => number}} options half of the kills, or one more, are SIGKILL */
  constructor({ nodes, kills, next }) {
    this.#nodes = nodes;
    this.#next = next;
    const signals = Array.from({ length: kills }, (_, at) => (at % 2 === 0 ? 'SIGKILL' : 'SIGSTOP'));
    this.#signals = shuffled(signals, next);
  }

  get done() {
    return this.counts.SIGKILL + this.counts.SIGSTOP;
  }

  get left() {
    return this.#signals.length;
  }

  /** Takes one node down; resolves once that is done, not when the node is back. */
  async strike() {
    const signal = this.#signals.shift();
    // All of a strike is drawn before anything is waited for: what happens meanwhile does not change the dice.
    const [pause, aimed, wait, choice, other, length, long] = Array.from({ length: 7 }, this.#next);
    await sleep(pause * PAUSE);
    const called = oneOf(this.#nodes, () => choice);
    if (aimed < AIMED) {
      await called.nextCall(NEXT_CALL);
      await sleep(wait * IN_THE_MIDDLE);
    }
    const victim = aimed < AT_CALLED && isUp(called) ? called : await this.#victim(other);
    this.counts[signal]++;
    const rest = long < LONG_SHARE ? LONG : 0;
    if (signal === 'SIGKILL') {
      await victim.kill();
      this.#track(sleep(length * AWAY + rest).then(() => victim.start()));
    } else {
      victim.freeze();
      this.#track(sleep(length * FROZEN + rest).then(() => victim.thaw()));
    }
  }

  /** Resolves when all nodes are up. */
  async untilAllUp() {
    while (this.#returning.size > 0) await Promise.all(this.#returning);
    for (const node of this.#nodes) await node.untilUp();
  }

  /** One that is up, or just starting. */
  async #victim(choice) {
    for (;;) {
      const possible = this.#nodes.filter(isUp);
      if (possible.length > 0) return oneOf(possible, () => choice);
      await sleep(POLL);
    }
  }

  #track(work) {
    const tracked = work.catch((error) => this.#fail(error)).finally(() => this.#returning.delete(tracked));
    this.#returning.add(tracked);
  }
}

const isUp = ({ state }) => state === 'up' || state === 'starting';

/** Lets acting calls through, or holds them back. */
export class Gate {
  #open = Promise.resolve();
  #reopen = () => undefined;
  #inside = 0;
  #empty = () => undefined;

  async through(act) {
    await this.#open;
    this.#inside++;
    try {
      return await act();
    } finally {
      this.#inside--;
      if (this.#inside === 0) this.#empty();
    }
  }

  close() {
    this.#open = new Promise((resolve) => (this.#reopen = resolve));
  }

  open() {
    this.#reopen();
  }

  /** Resolves when nobody is inside. */
  async untilEmpty() {
    while (this.#inside > 0) await new Promise((resolve) => (this.#empty = resolve));
  }
}
