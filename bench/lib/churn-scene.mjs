// A market whose nodes go and come: what is asked of it, who is taken out of it, how many copies are where they belong.
import { postedTerms } from '../../dist/protocol/search/index-terms.js';
import { termKey } from '../../dist/protocol/search/posting-keys.js';
import { catalogue } from './data.mjs';
import { sleep } from './hosts.mjs';
import { titles } from './questions.mjs';
import { sample, shuffled } from './random.mjs';
import { countBy, inWords, mean, percentiles } from './report.mjs';
import { note, Table } from './results.mjs';
import { progress } from './run.mjs';
import { cardOf } from './single-machine.mjs';

const NETWORK = 'bench';
const LIMIT = 20;
/** Keys of a sampled card whose copies are counted, beside its listing's own. */
const RARE_TERMS = 2;
const hour = 3_600_000;
/**
 * The clock is moved by so much at a time, in which index nodes look for cards whose daily check is due: after more they take it that they
 * slept, and each holder of a card does what else one does. By more over weeks, but less than the day after which things are due again.
 */
const STEP = hour / 6;
const LONG_STEP = 8 * hour;
const LAST_STEP = hour;
/** Milliseconds: what days that pass in seconds leave to do is waited for, but no longer than this. */
const QUIET_LIMIT = 40_000;
const WEEK = 7 * 24 * hour;
const BETWEEN_STEPS = 50;
/** Milliseconds between two counts; with --quick nothing is waited for long. */
const POLL = process.argv.includes('--quick') ? 500 : 3_000;
/** A search is to take no longer at p95, in milliseconds. */
const P95 = 2_500;

export class Scene {
  answers = [];
  held = [];
  joined;
  #asked;
  #copies = new Table('Copies of sampled cards at the five nearest nodes under each salt');
  #cluster;
  #askers;
  #options;
  #next;
  #round = 0;
  #listings = [];
  #sampled = [];

  constructor(cluster, askers, options, next) {
    this.#cluster = cluster;
    this.#askers = askers;
    this.#options = options;
    this.#next = next;
    this.#asked = new Table(
      `Known items in the first answer, asked by title from ${askers.length} nodes in turn; p95 is to be at most ${P95} ms`,
    );
  }

  /** Publishes everything. */
  async open() {
    const { sellers, listings, sampled, each } = this.#options;
    const chosen = shuffled(catalogue('esci'), this.#next).slice(0, listings);
    const nodes = this.#cluster.nodes.filter(({ at, host }) => at === 0 && host !== this.#askers[0].host);
    const shops = sample(nodes, Math.min(sellers, Math.floor(this.#options.nodes / each)), this.#next);
    const answers = await Promise.all(
      shops.map((shop, at) =>
        shop.ask('publish', { listings: chosen.filter((_, place) => place % shops.length === at) }),
      ),
    );
    const bySku = new Map(chosen.map((listing) => [listing.id, listing]));
    this.#listings = answers.flatMap(({ lines }, at) =>
      lines.map(({ sku, listing, quorum }) => ({ ...bySku.get(sku), listing, quorum, seller: shops[at] })),
    );
    const lacking = this.#listings.filter(({ quorum }) => !quorum).length;
    progress(`${this.#listings.length} listings of ${shops.length} sellers published, ${lacking} without a quorum`);
    await this.#cluster.untilQuiet();
    const rare = rareTerms(this.#listings);
    this.#sampled = sample(this.#listings, sampled, this.#next).map((one) => ({
      listing: one.listing,
      names: [`listing:${one.listing}`, ...rare(one)],
    }));
  }

  get away() {
    return this.#listings.filter(({ seller }) => !seller.host.alive);
  }

  get present() {
    return this.#listings.filter(({ seller }) => seller.host.alive);
  }

  /** Every asker in turn asks its part of titles that were not asked before, as long as there are such. */
  async ask(when, goal, among = this.#listings, most) {
    const { items, seed } = this.#options;
    const questions = titles(among, items, seed + ++this.#round);
    const results = [];
    for (const [at, asker] of this.#askers.entries()) {
      const own = questions.filter((_, place) => place % this.#askers.length === at);
      const inputs = own.map(({ words }) => ({ words, limit: LIMIT }));
      results.push(
        ...(await asker.ask('searches', { inputs })).map((answer, place) => ({ ...answer, id: own[place].id })),
      );
    }
    const listings = new Map(among.map(({ id, listing }) => [id, listing]));
    const found = mean(
      results.map(({ id, hits }) => (hits.some(({ listing }) => listing === listings.get(id)) ? 1 : 0)),
    );
    const times = percentiles(results.map(({ ms }) => ms));
    const good = (goal === undefined || (found >= goal && times.p95 <= P95)) && (most === undefined || found <= most);
    const verdicts = countBy(results, ({ verdict, error }) => verdict ?? error);
    this.answers.push({ when, items: results.length, found, goal, times, verdicts, good });
    this.#asked.add({
      when,
      items: results.length,
      found: found.toFixed(4),
      goal: goal ?? '',
      'p50 ms': times.p50,
      'p95 ms': times.p95,
      'p99 ms': times.p99,
      verdicts: inWords(verdicts),
      held: good ? 'yes' : 'NO',
    });
  }

  /** Kills and freezes processes, half and half, until so many nodes are gone; gives how many. */
  take(percent) {
    const living = this.#cluster.hosts.filter((host) => host.alive && host !== this.#askers[0].host);
    const nodes = (host) => this.#cluster.nodes.filter((node) => node.host === host).length;
    const wanted = Math.ceil((living.reduce((sum, host) => sum + nodes(host), 0) * percent) / 100);
    let gone = 0;
    let frozen = 0;
    for (const host of shuffled(living, this.#next)) {
      if (gone >= wanted) break;
      gone += nodes(host);
      host.signal(frozen++ % 2 === 0 ? 'SIGKILL' : 'SIGSTOP');
    }
    return gone;
  }

  /** Counts the copies of the sampled cards once. */
  async copies(when) {
    await this.#count(when, 0);
    this.#sayCopies();
  }

  async #count(when, seconds) {
    const peers = this.#cluster.alive.map(({ peerId, addresses }) => ({ peerId, addresses }));
    const counted = await this.#askers[0].ask('copies', { peers, items: this.#sampled });
    this.held.push({ when, seconds, ...counted });
    return counted.held === counted.expected;
  }

  /** What was counted last. */
  #sayCopies() {
    const { when, seconds, expected, held, complete } = this.held.at(-1);
    this.#copies.add({
      when,
      'after s': seconds,
      'copies that should be': expected,
      'are there': held,
      share: (held / expected).toFixed(4),
      'cards with all': `${complete} of ${this.#sampled.length}`,
    });
  }

  /** Counts copies until all are where they belong; gives in words how that went. */
  async untilRestored(when) {
    const begun = performance.now();
    for (;;) {
      const seconds = Math.round((performance.now() - begun) / 1000);
      const all = await this.#count(when, seconds);
      const { held, expected } = this.held.at(-1);
      // Of each situation the first count and the last.
      const over = all || seconds > this.#options.wait;
      if (seconds === 0 || over) this.#sayCopies();
      if (all) return `all copies restored after ${seconds} s`;
      if (over) return `${held} of ${expected} copies after ${seconds} s`;
      await sleep(POLL);
    }
  }

  async join(count) {
    const { each } = this.#options;
    const joined = [];
    for (let made = 0; made < count; made += each)
      joined.push(...(await this.#cluster.add(Math.min(each, count - made))));
    await this.#cluster.untilMet(this.#cluster.alive.length, 60_000);
    return joined;
  }

  /** How many cards those hold who joined, against those who were there. */
  async share(joined) {
    const cards = (nodes) => Promise.all(nodes.map(async (node) => (await node.run('status')).cards));
    const before = this.#cluster.alive.filter((node) => !joined.includes(node));
    this.joined = { joined: mean(await cards(joined)), before: mean(await cards(before)) };
  }

  /** Moves everybody's clock in steps, so that what is to happen every day happens. */
  async move(ms) {
    const step = ms > WEEK ? LONG_STEP : STEP;
    for (let moved = 0; moved < ms - LAST_STEP; moved += step) {
      await this.#cluster.advance(Math.min(step, ms - LAST_STEP - moved));
      await sleep(BETWEEN_STEPS);
    }
    await this.#cluster.untilQuiet(QUIET_LIMIT);
    // Whoever was still at work on an earlier day when the last one came is due again.
    await this.#cluster.advance(LAST_STEP);
    await sleep(POLL);
    await this.#cluster.untilQuiet(QUIET_LIMIT);
  }

  conclude() {
    this.#asked.end();
    this.#copies.end();
    if (this.joined !== undefined)
      note(
        `cards a node: ${Math.round(this.joined.joined)} at those who joined, ${Math.round(this.joined.before)} at those who were there`,
      );
    return {
      answers: this.answers,
      held: this.held,
      joined: this.joined,
      failed: this.answers.some(({ good }) => !good),
    };
  }
}

/** The rarest keys of a listing: what an index node holds under them fits into one answer. */
function rareTerms(listings) {
  const terms = new Map(listings.map((one) => [one, postedTerms(cardOf(one, NETWORK).index)]));
  const counts = countBy([...terms.values()].flat(), (term) => term);
  return (one) =>
    terms
      .get(one)
      .toSorted((a, b) => counts[a] - counts[b])
      .slice(0, RARE_TERMS)
      .map(termKey);
}
