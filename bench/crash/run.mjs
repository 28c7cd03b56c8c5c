// A crash run: traders on real nodes that are killed and frozen while they trade, and what both sides must agree on afterwards.
import { random } from '../lib/random.mjs';
import { examineDeal, examineEvents, examineStock, reportOf, untilDelivered, untilEqual, viewsOf } from './check.mjs';
import { Deal } from './deal.mjs';
import { Gate, Killer } from './killer.mjs';
import { NodeProcess, untilMet } from '../lib/node-process.mjs';
import { drawPlan, firstPlans } from './plans.mjs';

/** Pieces of what each trader sells: never short. */
const STOCK = 100_000;
/** Steps that are named for the time they took. */
const SLOWEST = 8;

/**
 * @param {object} options
 * @param {number} options.trades
 * @param {number} options.kills half of them SIGKILL, half SIGSTOP for a while
 * @param {number} options.traders nodes that trade with each other and are killed
 * @param {number} options.others nodes that are left alone; 1 or more
 * @param {number} options.together trades under way at once
 * @param {number} options.settles how often all are let up, and compared in the middle of their trades
 * @param {number} options.limit seconds until both sides of each trade must be equal then
 * @param {number} options.seed
 * @param {string} options.folder where the nodes live
 * @param {(text: string) => void} [options.progress]
 * @param {(row: object) => void} [options.settled] told of each time that all were let up
 * @param {boolean} [options.each] the first trades are one of each way, rather than drawn
 */
export async function crashRun(options) {
  const { folder, progress = () => undefined } = options;
  const others = [];
  const traders = [];
  try {
    others.push(new NodeProcess('other-0', folder));
    await others[0].start();
    const { addresses } = others[0];
    for (let at = 1; at < options.others; at++) others.push(new NodeProcess(`other-${at}`, folder, addresses));
    for (let at = 0; at < options.traders; at++) traders.push(new NodeProcess(`trader-${at}`, folder, addresses));
    await Promise.all([...others.slice(1), ...traders].map((node) => node.start()));
    await untilMet([...others, ...traders]);
    progress(`${others.length + traders.length} nodes know each other`);
    return await new Run(options, traders).run();
  } finally {
    await Promise.all([...traders, ...others].map((node) => node.end('SIGTERM')));
  }
}

class Run {
  #options;
  #traders;
  #killer;
  #gate = new Gate();
  #deals = [];
  #shelves = [];
  #settles = [];
  #differing = new Set();
  #failed = [];
  /** Deals that were compared after their end. */
  #compared = new Set();
  #wake = [];

  constructor(options, traders) {
    this.#options = options;
    this.#traders = traders;
    this.#killer = new Killer({ nodes: traders, kills: options.kills, next: random(options.seed) });
  }

  async run() {
    for (const node of this.#traders) {
      const value = { sku: 'kopi', title: `Kopi Gayo ${node.name}`, price: '85000 IDR', quantity: STOCK };
      this.#shelves.push({ node, listing: await node.publish(value), quantity: STOCK });
      // Ends with the node.
      node.follow().catch((error) => this.#failed.push({ error }));
    }
    const next = random(this.#options.seed + 1);
    const plans = this.#options.each === true ? firstPlans(this.#options.trades) : [];
    for (let number = 0; number < this.#options.trades; number++) {
      const { plan, quantity } = plans[number] ?? drawPlan(next);
      const at = Math.floor(next() * this.#traders.length);
      const other = (at + 1 + Math.floor(next() * (this.#traders.length - 1))) % this.#traders.length;
      const { node: seller, listing } = this.#shelves[at];
      const buyer = this.#traders[other];
      this.#deals.push(new Deal({ number, plan, quantity, buyer, seller, listing, gate: this.#gate }));
    }
    const queue = this.#deals.values();
    const work = Array.from({ length: this.#options.together }, () => this.#work(queue));
    await Promise.race([Promise.all([this.#strikes(), ...work]), this.#killer.failed]);
    await Promise.race([this.#settle(), this.#killer.failed]);
    return this.#conclude();
  }

  /** Drives one trade after the other. */
  async #work(queue) {
    for (const deal of queue) {
      const { trades, kills, together } = this.#options;
      // Neither the kills nor the trades are over long before the others are.
      await this.#until(() => this.#killer.done >= ((deal.number - together) * kills) / trades);
      deal.begun = true;
      this.#step();
      try {
        await deal.run();
      } catch (error) {
        this.#failed.push({ deal, error });
      }
    }
  }

  async #strikes() {
    const { trades, kills, settles } = this.#options;
    for (let at = 0; this.#killer.left > 0; at++) {
      const begun = () => this.#deals.filter((deal) => deal.begun === true).length;
      await this.#until(() => begun() >= Math.min(trades, (at * trades) / kills));
      await this.#killer.strike();
      this.#step();
      const share = Math.max(1, Math.round(kills / settles));
      if ((at + 1) % share === 0 && this.#killer.left > 0) await this.#settle();
    }
  }

  /** Lets all nodes up with nobody acting, and compares. */
  async #settle() {
    this.#gate.close();
    await Promise.all([this.#killer.untilAllUp(), this.#gate.untilEmpty()]);
    const since = performance.now();
    const open = this.#deals.filter((deal) => deal.begun === true && !this.#compared.has(deal));
    const found = await untilEqual(open, since, this.#options.limit * 1_000);
    const settle = {
      kills: this.#killer.done,
      ended: this.#deals.filter((deal) => deal.ended).length,
      compared: open.length,
      equal: found.equal,
      settled: found.settled,
    };
    this.#settles.push(settle);
    this.#options.settled?.(settle);
    for (const deal of found.differing) this.#differing.add(deal);
    for (const deal of [...found.differing, ...found.unreceipted])
      this.#options.progress?.(`not equal in time:\n${await reportOf(deal)}`);
    for (const deal of open) if (deal.ended) this.#compared.add(deal);
    for (const node of this.#traders) await node.examine();
    this.#gate.open();
  }

  async #conclude() {
    const problems = [];
    await untilDelivered(this.#traders, this.#options.limit * 1_000);
    for (const { deal, error } of this.#failed)
      problems.push({ deal, problem: `${deal === undefined ? '' : 'STUCK: '}${error.message}` });
    const viewsBy = new Map();
    for (const deal of this.#deals) {
      // Why one was not begun is said already.
      if (deal.trade === undefined) continue;
      const views = await viewsOf(deal);
      viewsBy.set(deal, views);
      for (const problem of await examineDeal(deal, views)) problems.push({ deal, problem });
    }
    for (const shelf of this.#shelves)
      for (const problem of await examineStock(shelf, this.#deals)) problems.push({ problem });
    for (const node of this.#traders) {
      const own = this.#deals.filter((deal) => deal.sides.includes(node));
      for (const problem of examineEvents(node, own, viewsBy)) problems.push({ problem });
      for (const damage of node.damages) problems.push({ problem: `a disk is damaged: ${JSON.stringify(damage)}` });
    }
    const reports = [];
    for (const deal of new Set(problems.flatMap(({ deal }) => deal ?? []))) reports.push(await reportOf(deal));
    return {
      trades: this.#deals.filter(({ ended }) => ended).length,
      kills: this.#killer.counts,
      acknowledged: this.#deals.reduce((sum, { done, said }) => sum + done.length + said.length, 0),
      unanswered: this.#deals.reduce((sum, { done }) => sum + done.filter(({ answer }) => answer.seen).length, 0),
      differing: this.#differing.size,
      slowest: this.#slowest(),
      settles: this.#settles,
      ways: this.#deals.map(({ plan }) => plan.name),
      problems: problems.map(({ deal, problem }) =>
        deal === undefined ? problem : `trade ${deal.number}: ${problem}`,
      ),
      reports,
      logs: this.#traders.map((node) => ({ node: node.name, lines: node.lastLines() })),
    };
  }

  /** Steps that took longest after the one before them in their trade. */
  #slowest() {
    const gaps = this.#deals.flatMap(({ number, done }) =>
      done.flatMap(({ by, kind, at }, place) =>
        place === 0 ? [] : [{ trade: number, step: `${by} ${kind}`, seconds: (at - done[place - 1].at) / 1_000 }],
      ),
    );
    return gaps.sort((a, b) => b.seconds - a.seconds).slice(0, SLOWEST);
  }

  async #until(holds) {
    while (!holds()) await new Promise((resolve) => this.#wake.push(resolve));
  }

  #step() {
    for (const wake of this.#wake.splice(0)) wake();
  }
}
