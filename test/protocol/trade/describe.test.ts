import { expect, test } from 'vitest';
import { transitions } from '../../../protocol/trade/explore.js';
import { describeMachine, MESSAGE_KINDS, WORDS } from '../../../protocol/trade/index.js';

test('the page names every word and every message, and is the same each time', () => {
  const page = describeMachine();
  for (const word of Object.keys(WORDS)) expect(page).toContain(`\n| ${word} |`);
  for (const kind of MESSAGE_KINDS) expect(page).toContain(`\n| ${kind} |`);
  expect(page).toContain('stateDiagram-v2');
  expect(describeMachine()).toBe(page);
});

test('every word is reached from the start, and every open one is left again', () => {
  const all = transitions();
  const reached = new Set<string>(['start']);
  for (let before = 0; before !== reached.size;) {
    before = reached.size;
    for (const { from, to } of all) if (reached.has(from)) reached.add(to);
  }
  expect([...reached].sort()).toEqual(['start', ...Object.keys(WORDS)].sort());
  for (const [word, { phase }] of Object.entries(WORDS)) {
    const ways = all.filter(({ from, by }) => from === word && !by.includes('∥'));
    if (phase === 'open') expect(ways, word).not.toEqual([]);
    // Of what is final only the seller's own admission that money came leads on.
    if (phase === 'final') expect(ways.every(({ by }) => by.startsWith('seller payment-seen'))).toBe(true);
  }
});
