// Virtual time. While a clock is installed, timers, `performance.now` and `Date.now` of this process are its own, so that
// production code runs untouched: hours of waiting take no time, and every run goes the same way.

import { AsyncLocalStorage } from 'node:async_hooks';
import { syncBuiltinESMExports } from 'node:module';
import promises from 'node:timers/promises';

const NOBODY_IS_COMING = 'Virtual time stands still: nothing is due, and what is waited for has not happened.';

const real = {
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  setInterval: globalThis.setInterval,
  clearInterval: globalThis.clearInterval,
  setImmediate: globalThis.setImmediate,
  clearImmediate: globalThis.clearImmediate,
  sleep: promises.setTimeout,
  dateNow: Date.now,
  performanceNow: performance.now.bind(performance),
};

const starting = new AsyncLocalStorage();

/**
 * Starts a node's service without what it would go on to do by itself: timers that it sets now never go off, and the network does
 * not send what it asks now (node/index: hand-over, signs of life between neighbours, expiry).
 */
export function startQuietly(start) {
  return starting.run(true, start);
}

/** Whether this is done on behalf of a service that starts. */
export function isStarting() {
  return starting.getStore() === true;
}

/** Milliseconds of the real clock, whatever is installed. */
export const realNow = real.performanceNow;

export class VirtualClock {
  #heap = [];
  #sequence = 0;

  /** @param start milliseconds UTC */
  constructor(start) {
    this.start = start;
    this.now = start;
    this.events = 0;
  }

  install() {
    globalThis.setTimeout = (task, delay = 0, ...args) => this.#timer(task, delay, args, false);
    globalThis.setInterval = (task, delay = 0, ...args) => this.#timer(task, delay, args, true);
    globalThis.setImmediate = (task, ...args) => this.after(0, () => task(...args));
    const clear = (timer) => {
      if (timer !== undefined && timer !== null) timer.cancelled = true;
    };
    Object.assign(globalThis, { clearTimeout: clear, clearInterval: clear, clearImmediate: clear });
    promises.setTimeout = (delay, value, options = {}) => this.#sleep(delay, value, options);
    syncBuiltinESMExports();
    Date.now = () => Math.floor(this.now);
    performance.now = () => this.now - this.start;
  }

  uninstall() {
    const { dateNow, performanceNow, sleep, ...timers } = real;
    promises.setTimeout = sleep;
    syncBuiltinESMExports();
    Object.assign(globalThis, timers);
    Date.now = dateNow;
    performance.now = performanceNow;
  }

  /** Runs a task so many virtual milliseconds from now. */
  after(delay, task) {
    const event = { at: this.now + Math.max(0, delay), sequence: this.#sequence++, task, cancelled: false };
    if (Number.isFinite(event.at)) this.#push(event);
    return event;
  }

  cancel(event) {
    event.cancelled = true;
  }

  sleep(delay) {
    return new Promise((resolve) => this.after(delay, resolve));
  }

  /** Lets time go on until the promise has settled; gives what it gives. */
  async run(promise) {
    let settled = false;
    const end = () => (settled = true);
    promise.then(end, end);
    await drain();
    while (!settled) {
      if (!(await this.#step())) throw new Error(NOBODY_IS_COMING);
    }
    return promise;
  }

  /** Lets so many virtual milliseconds pass. */
  async advance(delay) {
    await this.run(this.sleep(delay));
  }

  /** As `setTimeout` of node:timers/promises. */
  #sleep(delay, value, { signal }) {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const timer = this.#timer(() => resolve(value), delay, [], false);
      signal?.addEventListener('abort', () => {
        this.cancel(timer);
        reject(signal.reason);
      });
    });
  }

  #timer(task, delay, args, repeats) {
    const wait = isStarting() ? Infinity : Math.max(1, Number(delay) || 0);
    const timer = this.after(wait, () => {
      if (repeats) {
        Object.assign(timer, { at: this.now + wait, sequence: this.#sequence++ });
        this.#push(timer);
      }
      task(...args);
    });
    timer.unref = timer.ref = () => timer;
    timer.hasRef = () => true;
    timer[Symbol.toPrimitive] = () => timer.sequence;
    return timer;
  }

  async #step() {
    for (;;) {
      const event = this.#pop();
      if (event === undefined) return false;
      if (event.cancelled) continue;
      this.now = Math.max(this.now, event.at);
      this.events++;
      event.task();
      await drain();
      return true;
    }
  }

  #push(event) {
    const heap = this.#heap;
    let place = heap.length;
    heap.push(event);
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (isBefore(heap[parent], event)) break;
      heap[place] = heap[parent];
      place = parent;
    }
    heap[place] = event;
  }

  #pop() {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (heap.length === 0) return first;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1], heap[child])) child++;
      if (isBefore(last, heap[child])) break;
      heap[place] = heap[child];
      place = child;
    }
    heap[place] = last;
    return first;
  }
}

function isBefore(a, b) {
  return a.at < b.at || (a.at === b.at && a.sequence < b.sequence);
}

/** Everything that promises have set in motion has run: immediates come after all microtasks. */
function drain() {
  return new Promise((resolve) => real.setImmediate(resolve));
}
