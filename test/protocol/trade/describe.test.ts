import { expect, test } from 'vitest';
import { describeMachine, MESSAGE_KINDS, WORDS } from '../../../protocol/trade/index.js';
test('x', () => {
  const t = performance.now();
  console.log(describeMachine());
  console.log(performance.now() - t);
});
