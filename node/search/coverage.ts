import type { CoverageView } from '../api/views.js';
import type { AskAnswer } from '../index/wire.js';
import { WANTED_ANSWERS, type Asked, type Candidate } from './ask.js';

type Verdict = CoverageView['verdict'];

/**
 * How complete an answer is (DESIGN section 5): a key is covered when three nodes of one salt answered, or all where there
 * are fewer. The whole is as good as its worst key, and `unknown` where nobody but this node itself could have answered.
 */
export function coverageOf(
  names: readonly string[],
  candidates: readonly (readonly Candidate[])[],
  asked: Asked<AskAnswer>,
  options: { refused: number; alone: boolean },
): CoverageView {
  const keys = names.map((key, at) => {
    const list = candidates[at] ?? [];
    const state = asked.keys[at];
    const truncated = asked.answers.filter((answer) => answer.keys.includes(at) && answer.answer.truncated).length;
    const answered = state?.answered ?? new Set<string>();
    const groups = [...new Set(list.map(({ group }) => group))];
    const complete = groups.some((group) => {
      const members = list.filter((one) => one.group === group);
      return members.filter(({ peer }) => answered.has(peer.id)).length >= Math.min(WANTED_ANSWERS, members.length);
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
