// A clock that can be moved, in a process that hosts nodes: `now` for the nodes, and the timers that wait for minutes or
// hours go off when the clock is moved past them. Load it before anything that makes timers.

/** Timers shorter than this are about sockets and retries, and stay with the real clock. */
const LONG = 30_000;
/** Only Niaga's own timers follow the moved clock, and of those not the network's: as libp2p's they keep connections alive in real time. */
const OWN = /[/\\]dist[/\\](node[/\\](?!network[/\\])|protocol[/\\])/;
const BUILT = /[/\\]dist[/\\]/;

let offset = 0;
const timers = new Map();

/** Milliseconds since 1970 by the moved clock. */
export function now() {
  return Date.now() + offset;
}

/** The line of Niaga's or a library's built code that wants a timer. */
function whoAsks() {
  const lines = new Error('who asks').stack?.split('\n') ?? [];
  return lines.find((line) => BUILT.test(line)) ?? '';
}

const real = { setTimeout, setInterval, clearTimeout, clearInterval };

function watched(kind) {
  return function (callback, delay, ...args) {
    const isOwn = delay >= LONG && OWN.test(whoAsks());
    const timer = real[kind](
      isOwn && kind === 'setTimeout'
        ? (...given) => {
            timers.delete(timer);
            callback(...given);
          }
        : callback,
      delay,
      ...args,
    );
    if (isOwn) timers.set(timer, { kind, delay, due: now() + delay, run: () => callback(...args) });
    return timer;
  };
}

function forgetting(kind) {
  return (timer) => {
    timers.delete(timer);
    real[kind](timer);
  };
}

globalThis.setTimeout = watched('setTimeout');
globalThis.setInterval = watched('setInterval');
globalThis.clearTimeout = forgetting('clearTimeout');
globalThis.clearInterval = forgetting('clearInterval');

/**
 * Moves the clock on. Every long timer that would have gone off by then goes off once; one that repeats waits for its
 * whole interval again, by the real clock and by the moved one.
 * @param {number} ms
 * @returns {number} how many timers went off
 */
export function advance(ms) {
  offset += ms;
  const due = [...timers].filter(([, timer]) => timer.due <= now());
  for (const [timer, { kind, delay, run }] of due) {
    if (kind === 'setTimeout') {
      real.clearTimeout(timer);
      timers.delete(timer);
    } else timers.get(timer).due = now() + delay;
    run();
  }
  return due.length;
}
