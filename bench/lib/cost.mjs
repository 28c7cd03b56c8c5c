// What something costs a whole cluster: messages, bytes, processor time; without what the nodes do anyway.
import { between, sleep } from './hosts.mjs';

/** Protocols by which nodes keep in touch and choose protocols: left out of "messages", so that only questions, answers and what is brought are counted. */
const HOUSEKEEPING = /choosing a protocol|\/ipfs\/(id|ping)\/|identify|autonat/;
const POLL = 500;
/** Quiet is a second and a half with hardly more messages than when idle. */
const QUIET_POLLS = 3;
const HARDLY = 5;
/** The rate of idle nodes has come down when it falls by less than a fifth from one look to the next. */
const SETTLED = 0.8;
/** With --quick what is printed is not a measurement. */
const WINDOW = process.argv.includes('--quick') ? 500 : 3_000;
const NOTHING = { messages: 0, bytes: 0, cpuMs: 0 };

/** Questions, answers and deliveries among the counted messages. */
function messagesOf({ byProtocol }) {
  return Object.entries(byProtocol)
    .filter(([name]) => !HOUSEKEEPING.test(name))
    .reduce((sum, [, count]) => sum + count, 0);
}

/**
 * What the cluster does in a second when nothing is asked of it. Nodes that have just met have much to say to each other, so
 * it is waited until that is over.
 */
export async function idleRate(cluster, { window = WINDOW, windows = 10 } = {}) {
  let rate = await rateOf(cluster, window);
  for (let at = 1; at < windows; at++) {
    const before = rate;
    rate = await rateOf(cluster, window);
    if (rate.messages >= SETTLED * before.messages) break;
  }
  return rate;
}

async function rateOf(cluster, ms) {
  const before = await cluster.usage();
  const begun = performance.now();
  await sleep(ms);
  const used = between(before, await cluster.usage());
  const seconds = (performance.now() - begun) / 1000;
  return { messages: messagesOf(used) / seconds, bytes: used.bytes / seconds, cpuMs: used.cpuMs / seconds };
}

/** Runs a task and gives what was used meanwhile by all, how long it took, and what it answered. */
export async function costOf(cluster, task) {
  const before = await cluster.usage();
  const begun = performance.now();
  const value = await task();
  const seconds = (performance.now() - begun) / 1000;
  return { value, ...beyond(NOTHING, between(before, await cluster.usage()), seconds) };
}

/**
 * The same for work that goes on in the background: waits until the cluster is quiet again, and leaves out what idle nodes
 * do in that time. The seconds are those until then, the quiet ones at the end left out.
 */
export async function costUntilQuiet(cluster, idle, task, limitMs = 600_000) {
  const before = await cluster.usage();
  const begun = performance.now();
  const value = await task();
  let last = await cluster.usage();
  let busyUntil = performance.now();
  let quiet = 0;
  while (quiet < QUIET_POLLS && performance.now() - begun < limitMs) {
    await sleep(POLL);
    const now = await cluster.usage();
    const rate = (messagesOf(between(last, now)) * 1000) / POLL;
    if (rate <= 1.5 * idle.messages + HARDLY) quiet++;
    else {
      quiet = 0;
      busyUntil = performance.now();
    }
    last = now;
  }
  const elapsed = (performance.now() - begun) / 1000;
  const cost = beyond(idle, between(before, last), elapsed);
  return { value, ...cost, seconds: (busyUntil - begun) / 1000, quiet: quiet >= QUIET_POLLS };
}

function beyond(idle, used, seconds) {
  return {
    seconds,
    messages: Math.max(0, messagesOf(used) - idle.messages * seconds),
    bytes: Math.max(0, used.bytes - idle.bytes * seconds),
    cpuMs: Math.max(0, used.cpuMs - idle.cpuMs * seconds),
    byProtocol: used.byProtocol,
    asked: used.asked,
  };
}
