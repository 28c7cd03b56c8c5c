import type { CoverageView } from '../api/views.js';
import type { AskAnswer } from '../index/wire.js';
import { WANTED_ANSWERS, type Asked, type Candidate } from './ask.js';

type Verdict = CoverageView['verdict'];

/**
 * How complete an answer is (DESIGN section 5): a key is covered when three nodes of one salt answered, or all where there
 * are fewer, and it is certain that these are the nodes of that salt: just after joining a node knows few others, and those
 * that seem nearest have never heard of the key. The whole is as good as its worst key, and `unknown` where nobody but this node itself could have answered.
 */
export function coverageOf(
  names: readonly string[],
  candidates: readonly (readonly Candidate[])[],
  asked: Asked<AskAnswer>,
  options: {
    readonly refused: number;
    readonly alone: boolean;
    /** For each key the salts whose nodes are known for certain. */
    readonly certain: readonly (readonly number[])[];
  },
): CoverageView {
  const keys = names.map((key, at) => {
    const list = candidates[at] ?? [];
    const state = asked.keys[at];
    const truncated = asked.answers.filter((answer) => answer.keys.includes(at) && answer.answer.truncated).length;
    const answered = state?.answered ?? new Set<string>();
    const complete = (options.certain[at] ?? []).some((group) => {
      const members = list.filter(({ groups }) => groups.includes(group));
      return (
        members.length > 0 &&
        members.filter(({ peer }) => answered.has(peer.id)).length >= Math.min(WANTED_ANSWERS, members.length)
      );
    });
    const verdict: Verdict = answered.size === 0 ? 'unknown' : complete ? 'complete' : 'partial';
    return { key, expected: list.length, asked: state?.asked.size ?? 0, answered: answered.size, truncated, verdict };
  });
  const nodesAsked = new Set(asked.keys.flatMap((key) => [...key.asked]));
  const nodesAnswered = new Set(asked.keys.flatMap((key) => [...key.answered]));
  const someone = keys.some((key) => key.verdict !== 'unknown');
  const worst: Verdict = keys.every((key) => key.verdict === 'complete') ? 'complete' : 'partial';
  return {
    verdict: options.alone || !someone ? 'unknown' : worst,
    asked: nodesAsked.size,
    answered: nodesAnswered.size,
    expected: keys.reduce((sum, key) => sum + key.expected, 0),
    truncated: keys.reduce((sum, key) => sum + key.truncated, 0),
    refused: options.refused,
    keys,
  };
}
