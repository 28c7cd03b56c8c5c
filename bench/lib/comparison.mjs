// What the times of several systems have in common to be compared: the same rows for each, and how many times as long as Niaga each took.
import { Table } from './results.mjs';

/** What was measured, the table of it, and that of how Niaga compares in each situation that both were asked in. */
export class Comparison {
  all = [];
  #table;
  #verdicts = new Table('How many times as long the others take; faster: at p50 and at p99');

  constructor(title) {
    this.#table = new Table(title);
  }

  add(row) {
    this.all.push(row);
    const { system, situation, count, p50, p95, p99, dials, cpu, found, empty } = row;
    this.#table.add({
      'system, nodes': system,
      situation,
      searches: count,
      'p50 ms': p50,
      'p95 ms': p95,
      'p99 ms': p99,
      'dials each': dials,
      'CPU ms each': cpu,
      'found it': found,
      'no hit': empty,
    });
    const isOwn = (one) => one.system.startsWith('Niaga');
    const mine = this.all.find((one) => isOwn(one) && one.situation === situation);
    if (mine === undefined || isOwn(row)) return;
    this.#verdicts.add({
      situation,
      against: system,
      p50: `${(p50 / mine.p50).toFixed(1)} ×`,
      p99: `${(p99 / mine.p99).toFixed(1)} ×`,
      faster: mine.p50 < p50 && mine.p99 < p99 ? 'yes' : 'no',
    });
  }

  end() {
    this.#table.end();
    this.#verdicts.end();
  }
}
