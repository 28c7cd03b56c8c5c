// Processes that host nodes, and a cluster of nodes spread over several of them.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { atExit, progress, temporaryFolder } from './run.mjs';

const NODE_HOST = new URL('node-host.mjs', import.meta.url);
const JOIN_TIME_LIMIT = 120_000;
const POLL = 250;
/** Nodes have met when each knows such a share of all: the last ones are found by look-ups that come every few minutes. */
const MET = 0.9;
/** Nodes are quiet when all of them together take less than this share of one core for so many milliseconds. */
const QUIET_SHARE = 0.25;
const QUIET_TIME = 2_000;
/** With --quick nothing is waited for long: what is printed then is not a measurement. */
const QUIET_TIME_LIMIT = process.argv.includes('--quick') ? 2_000 : 120_000;
/** Nodes that others join by: more than one, so that the network outlives any of them. */
const BOOTSTRAP = 4;

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** A child process that answers calls (serve.mjs). */
export class Host {
  #child;
  #next = 1;
  #waiting = new Map();
  #ready;
  /** False once the process was killed or stopped: nothing is asked of it any more. */
  alive = true;

  constructor(file, { env = {}, argv = [] } = {}) {
    this.#child = fork(fileURLToPath(file), argv, {
      serialization: 'advanced',
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: { ...process.env, NODE_NO_WARNINGS: '1', ...env },
    });
    atExit(() => this.signal('SIGKILL'));
    this.#ready = new Promise((resolve) => this.#waiting.set(0, { resolve, reject: () => undefined }));
    this.#child.on('message', ({ id, value, error }) => {
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) waiting?.resolve(value);
      else waiting?.reject(Object.assign(new Error(error.message), { code: error.code, remote: error.stack }));
    });
    this.#child.on('exit', (code, signal) => {
      this.alive = false;
      for (const { reject } of this.#waiting.values()) reject(new Error(`a host ended (${signal ?? code})`));
      this.#waiting.clear();
    });
  }

  get pid() {
    return this.#child.pid;
  }

  async call(method, input) {
    if (!this.alive) throw new Error('the host is gone');
    await this.#ready;
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#child.send({ id, method, input });
    });
  }

  /** SIGKILL and SIGSTOP take it out of the benchmark for good. */
  signal(signal) {
    if (signal === 'SIGKILL' || signal === 'SIGSTOP') this.alive = false;
    this.#child.kill(signal);
  }

  /** Ends it and waits until it has ended. */
  async end() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.signal('SIGKILL');
    await ended;
  }
}

/** One of a cluster's nodes, wherever it runs. */
class NodeHandle {
  constructor(host, { at, trader, peerId, addresses, home, tookMs }) {
    Object.assign(this, { host, at, trader, peerId, addresses, home, tookMs });
  }

  /** Asks the host for something about this node. */
  ask(method, input = {}) {
    return this.host.call(method, { at: this.at, ...input });
  }

  /** An operation of the node; a stream of answers comes as a list. */
  run(operation, input = {}) {
    return this.ask('operation', { operation, input });
  }
}

/** Nodes in several processes on this machine. */
export class Cluster {
  hosts = [];
  nodes = [];
  #name;
  #made = 0;

  constructor(name = 'node') {
    this.#name = name;
  }

  get alive() {
    return this.nodes.filter(({ host }) => host.alive);
  }

  /** Adds a process with `count` nodes, which join by those that are there. Gives the nodes. */
  async add(count, options = {}) {
    const host = new Host(options.file ?? NODE_HOST, options);
    this.hosts.push(host);
    const made = [];
    for (let at = 0; at < count; at++) {
      const node = await this.startOn(host, options.node);
      made.push(node);
      this.nodes.push(node);
    }
    return made;
  }

  /** Starts one more node in a process that is there, in a home of its own unless one is given; it is not kept in `nodes`. */
  async startOn(host, { home = join(temporaryFolder(), `${this.#name}-${this.#made++}`), ...more } = {}) {
    const started = await host.call('start', { home, bootstrap: this.#bootstrap(), ...more });
    return new NodeHandle(host, { ...started, home });
  }

  /** The first node of each of the first hosts that live. */
  #bootstrap() {
    const first = new Map(this.alive.toReversed().map((node) => [node.host, node]));
    return [...first.values()]
      .toReversed()
      .slice(0, BOOTSTRAP)
      .flatMap(({ addresses }) => addresses[0] ?? []);
  }

  /** Starts `count` nodes over so many processes, at the same time in each but the first, and waits until they have met. */
  async start(count, processes, options = {}) {
    const begun = performance.now();
    const shares = Array.from({ length: processes }, (_, at) => Math.floor((count + at) / processes)).filter(Boolean);
    const seconds = () => Math.round((performance.now() - begun) / 1000);
    const add = async (share) => {
      await this.add(share, options);
      progress(`${this.nodes.length} of ${count} nodes started after ${seconds()} s`);
    };
    await add(shares.pop());
    // Two at a time: the machine has two cores, and each start is work.
    const next = async () => {
      for (let share = shares.pop(); share !== undefined; share = shares.pop()) await add(share);
    };
    await Promise.all([next(), next()]);
    await this.untilMet(options.met ?? count);
    progress(`${count} nodes in ${processes} processes have met after ${seconds()} s`);
    return this;
  }

  /** Waits until every living node knows nearly so many, itself included; says so where they do not in time. */
  async untilMet(count, limit = JOIN_TIME_LIMIT) {
    const end = performance.now() + limit;
    let known = [];
    do {
      // A process that is too busy to answer has not met anybody as far as can be told.
      const all = await Promise.race([this.each('known'), sleep(Math.max(0, end - performance.now()))]);
      if (all === undefined) break;
      known = all.flat();
      if (known.every((size) => size >= MET * count)) return true;
      await sleep(POLL);
    } while (performance.now() < end);
    progress(`after ${limit / 1000} s nodes know ${Math.min(...known)} to ${Math.max(...known)} of ${count}`);
    return false;
  }

  /** Waits until what was begun before is done: cards on their way to further nodes, listings that keepers fetch. */
  async untilQuiet(patience = QUIET_TIME_LIMIT) {
    const limit = Math.min(patience, QUIET_TIME_LIMIT);
    const begun = performance.now();
    const seconds = () => Math.round((performance.now() - begun) / 1000);
    for (let share = 1; share >= QUIET_SHARE;) {
      if (performance.now() - begun > limit)
        return progress(`still ${share.toFixed(1)} cores are at work after ${seconds()} s`);
      const before = await this.usage();
      const from = performance.now();
      await sleep(QUIET_TIME);
      share = (between(before, await this.usage()).cpuMs || 0) / (performance.now() - from);
    }
    progress(`quiet after ${seconds()} s`);
  }

  /** The same call to every living host. */
  each(method, input) {
    return Promise.all(this.hosts.filter(({ alive }) => alive).map((host) => host.call(method, input)));
  }

  /** Moves the clock of all nodes. */
  async advance(ms) {
    await this.each('advance', { ms });
  }

  /** What all living hosts used since they started, added up. */
  async usage() {
    return addUp(await this.each('usage'));
  }

  async end() {
    await Promise.all(this.hosts.map((host) => host.end()));
  }
}

function addUp(parts) {
  const sum = { bytes: 0, dials: 0, messages: 0, cpuMs: 0, rssMB: 0, peakMB: 0, byProtocol: {}, asked: {} };
  for (const part of parts) {
    for (const key of ['bytes', 'dials', 'cpuMs', 'rssMB', 'peakMB']) sum[key] += part[key];
    for (const [protocol, count] of Object.entries(part.messages)) {
      sum.messages += count;
      sum.byProtocol[protocol] = (sum.byProtocol[protocol] ?? 0) + count;
    }
    for (const [method, count] of Object.entries(part.asked ?? {}))
      sum.asked[method] = (sum.asked[method] ?? 0) + count;
  }
  return sum;
}

/** What was used between two readings. */
export function between(before, after) {
  return {
    bytes: after.bytes - before.bytes,
    dials: after.dials - before.dials,
    messages: after.messages - before.messages,
    cpuMs: after.cpuMs - before.cpuMs,
    byProtocol: moreOf(before.byProtocol, after.byProtocol),
    asked: moreOf(before.asked, after.asked),
  };
}

function moreOf(before, after) {
  const more = Object.entries(after).map(([name, count]) => [name, count - (before[name] ?? 0)]);
  return Object.fromEntries(more.filter(([, count]) => count > 0));
}
