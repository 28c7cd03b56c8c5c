// What liars among the index nodes can do: in answers (drop, forge, replay old cards, inflate counts, make up nodes, send leases
// without end, answer slowly), to who brings them cards (claim to hold them, refuse, send away, stall); and a seller who floods one
// word with thousands of cards. Honest recall, what false things are shown, and times, each against the same network while nobody
// lies. One command: npm run bench:poison
import { catalogue, devQueries, needData } from './lib/data.mjs';
import { Cluster } from './lib/hosts.mjs';
import { LIES } from './lib/lies.mjs';
import { titles } from './lib/questions.mjs';
import { random, sample, shuffled } from './lib/random.mjs';
import { countBy, inWords, mean, percentiles } from './lib/report.mjs';
import { note, Table, table } from './lib/results.mjs';
import { progress, runBench } from './lib/run.mjs';

const LIARS = new URL('./lib/liar-host.mjs', import.meta.url);
const LIMIT = 20;
/** False hits that are printed of each scene. */
const EXAMPLES = 5;
const HONEST = 'nobody lies';
/** Every liar another lie. */
const MIXED = 'each another';
/** Goals of the issue: honest recall within so much, p95 within so many times. */
const RECALL_LOST = 0.01;
const SLOWER = 2;
/** A prefix of liar nodes' own titles, so that a person who reads the output sees what they are. */
const FLOOD = 'FLOOD';

needData();
await runBench({
  name: 'poison',
  about: 'Recall, false cards shown and times while some of the index nodes lie, and while a seller floods a word.',
  options: {
    nodes: { value: 30, quick: 8, about: 'nodes' },
    liars: { value: 3, quick: 1, about: 'of them that lie, in a process of their own' },
    processes: { value: 3, quick: 2, about: 'processes of the others' },
    listings: { value: 1_000, quick: 60, about: 'listings of honest sellers' },
    changed: { value: 20, quick: 5, about: 'of them with another price since, and as many removed since' },
    items: { value: 80, quick: 6, about: 'listings looked for by their title' },
    dev: { value: 32, quick: 3, about: 'dev queries' },
    brought: { value: 60, quick: 6, about: 'further listings that a new seller brings while liars lie about that' },
    flood: { value: 10_000, quick: 100, about: 'cards of one seller under one word' },
    lies: {
      value: [...LIES.answers, MIXED, ...LIES.brought].join(),
      quick: 'forge,invent,stalls',
      about: 'which lies',
    },
    seed: { value: 1, about: 'chooses listings and questions' },
  },
  measure,
});

async function measure(options) {
  const cluster = await new Cluster('niaga').start(options.nodes - options.liars, options.processes);
  const liars = await cluster.add(options.liars, { file: LIARS });
  await cluster.untilMet(options.nodes);
  const all = shuffled(catalogue('esci'), random(options.seed));
  const listings = all.slice(0, options.listings);
  const further = all.slice(options.listings);
  const market = await openMarket(cluster.nodes.slice(0, options.nodes - options.liars), listings, options);
  progress(`${listings.length} listings published, ${options.changed} changed, ${options.changed} removed`);
  await cluster.untilQuiet();
  const { queries } = await devQueries();
  const questions = {
    warm: titles(market.standing.slice(0, 10), 10),
    known: titles(market.standing, options.items, options.seed),
    dev: queries.slice(0, options.dev).map(({ text }) => ({ words: [text] })),
    ended: titles(market.removed, market.removed.length),
    changed: titles(market.changed, market.changed.length),
  };
  // Its times are not counted: the first questions ever asked meet nodes that have not checked their cards yet. Its hits are what
  // the others' are compared with: two askers know other nodes, and not all of their hits are the same where nobody lies.
  const control = await scene(cluster, questions, market);
  const lie = (name) => {
    const names = { [HONEST]: [], [MIXED]: LIES.answers };
    return liars[0].host.call('lie', { names: names[name] ?? [name] });
  };
  const scenes = [];
  const answered = new Table(
    `${options.liars} of ${options.nodes} nodes lie; "same hits" is the share of the first ${LIMIT} of the dev queries that are also those of one more asker while nobody lies`,
  );
  const told = options.lies.split(',');
  const chosen = (names) => [HONEST, ...names.filter((name) => told.includes(name))];
  for (const name of chosen([...LIES.answers, MIXED])) {
    await lie(name);
    const asked = await scene(cluster, questions, market);
    scenes.push({ name, ...asked, same: sameHits(asked.dev, control.dev) });
    answered.add(answeredRow(scenes.at(-1), scenes[0]));
  }
  answered.end();
  for (const { name, examples } of scenes) for (const text of examples) note(`${name}: shown, ${text}`);
  const brought = [];
  const deliveries = new Table(
    `${options.brought} further listings of a new seller each time, brought while liars lie about that`,
  );
  for (const name of chosen(LIES.brought)) {
    await lie(name);
    brought.push({ name, ...(await bringing(cluster, further.splice(0, options.brought), questions.warm)) });
    deliveries.add(broughtRow(brought.at(-1), brought[0], options.brought));
  }
  deliveries.end();
  await lie(HONEST);
  const flood = await flooded(cluster, liars[0], market, options);
  await cluster.end();
  sayFlood(flood, options);
  return { scenes, brought, flood, failed: scenes.some(({ forged }) => forged > 0) };
}

/** Publishes, then changes the price of some and removes some: what a liar could bring back. */
async function openMarket(nodes, listings, options) {
  const sellers = nodes.filter((_, at) => at % Math.ceil(nodes.length / 10) === 0);
  const shares = sellers.map((_, at) => listings.filter((_, place) => place % sellers.length === at));
  const answers = await Promise.all(sellers.map((seller, at) => seller.ask('publish', { listings: shares[at] })));
  const lines = answers.flatMap((answer, at) => answer.lines.map((line) => ({ ...line, at })));
  const ids = new Map(lines.map(({ sku, listing, at }) => [sku, { listing, at }]));
  const chosen = sample(listings, 2 * options.changed, random(options.seed));
  const changed = chosen.slice(0, options.changed).map((listing) => ({ ...listing, price: 77, currency: 'USD' }));
  const removed = chosen.slice(options.changed);
  const touched = new Set(chosen.map(({ id }) => id));
  for (const listing of changed) await sellers[ids.get(listing.id).at].ask('publish', { listings: [listing] });
  for (const { id } of removed) await sellers[ids.get(id).at].run('listingRemove', { listing: ids.get(id).listing });
  const standing = listings.filter(({ id }) => !touched.has(id));
  // What may be shown of each listing, by its id: anything else is false.
  const truth = new Map([...standing, ...changed].map((listing) => [ids.get(listing.id).listing, listing]));
  return { ids, standing, changed, removed, truth, all: listings };
}

/** Asks everything from a node that is new. */
async function scene(cluster, questions, market) {
  const { asker, ask, first } = await newAsker(cluster, questions.warm);
  const known = await ask(questions.known);
  const dev = await ask(questions.dev);
  const rest = [...(await ask(questions.ended)), ...(await ask(questions.changed))];
  const all = [...known, ...dev, ...rest];
  await asker.host.end();
  const hits = all.flatMap((answer) => answer.hits);
  return {
    known: found(known, questions.known, market),
    dev: dev.map((answer) => answer.hits.map(({ listing }) => listing)),
    first,
    times: percentiles(all.map(({ ms }) => ms)),
    errors: all.filter(({ error }) => error !== undefined).length,
    verdicts: countBy(all, ({ verdict, error }) => verdict ?? error),
    ...falseOnes(hits, market),
  };
}

/**
 * A node that asks, new so that what it learnt of the liars of another scene does not help it. Its first questions come while it is
 * still joining, and are counted by themselves: how long they take is up to that.
 */
async function newAsker(cluster, warm) {
  const [asker] = await cluster.add(1);
  const ask = async (list) => asker.ask('searches', { inputs: list.map(({ words }) => ({ words, limit: LIMIT })) });
  const answers = await ask(warm);
  await cluster.untilQuiet();
  return { asker, ask, first: percentiles(answers.map(({ ms }) => ms)) };
}

/** A new seller brings its listings; then they are asked for by their titles from another new node. */
async function bringing(cluster, listings, warm) {
  const [seller] = await cluster.add(1);
  const begun = performance.now();
  const { lines } = await seller.ask('publish', { listings });
  const seconds = (performance.now() - begun) / 1000;
  const ids = new Map(lines.map(({ sku, listing }) => [sku, { listing }]));
  const { asker, ask } = await newAsker(cluster, warm);
  const questions = titles(listings, listings.length);
  const answers = await ask(questions);
  await Promise.all([seller.host.end(), asker.host.end()]);
  return {
    known: found(answers, questions, { ids }),
    times: percentiles(answers.map(({ ms }) => ms)),
    seconds,
    quorum: lines.filter(({ quorum }) => quorum).length,
    verdicts: countBy(answers, ({ verdict, error }) => verdict ?? error),
  };
}

/** The share of known items that is among the hits of its title. */
function found(answers, questions, { ids }) {
  return mean(
    answers.map(({ hits }, at) => (hits.some(({ listing }) => listing === ids.get(questions[at].id).listing) ? 1 : 0)),
  );
}

/** Hits that say something that their seller does not say (any more). */
function falseOnes(hits, { truth, removed, ids }) {
  const ended = new Set(removed.map(({ id }) => ids.get(id).listing));
  let forged = 0;
  let old = 0;
  const examples = [];
  const note = (what, hit) => {
    if (what === 'forged') forged++;
    else old++;
    if (examples.length < EXAMPLES)
      examples.push(`${what}: ${hit.title.slice(0, 60)}, ${hit.price?.amount ?? 'no price'}`);
  };
  for (const hit of hits) {
    const { listing, title, price } = hit;
    const said = truth.get(listing);
    if (ended.has(listing)) note('taken back', hit);
    else if (title.startsWith(FLOOD)) continue;
    else if (said === undefined || title.slice(0, 20) !== said.title.trim().slice(0, 20)) note('forged', hit);
    else if (Number(price?.amount ?? 0) !== Math.round((said.price ?? 0) * 100)) note('an old price', hit);
  }
  return { forged, old, examples };
}

/** A seller publishes thousands of cards under one word of honest titles; honest ones with that word are looked for. */
async function flooded(cluster, liar, market, options) {
  const { word, having } = commonWord(market.standing);
  const questions = titles(having, having.length);
  const before = await askFor(cluster, questions, word, market);
  const listings = Array.from({ length: options.flood }, (_, at) => ({
    sku: `flood-${at}`,
    title: `${FLOOD} ${word} ${word} best ${at}`,
    category: [word],
    price: 1,
    currency: 'USD',
  }));
  const begun = performance.now();
  const { lines } = await liar.ask('publish', { listings });
  const seconds = (performance.now() - begun) / 1000;
  const after = await askFor(cluster, questions, word, market);
  progress(`${options.flood} cards of one seller under "${word}" after ${Math.round(seconds)} s`);
  return {
    word,
    honest: having.length,
    before,
    after,
    seconds,
    statuses: countBy(lines, ({ status, quorum }) => (quorum ? status : `${status}, without a quorum`)),
  };
}

/** Known items by title, and how many sellers the first answers for the bare word show. */
async function askFor(cluster, questions, word, market) {
  const { asker, ask } = await newAsker(cluster, questions.slice(0, 5));
  const answers = await ask([...questions, { words: [word] }]);
  await asker.host.end();
  const bare = answers.at(-1).hits;
  return {
    known: found(answers.slice(0, -1), questions, market),
    times: percentiles(answers.map(({ ms }) => ms)),
    honest: bare.filter(({ title }) => !title.startsWith(FLOOD)).length,
    hits: bare.length,
  };
}

/** The word that stands in most honest titles. */
function commonWord(listings) {
  const by = new Map();
  for (const listing of listings)
    for (const word of new Set(listing.title.toLowerCase().match(/[a-z]{5,}/g) ?? []))
      by.set(word, [...(by.get(word) ?? []), listing]);
  const [word, having] = [...by].sort((a, b) => b[1].length - a[1].length)[0];
  return { word, having };
}

/** The share of an asker's first hits that another one has too, over the questions to which it has any. */
function sameHits(all, other) {
  return mean(
    other.flatMap((hits, at) =>
      hits.length === 0 ? [] : [hits.filter((id) => all[at].includes(id)).length / hits.length],
    ),
  );
}

function answeredRow({ name, known, same, times, first, forged, old, verdicts, errors }, honest) {
  return {
    'what liars do': name,
    'known items found': known,
    'same hits': same,
    'forged shown': forged,
    'outdated shown': old,
    'p50 ms': times.p50,
    'p95 ms': times.p95,
    'p95, times': times.p95 / honest.times.p95,
    'first ten, p50 ms': first.p50,
    'first ten, p95 ms': first.p95,
    verdicts: inWords(verdicts),
    held: verdictOf({ known, same, times, forged, old, errors }, honest),
  };
}

function broughtRow({ name, known, times, seconds, quorum, verdicts }, honest, count) {
  return {
    'what liars do': name,
    'found afterwards': known,
    'with a quorum': `${quorum} of ${count}`,
    'published in s': seconds,
    'p50 ms': times.p50,
    'p95 ms': times.p95,
    'p95, times': times.p95 / honest.times.p95,
    verdicts: inWords(verdicts),
    held: verdictOf({ known, same: 1, times, forged: 0, old: 0, errors: 0 }, { ...honest, same: 1, old: 0 }),
  };
}

function sayFlood(flood, options) {
  table(
    [
      ['before', flood.before],
      ['after', flood.after],
    ].map(([when, { known, times, honest: shown, hits }]) => ({
      when,
      'known items with the word found': known,
      'p50 ms': times.p50,
      'p95 ms': times.p95,
      'honest among the first hits for the word alone': `${shown} of ${hits}`,
    })),
    `${options.flood} cards of one seller under "${flood.word}", which stands in ${flood.honest} honest titles; published: ${inWords(flood.statuses)}`,
  );
  const held =
    flood.after.known >= flood.before.known - RECALL_LOST && flood.after.times.p95 <= SLOWER * flood.before.times.p95;
  note(`flood: ${held ? 'held' : 'NOT held'}`);
}

function verdictOf({ known, same, times, forged, old, errors }, honest) {
  const missed = [
    ...(known < honest.known - RECALL_LOST ? ['recall'] : []),
    ...(same < honest.same - RECALL_LOST ? ['other hits'] : []),
    ...(forged > 0 ? ['forged'] : []),
    ...(old > honest.old ? ['outdated'] : []),
    ...(times.p95 > SLOWER * honest.times.p95 ? ['p95'] : []),
    ...(errors > 0 ? ['errors'] : []),
  ];
  return missed.length === 0 ? 'yes' : `no: ${missed.join(', ')}`;
}
