import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { transitions } from '../../../protocol/trade/explore.js';
import { DEADLINE_NAMES, MESSAGE_KINDS, WORDS } from '../../../protocol/trade/index.js';
import { outlineOf } from '../../../protocol/trade/signature.js';

const MINUTES = 5 * 60 * 1000;
const LATE_DOING =
  /^(buyer|seller) (paid|payment-seen|refunded|refund-seen|shipped|received|approved|returned|return-seen)/;

test('the page names every word, every message and every deadline', () => {
  // As describeMachine() gives it, which is much work: test/contract/generated.test.ts holds that.
  const page = readFileSync(new URL('../../../docs/reference/trade-states.md', import.meta.url), 'utf8');
  for (const word of Object.keys(WORDS)) expect(page).toContain(`\n| ${word} |`);
  for (const kind of MESSAGE_KINDS) expect(page).toContain(`\n| ${kind} |`);
  for (const deadline of DEADLINE_NAMES) expect(page).toContain(`\n| ${deadline} |`);
  expect(page).toContain('stateDiagram-v2');
});

test(
  'every word is reached from the start, and every one that is not final is left again',
  { timeout: MINUTES },
  () => {
    const all = transitions({ signature: outlineOf, counters: 1, crossings: false });
    const reached = new Set<string>(['start']);
    for (let before = 0; before !== reached.size;) {
      before = reached.size;
      for (const { from, to } of all) if (reached.has(from)) reached.add(to);
    }
    expect([...reached].sort()).toEqual(['start', ...Object.keys(WORDS)].sort());
    for (const [word, { phase }] of Object.entries(WORDS)) {
      const ways = all.filter(({ from }) => from === word);
      if (phase !== 'final') expect(ways, word).not.toEqual([]);
      if (phase !== 'final') continue;
      // What is final leads on only by a side's doing, late, what it owes: never by time, a cancel or a dispute.
      const owed = word === 'unresolved' ? LATE_DOING : /^(buyer paid|seller payment-seen)/;
      expect(ways.filter(({ by }) => !owed.test(by))).toEqual([]);
    }
  },
);
