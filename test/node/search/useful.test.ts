import { expect, it } from 'vitest';
import { UsefulPeers } from '../../../node/search/useful.js';

it('index nodes that answer most weigh most, and this node itself is none', () => {
  const kept = new Map<string, number>();
  const clock = { now: 0 };
  const useful = new UsefulPeers(
    { peerId: 'self', keep: (peer, weight) => void kept.set(peer, weight) },
    () => clock.now,
  );
  useful.count(['a']);
  for (let time = 0; time < 9; time++) useful.count(['a', 'b', 'self']);
  for (let time = 0; time < 9; time++) useful.count(['a']);
  clock.now += 60_000;
  useful.count(['a', 'c']);
  expect([...kept.keys()].toSorted()).toEqual(['a', 'b', 'c']);
  expect(kept.get('a')).toBe(100);
  expect(kept.get('b')).toBeLessThan(60);
  expect(kept.get('c')).toBeLessThan(10);
});
