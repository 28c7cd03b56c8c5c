import { describe, expect, it } from 'vitest';
import type { AskAnswer } from '../../../node/index/wire.js';
import type { Asked, Candidate } from '../../../node/search/ask.js';
import { coverageOf } from '../../../node/search/coverage.js';

const answer: AskAnswer = { hits: [], cards: [], delegations: [], documents: 0, held: [0], df: {}, truncated: false };

function candidate(id: string, ...groups: number[]): Candidate {
  return { peer: { id, kadId: new Uint8Array(32), addresses: [], lastSeen: 1, self: false }, groups };
}

function verdict(candidates: Candidate[], answered: string[], certain: number[] = [0, 1], alone = false) {
  const asked: Asked<AskAnswer> = {
    answers: answered.map((peer) => ({ peer, keys: [0], answer })),
    keys: [{ asked: new Set(candidates.map(({ peer }) => peer.id)), answered: new Set(answered) }],
  };
  return coverageOf(['term:kopi'], [candidates], asked, { refused: 0, alone, certain: [certain] }).verdict;
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

  it('is unknown when nobody answered or nobody else is there', () => {
    expect(verdict(five, [])).toBe('unknown');
    expect(verdict([candidate('a', 0, 1)], ['a'], [0, 1], true)).toBe('unknown');
  });
});
