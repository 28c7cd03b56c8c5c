// Look-ups alone: how far they go, what they cost, and whether they end where they should.
import { createHash } from 'node:crypto';
import { mean, quantile, round } from './statistics.mjs';
import { TrieTables } from './tables.mjs';
import { walk } from './walk.mjs';

/**
 * As node/network/libp2p.ts sets kad-dht up: `disjointPaths`, and the least time after which a silent peer is given up. Its
 * `prefixLength` lets the table be split as deep as any network needs.
 */
export const OURS = { disjoint: 2, alpha: 10, silence: 2_000 };
/** What kad-dht 16.4.5 does unless it is told otherwise. */
const DEFAULTS = { prefixLength: 6, disjoint: 10, alpha: 10, silence: 5_000 };
/** As in node/network/lookup.ts. */
const TIME_LIMIT = 10_000;
const COPIES = 5;
const DEAD = 0.3;
/** Purpose of {@link Space.draw}: who is dead in the second row. */
const DEATH = 11;

/** So many look-ups of random keys by random nodes that are not connected to anybody. */
export function measureRouting(world, count) {
  const { space, tables } = world;
  const isDead = (node) => space.draw(node, DEATH) < DEAD * 2 ** 32;
  return {
    ours: lookUp(world, count, tables, OURS, () => false),
    dead: lookUp(world, count, tables, OURS, isDead),
    // Nodes that know few of their neighbours are worked out one by one, which takes long where there are many.
    defaults: lookUp(world, Math.ceil(count / 5), new TrieTables(space, DEFAULTS.prefixLength), DEFAULTS, () => false),
  };
}

function lookUp({ space, links, random }, count, tables, { disjoint, alpha, silence }, isDead) {
  const done = Array.from({ length: count }, (_, at) => {
    const place = space.place(createHash('sha256').update(`key ${space.seed} ${at}`).digest());
    const self = random.int(space.count);
    const found = walk({
      space,
      tables,
      self,
      place,
      limit: TIME_LIMIT,
      disjoint,
      alpha,
      shuffle: (list) => random.sample(list, list.length),
      answer: (node) =>
        isDead(node)
          ? { alive: false, delay: silence }
          : { alive: true, delay: links.dialDelay(self, node) + 2 * links.delay(self, node, 0) },
    });
    const nearest = [...found.answered, self].sort((a, b) => space.compare(a, b, place)).slice(0, COPIES);
    const truth = space
      .nearest(place, 20 * COPIES)
      .filter((node) => node === self || !isDead(node))
      .slice(0, COPIES);
    const right = truth.filter((node) => nearest.includes(node)).length / truth.length;
    return { hops: found.steps.get(nearest[0]) ?? 0, asked: found.asked, took: found.took, right };
  });
  const of = (name) => done.map((one) => one[name]);
  return {
    lookups: count,
    hops: round(mean(of('hops')), 2),
    mostHops: Math.max(...of('hops')),
    asked: round(mean(of('asked')), 1),
    p50: round(quantile(of('took'), 0.5), 0),
    p95: round(quantile(of('took'), 0.95), 0),
    rightNodes: round(mean(of('right')), 4),
  };
}
