import type { CoverageView } from '../api/views.js';
import { isCovered } from './asked-key.js';
import { answersFor, type Gathered } from './asker.js';

type Verdict = CoverageView['verdict'];
type KeyCoverage = CoverageView['keys'][number];

/**
 * How complete an answer is (DESIGN section 5): a key is covered when three nodes of one salt answered, or all where there
 * are fewer, and it is certain that these are the nodes of that salt: just after joining a node knows few others, and those
 * that seem nearest have never heard of the key. A key that is split is covered when all its shards are. The whole is as good as its
 * worst key, and `unknown` where nobody but this node itself has answered.
 */
export function coverageOf(
  gathered: Gathered,
  options: { readonly refused: number; readonly self: string },
): CoverageView {
  const { asked } = gathered;
  const asksFor = new Set([...gathered.names.map(({ key }) => key), ...gathered.left.keys()]);
  const keys = [...asksFor].map((key) => ofKey(gathered, key));
  const nodesAsked = new Set(asked.keys.flatMap((key) => [...key.asked]));
  const nodesAnswered = new Set(asked.keys.flatMap((key) => [...key.answered]));
  // What this node holds itself says nothing of what the network holds.
  const someone = [...nodesAnswered].some((peer) => peer !== options.self);
  const worst: Verdict = keys.every((key) => key.verdict === 'complete') ? 'complete' : 'partial';
  return {
    verdict: someone ? worst : 'unknown',
    asked: nodesAsked.size,
    answered: nodesAnswered.size,
    expected: keys.reduce((sum, key) => sum + key.expected, 0),
    truncated: keys.reduce((sum, key) => sum + key.truncated, 0),
    refused: options.refused,
    keys,
  };
}

function ofKey(gathered: Gathered, key: string): KeyCoverage {
  const parts = gathered.names.flatMap((named, at) =>
    named.key === key && !gathered.superseded.has(at) ? [ofName(gathered, at)] : [],
  );
  const sum = (count: (part: Omit<KeyCoverage, 'key'>) => number): number =>
    parts.reduce((total, part) => total + count(part), 0);
  const left = gathered.left.get(key) ?? 0;
  const verdict: Verdict = parts.every((part) => part.verdict === 'unknown')
    ? 'unknown'
    : left === 0 && parts.every((part) => part.verdict === 'complete')
      ? 'complete'
      : 'partial';
  return {
    key,
    ...(parts.length + left > 1 ? { shards: parts.length + left } : {}),
    expected: sum(({ expected }) => expected),
    asked: sum(({ asked }) => asked),
    answered: sum(({ answered }) => answered),
    truncated: sum(({ truncated }) => truncated),
    verdict,
  };
}

function ofName(gathered: Gathered, at: number): Omit<KeyCoverage, 'key'> {
  const state = gathered.asked.keys[at];
  const candidates = state?.candidates ?? [];
  const answered = state?.answered ?? new Set<string>();
  const complete = state !== undefined && isCovered(state, gathered.certain[at] ?? []);
  return {
    expected: candidates.length,
    asked: state?.asked.size ?? 0,
    answered: answered.size,
    truncated: answersFor(gathered, at).filter(({ answer }) => answer.truncated).length,
    verdict: answered.size === 0 ? 'unknown' : complete ? 'complete' : 'partial',
  };
}
