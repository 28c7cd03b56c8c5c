import { afterEach, describe, expect, it, vi } from 'vitest';
import { DialTurns } from '../../../node/network/dial-turns.js';

afterEach(() => vi.useRealTimers());

/** Turns with a clock that only the test moves. */
function turns(): { dials: DialTurns; stopping: AbortController; state: (dial: Promise<boolean>) => Promise<unknown> } {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  const stopping = new AbortController();
  const state = (dial: Promise<boolean>): Promise<unknown> =>
    Promise.race([dial, new Promise((resolve) => setImmediate(() => resolve('waits')))]);
  return { dials: new DialTurns(stopping.signal), stopping, state };
}

describe('a dial', () => {
  it('goes on at once where nobody waits for answers', async () => {
    const { dials, state } = turns();
    expect(await state(dials.turnOf('a'))).toBe(true);
  });

  it('that no request needs is put off while somebody waits for answers', async () => {
    const { dials, state } = turns();
    const [relax, relaxOther] = [dials.hurry(), dials.hurry()];
    const dial = dials.turnOf('a');
    relax();
    relax();
    expect(await state(dial)).toBe('waits');
    relaxOther();
    expect(await state(dial)).toBe(true);
  });

  it('is put off for half a second at most, however many searches there are', async () => {
    const { dials, state } = turns();
    dials.hurry();
    const dial = dials.turnOf('a');
    for (let waited = 0; waited < 400; waited += 100) {
      vi.advanceTimersByTime(100);
      dials.hurry()();
      expect(await state(dial)).toBe('waits');
    }
    vi.advanceTimersByTime(100);
    expect(await state(dial)).toBe(true);
  });

  it('that a request needs is not put off, also where it was when the request came', async () => {
    const { dials, state } = turns();
    dials.hurry();
    const [needed, other] = [dials.turnOf('a'), dials.turnOf('b')];
    expect(await state(needed)).toBe('waits');
    const done = dials.want('a');
    expect([await state(needed), await state(other)]).toEqual([true, 'waits']);
    expect(await state(dials.turnOf('a'))).toBe(true);
    done();
    expect(await state(dials.turnOf('a'))).toBe('waits');
  });

  it('leaves room for those that requests need: no more than twelve wait, and each has its place at libp2p', async () => {
    const { dials, state } = turns();
    dials.hurry();
    const all = Array.from({ length: 20 }, (_, number) => dials.turnOf(`peer ${number}`));
    const states = await Promise.all(all.map(state));
    expect(states.filter((one) => one === 'waits')).toHaveLength(12);
    expect(states.slice(12)).toEqual(Array.from({ length: 8 }, () => true));
  });

  it('of a peer that was lost, is back and was lost again goes on in its turn', async () => {
    const { dials, state } = turns();
    dials.lost('a');
    const dial = dials.turnOf('a');
    dials.back('a');
    dials.lost('a');
    expect(await state(dial)).not.toBe(false);
    vi.advanceTimersByTime(1_000);
    expect(await state(dial)).toBe(true);
  });

  it('goes on when the network stops', async () => {
    const { dials, stopping, state } = turns();
    dials.hurry();
    const dial = dials.turnOf('a');
    stopping.abort();
    expect(await state(dial)).toBe(true);
  });
});

describe('a peer whose connection was lost', () => {
  it('is left for a moment before it is dialled again', async () => {
    const { dials, state } = turns();
    dials.lost('a');
    const dial = dials.turnOf('a');
    expect([await state(dial), await state(dials.turnOf('b'))]).toEqual(['waits', true]);
    vi.advanceTimersByTime(240);
    expect(await state(dial)).toBe('waits');
    vi.advanceTimersByTime(760);
    expect(await state(dial)).toBe(true);
  });

  it('is not dialled where it has come back meanwhile', async () => {
    const { dials, state } = turns();
    dials.lost('a');
    const dial = dials.turnOf('a');
    dials.back('a');
    expect(await state(dial)).toBe(false);
    expect(await state(dials.turnOf('a'))).toBe(true);
  });

  it('is dialled at once where a request needs it', async () => {
    const { dials, state } = turns();
    dials.lost('a');
    const dial = dials.turnOf('a');
    expect(await state(dial)).toBe('waits');
    dials.want('a');
    expect([await state(dial), await state(dials.turnOf('a'))]).toEqual([true, true]);
  });
});

describe('work that can wait', () => {
  it('goes on at once where nobody has waited for answers', async () => {
    const { dials, state } = turns();
    expect(await state(dials.untilCalm(5_000).then(() => true))).toBe(true);
  });

  it('goes on when nobody has waited for answers for a second', async () => {
    const { dials, state } = turns();
    const relax = dials.hurry();
    const calm = dials.untilCalm(60_000).then(() => true);
    const pass = async (milliseconds: number): Promise<unknown> => {
      await vi.advanceTimersByTimeAsync(milliseconds);
      return state(calm);
    };
    expect(await pass(3_000)).toBe('waits');
    relax();
    expect(await pass(900)).toBe('waits');
    dials.hurry()();
    expect(await pass(900)).toBe('waits');
    expect(await pass(500)).toBe(true);
  });

  it('goes on after its patience, however many searches there are, and when it is ended', async () => {
    const { dials, state } = turns();
    dials.hurry();
    const ended = new AbortController();
    const [patient, other] = [dials.untilCalm(5_000), dials.untilCalm(60_000, ended.signal)].map((calm) =>
      calm.then(() => true),
    );
    if (patient === undefined || other === undefined) throw new Error('two');
    await vi.advanceTimersByTimeAsync(4_900);
    expect(await state(patient)).toBe('waits');
    await vi.advanceTimersByTimeAsync(100);
    expect([await state(patient), await state(other)]).toEqual([true, 'waits']);
    ended.abort();
    await vi.advanceTimersByTimeAsync(250);
    expect(await state(other)).toBe(true);
  });
});
