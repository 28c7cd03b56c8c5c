import { expect, it } from 'vitest';
import { BELIEVED_AFTER, ClockJumps, JUMP } from '../../../node/index/clock-jumps.js';

const MINUTE = 60_000;

function clocks() {
  const at = { wall: Date.UTC(2026, 10, 22), own: 5_000 };
  const pass = (ms: number): void => void Object.assign(at, { wall: at.wall + ms, own: at.own + ms });
  return {
    at,
    pass,
    jumps: new ClockJumps(
      () => at.wall,
      () => at.own,
    ),
  };
}

it('a clock that moves as time does is believed, however long that is', () => {
  const { pass, jumps } = clocks();
  for (const ms of [0, MINUTE, 10 * JUMP]) {
    pass(ms);
    expect(jumps.isBelieved()).toBe(true);
  }
});

it('a clock that jumps, ahead or back, is believed again when it is right, or has stayed so for minutes', () => {
  for (const by of [30 * JUMP, -30 * JUMP]) {
    const { at, pass, jumps } = clocks();
    at.wall += by;
    expect(jumps.isBelieved()).toBe(false);
    pass(MINUTE);
    at.wall -= by;
    expect(jumps.isBelieved()).toBe(true);
    at.wall += by;
    expect(jumps.isBelieved()).toBe(false);
    // To another time: it is waited for anew.
    pass(BELIEVED_AFTER);
    at.wall += by;
    expect(jumps.isBelieved()).toBe(false);
    pass(BELIEVED_AFTER);
    expect([jumps.isBelieved(), jumps.isBelieved()]).toEqual([true, true]);
  }
});
