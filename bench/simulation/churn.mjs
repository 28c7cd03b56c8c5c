// Many nodes gone at once, and the first answer that people get afterwards.
import { createRandom } from './random.mjs';
import { figures, searchAll } from './searching.mjs';

/**
 * @param options.share of the nodes that die; those who search do not
 * @param options.people who search: they have not searched before, or only for what `known` says
 * @param options.known cards whose titles were searched for while everybody was there
 * @param options.fresh cards whose titles nobody has searched for
 */
export async function measureChurn(world, { share, people, known, fresh, seed }) {
  await searchAll(
    world,
    people,
    known.map(({ title }) => title),
  );
  const random = createRandom(seed);
  const spared = new Set(people);
  const others = Array.from({ length: world.space.count }, (_, node) => node).filter((node) => !spared.has(node));
  world.kill(random.sample(others, Math.round(share * world.space.count)));
  const ask = async (cards) => {
    const results = await searchAll(
      world,
      people,
      cards.map(({ title }) => title),
    );
    return figures(
      results,
      cards.map(({ listing }) => listing),
    );
  };
  const again = await ask(known);
  const first = await ask(fresh);
  world.revive();
  return { share, again, first };
}
