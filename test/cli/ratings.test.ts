import { expect, it } from 'vitest';
import { niaga, serveHome } from './cli.js';

it('says beside the ratings of a trader whose ratings nobody could show that there may be others', async () => {
  const none = { count: 0, traders: 0, average: null, stars: [0, 0, 0, 0, 0], ratings: [] };
  await using at = await serveHome({
    traderRatings: async ({ trader }) => ({ trader, answered: trader === 'z6MkOnline', ...none }),
  });
  const ask = (...words: string[]) => niaga(['trader', 'ratings', ...words, '--home', at.home]);
  expect(await ask('z6MkOnline')).toMatchObject({ code: 0, err: '' });
  const { err } = await ask('z6MkAway');
  expect(err).toMatch(/No node answers .*only .* on this node/);
  expect(await ask('z6MkAway', '--json')).toMatchObject({
    err: '',
    out: expect.stringContaining('"answered":false') as string,
  });
});
