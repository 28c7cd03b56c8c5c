// Publishing a catalogue: each seller brings its cards out with the node's own publisher.
import { addCounts } from './meter.mjs';

/**
 * Brings all cards out. The look-ups of the first `measured` sellers go through the network and are counted; those of the others
 * are answered from the sorted ids, since they would tell the same again.
 * @returns what the measured ones cost, and how all cards are placed
 */
export async function publishAll(world, cards, sellers, measured) {
  const bySeller = sellers.map((_, at) => cards.filter(({ seller }) => seller === at)).filter((own) => own.length > 0);
  const nodeOf = (own) => world.space.places[own[0].seller];
  const counts = {};
  const runs = [];
  const placed = [];
  for (const own of bySeller.slice(0, measured)) {
    const node = nodeOf(own);
    const { index } = await world.node(node);
    world.meter.watch([node]);
    world.meter.take();
    const run = await world.clock.run(publish(world, index, own));
    addCounts(counts, world.meter.take());
    runs.push(run);
    placed.push(...run.placed);
  }
  world.meter.watch(undefined);
  const others = bySeller.slice(measured).map(async (own) => {
    const { index, network } = await world.node(nodeOf(own));
    network.free = true;
    return publish(world, index, own);
  });
  for (const run of await world.clock.run(Promise.all(others))) placed.push(...run.placed);
  world.meter.take();
  return { counts, runs, placed };
}

/** @returns virtual milliseconds until all have their quorum, and until every node that should has its cards */
async function publish(world, { outlet }, cards) {
  const begun = world.clock.now;
  let quorum = 0;
  const done = [];
  for (const { listing, bytes, keys } of cards) {
    await outlet.room();
    const placement = outlet.post({ listing, bytes, keys });
    const noted = placement.settled.then((placed) => (placed.quorum ? placed : placement.done));
    void noted.then(() => (quorum = world.clock.now - begun));
    done.push(placement.done);
  }
  const placed = await Promise.all(done);
  return { listings: cards.length, quorum, whole: world.clock.now - begun, placed };
}

/** Cards and bytes that each node keeps, nodes that keep nothing included; ascending. */
export function storage(world) {
  const cards = new Float64Array(world.space.count);
  const bytes = new Float64Array(world.space.count);
  for (const [node, { store, index }] of world.each()) {
    cards[node] = index.count();
    bytes[node] = store.size('cards').bytes;
  }
  return { cards: cards.sort(), bytes: bytes.sort() };
}
