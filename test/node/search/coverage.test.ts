import { describe, expect, it } from 'vitest';
import { askAnswerSchema, type AskAnswer } from '../../../node/index/wire.js';
import type { AskedKey, Candidate } from '../../../node/search/asked-key.js';
import type { Gathered } from '../../../node/search/asker.js';
import { coverageOf } from '../../../node/search/coverage.js';
import type { Named } from '../../../node/search/places.js';
import { readShardKey } from '../../../protocol/search/posting-keys.js';
import { readBody, writeBody } from '../../../node/network/bodies.js';

const answer: AskAnswer = readBody(
  askAnswerSchema,
  writeBody({ hits: [], cards: [], delegations: [], documents: 0, held: [0], df: {}, truncated: false }),
  'answer',
);

const SELF = 'self';

function candidate(id: string, ...groups: number[]): Candidate {
  return { peer: { id, kadId: new Uint8Array(32), addresses: [], lastSeen: 1, self: false }, groups };
}

function key(candidates: Candidate[], answered: string[]): AskedKey {
  return { candidates, asked: new Set(candidates.map(({ peer }) => peer.id)), answered: new Set(answered) };
}

function named(name: string): Named {
  return { ...readShardKey(name), name, places: [] };
}

function gathered(keys: Readonly<Record<string, AskedKey>>, given: Partial<Gathered> = {}): Gathered {
  const states = Object.values(keys);
  const answers = states.flatMap(({ answered }, at) => [...answered].map((peer) => ({ peer, keys: [at], answer })));
  return {
    names: Object.keys(keys).map(named),
    superseded: new Set(),
    left: new Map(),
    certain: states.map(() => [0, 1]),
    asked: { answers, keys: states },
    ...given,
  };
}

function verdict(candidates: Candidate[], answered: string[], certain: number[] = [0, 1]) {
  const all = gathered({ 'term:kopi': key(candidates, answered) }, { certain: [certain] });
  return coverageOf(all, { refused: 0, self: SELF }).verdict;
}

describe('the coverage of a search', () => {
  // Four nodes stand near both salts, a fifth near each alone.
  const both = ['a', 'b', 'c', 'd'].map((id) => candidate(id, 0, 1));
  const five = [...both, candidate('e', 0), candidate('f', 1)];

  it('is complete when three nodes of one salt answered, and only then', () => {
    expect(verdict(five, ['a', 'b', 'c'])).toBe('complete');
    expect(verdict(five, ['a', 'b', 'e'])).toBe('complete');
    expect(verdict(five, ['a', 'b'])).toBe('partial');
  });

  it('counts a node near both salts for each: one that is near the second alone is not all of it', () => {
    expect(verdict(five, ['f'])).toBe('partial');
    expect(verdict(five, ['a', 'f'])).toBe('partial');
    expect(verdict(five, ['a', 'e', 'f'])).toBe('partial');
    expect(verdict(five, ['a', 'b', 'f'])).toBe('complete');
  });

  it('is complete with all nodes where there are fewer than three', () => {
    const two = [candidate('a', 0, 1), candidate('b', 0, 1)];
    expect(verdict(two, ['a', 'b'])).toBe('complete');
    expect(verdict(two, ['a'])).toBe('partial');
  });

  it('is never complete by nodes that may be the wrong ones', () => {
    expect(verdict(five, ['a', 'b', 'c', 'd', 'e', 'f'], [])).toBe('partial');
    expect(verdict(five, ['a', 'b', 'e'], [1])).toBe('partial');
    expect(verdict(five, ['a', 'b', 'e'], [0])).toBe('complete');
  });

  it('is unknown when nobody answered but this node itself', () => {
    expect(verdict(five, [])).toBe('unknown');
    expect(verdict([candidate(SELF, 0, 1)], [SELF])).toBe('unknown');
    expect(verdict([...five, candidate(SELF, 0, 1)], [SELF])).toBe('unknown');
    expect(verdict([candidate(SELF, 0, 1), candidate('a', 0, 1)], [SELF, 'a'])).toBe('complete');
  });

  it('of a key that is split is as good as its worst shard, and counts all of them as one key', () => {
    const [whole, half] = [key(both, ['a', 'b', 'c']), key(both, ['a', 'b'])];
    const covered = (second: AskedKey) =>
      coverageOf(
        gathered({ 'term:kopi': half, '0/term:kopi': whole, '1/term:kopi': second }, { superseded: new Set([0]) }),
        {
          refused: 0,
          self: SELF,
        },
      );
    expect(covered(whole)).toMatchObject({
      verdict: 'complete',
      keys: [{ key: 'term:kopi', shards: 2, expected: 8, asked: 8, answered: 6, verdict: 'complete' }],
    });
    expect(covered(half)).toMatchObject({ verdict: 'partial', keys: [{ answered: 5, verdict: 'partial' }] });
  });

  it('is partial where there was no room to ask for all shards, or for a key at all', () => {
    const whole = key(both, ['a', 'b', 'c']);
    const some = gathered({ '0/term:kopi': whole }, { left: new Map([['term:kopi', 1]]) });
    expect(coverageOf(some, { refused: 0, self: SELF })).toMatchObject({
      verdict: 'partial',
      keys: [{ shards: 2, verdict: 'partial' }],
    });
    const none = gathered({ 'term:gayo': whole }, { left: new Map([['term:kopi', 4]]) });
    expect(coverageOf(none, { refused: 0, self: SELF }).verdict).toBe('partial');
  });

  it('counts an answer that was cut only where its node holds the key', () => {
    const all = gathered({ 'term:kopi': key(both, ['a', 'b', 'z']) });
    const cut = {
      ...all,
      asked: {
        ...all.asked,
        answers: all.asked.answers.map((one) => ({ ...one, answer: { ...answer, truncated: true } })),
      },
    };
    expect(coverageOf(cut, { refused: 0, self: SELF }).truncated).toBe(2);
  });
});
