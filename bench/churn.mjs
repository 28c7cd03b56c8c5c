// What the network still knows when a third, then half of its nodes are gone at once (half of those killed, half frozen), how
// long until all copies are restored, whether new nodes take over their share, and how long a seller who is away is found.
// One command: npm run bench:churn
import { Scene } from './lib/churn-scene.mjs';
import { needData } from './lib/data.mjs';
import { Cluster } from './lib/hosts.mjs';
import { random } from './lib/random.mjs';
import { progress, runBench } from './lib/run.mjs';

const hour = 3_600_000;
/** Cards stand for thirty days unless their seller extends them. */
const VALID_DAYS = 30;
/** Known items that are to be found while so many of a hundred nodes are gone. */
const FOUND = { 30: 0.99, 50: 0.95 };

needData();
await runBench({
  name: 'churn',
  about:
    'Known items found after many nodes have gone at once, the restoring of copies, joining, and sellers who are away.',
  options: {
    nodes: { value: 30, quick: 8, about: 'nodes; those that ask are some more' },
    each: { value: 2, quick: 2, about: 'nodes a process: a process goes as a whole' },
    askers: { value: 5, quick: 2, about: 'nodes that ask in turn, in a process of their own' },
    listings: { value: 1_000, quick: 24, about: 'listings' },
    sellers: { value: 10, quick: 4, about: 'nodes that publish them, each in a process of its own' },
    items: { value: 120, quick: 5, about: 'listings looked for each time' },
    sampled: { value: 40, quick: 4, about: 'cards whose copies are counted' },
    wait: { value: 90, quick: 0, about: 'seconds that copies may take to be restored' },
    gone: { value: '30,50', about: 'shares of the nodes that go at once, in %, one after the other' },
    days: { value: 3, about: 'days that sellers are away' },
    seed: { value: 1, about: 'chooses listings, questions and who goes' },
  },
  measure,
});

async function measure(options) {
  const next = random(options.seed);
  const cluster = await new Cluster('niaga').start(options.nodes, Math.ceil(options.nodes / options.each));
  const askers = await cluster.add(options.askers);
  await cluster.untilMet(options.nodes + options.askers);
  const scene = new Scene(cluster, askers, options, next);
  await scene.open();
  await scene.ask('all there');
  await scene.copies('all there');

  for (const percent of options.gone.split(',').map(Number)) {
    const gone = scene.take(percent);
    await scene.ask(`${percent} % gone (${gone} nodes)`, FOUND[percent]);
    const restored = await scene.untilRestored(`${percent} % gone`);
    await scene.ask(`${percent} % gone, ${restored}`, FOUND[percent]);
    // Half of them stay away: those that join take the place of the first ones.
    if (percent >= 50) continue;
    const joined = await scene.join(gone);
    progress(`${gone} nodes joined`);
    await scene.untilRestored(`${gone} nodes joined`);
    await scene.share(joined);
  }

  await scene.move(options.days * 24 * hour);
  await scene.ask(`sellers away for ${options.days} days`, FOUND[50], scene.away);
  await scene.move((VALID_DAYS - options.days) * 24 * hour + 2 * hour);
  await scene.ask('sellers away for longer than their cards stand', undefined, scene.away, 0);
  await scene.ask('those of sellers who are there, at that time', FOUND[50], scene.present);
  await cluster.end();
  return scene.conclude();
}
