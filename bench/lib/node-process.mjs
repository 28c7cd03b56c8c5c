// A node as people run it: a process of `niaga start`, asked over its API, that may be killed or frozen at any moment.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createClient } from '../../dist/node/api/client.js';

const CLI = fileURLToPath(new URL('../../dist/bin/niaga.js', import.meta.url));
/** A call that a frozen node does not answer is given up: whoever asked does not know then whether it was done. */
const CALL_TIME = 60_000;
/** A start on a machine that has other things to do. */
const START_TIME = 120_000;
const JOIN_TIME = 120_000;
const POLL = 100;
/** Lines of its log that a node shows when something went wrong. */
const LOG_LINES = 60;
/** What a call fails with whose node went away, or stops, in the middle. */
const GONE = new Set(['NODE_UNREACHABLE', 'STOPPED']);

/** All processes that run, to be ended with this one. */
const running = new Set();
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** Whether an error leaves open what became of the call. */
export function isGone(error) {
  return GONE.has(error?.code) || error?.name === 'TimeoutError';
}

export class NodeProcess {
  name;
  home;
  trader = '';
  addresses = [];
  /** 'down', 'starting', 'up' or 'frozen'. */
  state = 'down';
  /** Events of trades as they were told, in order: type, trade, kind, own or not, and when, by performance.now(). */
  told = [];
  /** What its reports of integrity said that was not well. */
  damages = [];
  #bootstrap;
  #child;
  #client;
  #listeners = new Map();
  #calls = new Set();
  #ended = false;

  constructor(name, folder, bootstrap = []) {
    this.name = name;
    this.home = join(folder, name);
    this.#bootstrap = bootstrap;
  }

  get log() {
    return `${this.home}.log`;
  }

  /** Resolves when the node answers, or was killed meanwhile; rejects where the process ended by itself before. */
  async start() {
    // A node that comes back listens where it did before, as one with a fixed port in its configuration does.
    const port = /tcp\/(\d+)/.exec(this.addresses[0] ?? '')?.[1] ?? '0';
    const fixed = ['--listen', `/ip4/127.0.0.1/tcp/${port}`, '--api', '127.0.0.1:0', '--no-mdns', '--json'];
    const joined = this.#bootstrap.flatMap((address) => ['--bootstrap', address]);
    const log = openSync(this.log, 'a');
    const child = spawn(process.execPath, [CLI, 'start', '--home', this.home, ...fixed, ...joined], {
      stdio: ['ignore', 'pipe', log],
      env: { ...process.env, NODE_NO_WARNINGS: '1' },
    });
    closeSync(log);
    running.add(child);
    child.once('exit', () => running.delete(child));
    this.#child = child;
    this.state = 'starting';
    const since = performance.now();
    let isLate = false;
    const late = setTimeout(() => {
      isLate = true;
      child.kill('SIGKILL');
    }, START_TIME);
    try {
      for await (const line of createInterface({ input: child.stdout })) {
        const { addresses, api, trader } = JSON.parse(line);
        const { token } = JSON.parse(await readFile(join(this.home, 'main', 'api.json'), 'utf8'));
        if (this.#child !== child) break;
        Object.assign(this, { addresses, trader });
        this.#client = createClient({ url: api, token });
        // One that was frozen while it started answers once it goes on.
        if (this.state === 'starting') this.state = 'up';
        return this;
      }
    } finally {
      clearTimeout(late);
    }
    // Whoever killed it starts it again.
    if (this.#child !== child) return this;
    const seconds = Math.round((performance.now() - since) / 1_000);
    const how = `${this.name}, process ${child.pid}, ended before it was ready (${seconds} s, ${isLate ? 'given up' : (child.signalCode ?? child.exitCode ?? 'just now')})`;
    throw Object.assign(new Error(how), { code: 'NODE_UNREACHABLE' });
  }

  /** Ends the process at once and waits until it is gone. */
  async kill(signal = 'SIGKILL') {
    const child = this.#child;
    this.state = 'down';
    this.#child = undefined;
    this.#client = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  freeze() {
    this.state = 'frozen';
    this.#child?.kill('SIGSTOP');
  }

  thaw() {
    this.#child?.kill('SIGCONT');
    this.state = this.#client === undefined ? 'starting' : 'up';
  }

  /** Ends it for good. */
  async end(signal) {
    this.#ended = true;
    await this.kill(signal);
  }

  async untilUp() {
    while (this.#client === undefined) {
      if (this.#ended) throw new Error(`${this.name} was ended`);
      await sleep(POLL);
    }
    return this.#client;
  }

  /** One try. @throws the refusal of the node, or an error of which {@link isGone} says that it leaves open what was done */
  async call(operation, input = {}) {
    const client = await this.untilUp();
    const answer = client.call(operation, input, { signal: AbortSignal.timeout(CALL_TIME) });
    for (const begun of [...this.#calls]) begun();
    return answer;
  }

  /** The first answer, however often the node dies over it. For what changes nothing. */
  async ask(operation, input = {}) {
    for (;;) {
      try {
        return await this.call(operation, input);
      } catch (error) {
        if (this.#ended || !isGone(error)) throw error;
        await sleep(POLL);
      }
    }
  }

  /** Resolves when the next call has been sent to this node, or after so many milliseconds. */
  async nextCall(time) {
    const limit = new AbortController();
    let begun = () => undefined;
    const called = new Promise((resolve) => this.#calls.add((begun = resolve)));
    await Promise.race([called, sleep(time, undefined, { signal: limit.signal }).catch(() => undefined)]);
    limit.abort();
    this.#calls.delete(begun);
  }

  /** Follows the events of trades over all deaths of the node, until it is ended. */
  async follow() {
    let after = 0;
    while (!this.#ended) {
      try {
        const client = await this.untilUp();
        const input = { follow: true, type: ['trade-changed', 'gap'], after };
        for await (const { seq, type, data } of client.stream('events', input)) {
          after = seq;
          this.told.push({ type, trade: data.trade, kind: data.kind, by: data.by, at: performance.now() });
          for (const wake of this.#listeners.get(data.trade) ?? []) wake();
        }
      } catch (error) {
        if (!this.#ended && !isGone(error)) throw error;
      }
      if (!this.#ended) await sleep(POLL);
    }
  }

  /** Resolves when the node tells of a change of the trade, or after so many milliseconds. */
  async change(trade, time) {
    const listeners = this.#listeners.get(trade) ?? new Set();
    this.#listeners.set(trade, listeners);
    const limit = new AbortController();
    let wake = () => undefined;
    const told = new Promise((resolve) => listeners.add((wake = resolve)));
    await Promise.race([told, sleep(time, undefined, { signal: limit.signal }).catch(() => undefined)]);
    limit.abort();
    listeners.delete(wake);
  }

  /** When the node told of such an event, by performance.now(); resolves as soon as it does. */
  async toldOf({ trade, kind, by }, time) {
    for (const end = performance.now() + time; performance.now() < end;) {
      const event = this.told.findLast((one) => one.trade === trade && one.kind === kind && one.by === by);
      if (event !== undefined) return event.at;
      await this.change(trade, end - performance.now());
    }
    throw new Error(`${this.name} was not told of "${kind}" in ${time} ms`);
  }

  /** Publishes one listing; gives its id. */
  async publish(value) {
    const client = await this.untilUp();
    for await (const line of client.stream('publish', { items: [{ value }] })) {
      if (line.status === 'published') return line.listing;
      throw new Error(`nothing could be published: ${JSON.stringify(line)}`);
    }
    throw new Error('publishing gave no answer');
  }

  /** Notes what is not well with its disk. */
  async examine() {
    const { integrity } = await this.ask('status');
    if (!integrity.ok || integrity.corrupt > 0 || integrity.lost > 0)
      this.damages.push({ node: this.name, ...integrity });
  }

  /** The end of its log. */
  lastLines() {
    try {
      return readFileSync(this.log, 'utf8').trim().split('\n').slice(-LOG_LINES).join('\n');
    } catch {
      return '';
    }
  }
}

/** Resolves when all nodes know each other. */
export async function untilMet(nodes) {
  for (const end = Date.now() + JOIN_TIME; Date.now() < end;) {
    const known = await Promise.all(nodes.map((node) => node.ask('status').then((status) => status.known)));
    if (known.every((count) => count >= nodes.length)) return;
    await sleep(POLL);
  }
  throw new Error('the nodes do not find each other');
}
