import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { askAll, GRACE, HEDGE_AFTER } from '../../../node/search/ask.js';
import { isCovered, type Candidate } from '../../../node/search/asked-key.js';
import { Latecomers } from '../../../node/search/latecomers.js';

function candidate(id: string): Candidate {
  return { peer: { id, kadId: new Uint8Array(32), addresses: [], lastSeen: 1, self: false }, groups: [0, 1] };
}

const frozen = (signal: AbortSignal): Promise<string> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('ended')), { once: true }));

afterEach(() => void vi.useRealTimers());

describe('askAll', () => {
  it('ends shortly after its hedge when one node of three is frozen', async () => {
    vi.useFakeTimers();
    const asking = askAll({
      candidates: [['a', 'b', 'c'].map(candidate), ['c', 'b', 'a'].map(candidate)],
      deadline: 5_000,
      request: (peer, _keys, _first, signal) => (peer === 'a' ? frozen(signal) : Promise.resolve(peer)),
    });
    await vi.advanceTimersByTimeAsync(HEDGE_AFTER + 2 * GRACE);
    vi.useRealTimers();
    const asked = await asking;
    expect(asked.keys.map(({ answered }) => [...answered].toSorted())).toEqual([
      ['b', 'c'],
      ['b', 'c'],
    ]);
  });

  it('asks another beside a frozen one, also when two have answered', async () => {
    const asked = await askAll({
      candidates: [['a', 'b', 'c', 'd'].map(candidate)],
      deadline: 5_000,
      request: (peer, _keys, _first, signal) => (peer === 'a' ? frozen(signal) : Promise.resolve(peer)),
    });
    expect([...(asked.keys[0]?.answered ?? [])].toSorted()).toEqual(['b', 'c', 'd']);
  });

  it('waits for the deadline where a key has less than two answers', async () => {
    const begun = performance.now();
    const asked = await askAll({
      candidates: [['a', 'b'].map(candidate)],
      deadline: 800,
      request: (peer, _keys, _first, signal) => (peer === 'a' ? frozen(signal) : Promise.resolve(peer)),
    });
    expect(performance.now() - begun).toBeGreaterThan(700);
    expect([...(asked.keys[0]?.answered ?? [])]).toEqual(['b']);
  });

  it('replaces one that fails at once, and does not ask a node twice', async () => {
    const requests: string[] = [];
    // Time stands still: nothing that waits for it would come.
    vi.useFakeTimers();
    const asked = await askAll({
      candidates: [['a', 'b', 'c', 'd'].map(candidate)],
      deadline: 5_000,
      request: (peer) => {
        requests.push(peer);
        return peer === 'b' ? Promise.reject(new Error('gone')) : Promise.resolve(peer);
      },
    });
    expect(requests.toSorted()).toEqual(['a', 'b', 'c', 'd']);
    expect([...(asked.keys[0]?.answered ?? [])].toSorted()).toEqual(['a', 'c', 'd']);
  });

  it('asks three that hold the key at once, whatever stands in for one that rests', async () => {
    // Time stands still, as above.
    vi.useFakeTimers();
    const stranger = { ...candidate('x'), groups: [], nearest: [0] };
    const asked = await askAll({
      candidates: [[candidate('a'), stranger, candidate('b'), candidate('c'), candidate('d')]],
      deadline: 5_000,
      request: (peer) => Promise.resolve(peer),
    });
    expect([...(asked.keys[0]?.answered ?? [])].toSorted()).toEqual(['a', 'b', 'c']);
  });

  it('goes over to the other salt where too few are left of the first', async () => {
    vi.useFakeTimers();
    const of = (salt: number) => (id: string) => ({ ...candidate(id), groups: [salt] });
    const asked = await askAll({
      candidates: [[...['a', 'b', 'c', 'd'].map(of(0)), ...['v', 'w', 'x', 'y'].map(of(1))]],
      deadline: 5_000,
      request: (peer) => ('ab'.includes(peer) ? Promise.reject(new Error('gone')) : Promise.resolve(peer)),
    });
    expect([...(asked.keys[0]?.answered ?? [])].toSorted()).toEqual(['c', 'd', 'v', 'w', 'x']);
  });

  it('goes over to the other salt at its hedge where too few of the first have answered, and waits for nobody else', async () => {
    vi.useFakeTimers();
    const of = (salt: number) => (id: string) => ({ ...candidate(id), groups: [salt] });
    const answered: string[] = [];
    let ended = false;
    const asking = askAll({
      candidates: [[...['a', 'b', 'c', 'd'].map(of(0)), ...['v', 'w', 'x', 'y'].map(of(1))]],
      deadline: 5_000,
      request: (peer, _keys, _first, signal) => ('ab'.includes(peer) ? frozen(signal) : Promise.resolve(peer)),
      onAnswer: ({ peer }) => void answered.push(peer),
    }).finally(() => (ended = true));
    await vi.advanceTimersByTimeAsync(HEDGE_AFTER + 1);
    expect(answered).toEqual(expect.arrayContaining(['v', 'w', 'x']));
    expect(ended).toBe(true);
    await asking;
  });

  it('asks each key of three nodes, and of those who hold it whoever is asked for others anyway', async () => {
    const requests = new Map<string, readonly number[]>();
    await askAll({
      candidates: [
        ['a', 'b', 'c', 'd', 'e'],
        ['v', 'w', 'x', 'e', 'd'],
        ['y', 'z', 'w', 'c', 'd'],
      ].map((ids) => ids.map(candidate)),
      deadline: 5_000,
      request: (peer, keys) => {
        requests.set(peer, keys);
        return Promise.resolve(peer);
      },
    });
    expect(Object.fromEntries(requests)).toEqual({ d: [0, 1, 2], c: [0, 2], e: [0, 1], w: [1, 2] });
  });

  it('takes no dial to ask fewer nodes, unless it is made anyway', async () => {
    const far = (id: string): Candidate => ({ ...candidate(id), connected: false });
    const requests = new Set<string>();
    await askAll({
      candidates: [
        [...['a', 'b', 'c'].map(candidate), ...['x', 'y'].map(far)],
        [...['d', 'e', 'f'].map(candidate), ...['x', 'y'].map(far)],
      ],
      deadline: 5_000,
      request: (peer) => Promise.resolve(requests.add(peer)),
    });
    expect([...requests].toSorted()).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  });

  it('asks three for each key, which are of one salt, and no node twice', async () => {
    const ids = fc.constantFrom(...'abcdefghijklmnopqrst');
    const candidatesOfKey = fc
      .uniqueArray(ids, { minLength: 6, maxLength: 10 })
      .chain((all) =>
        fc.tuple(
          ...all.map((id) => fc.record({ id: fc.constant(id), salt: fc.nat({ max: 1 }), connected: fc.boolean() })),
        ),
      )
      .map((some) => some.map(({ id, salt, connected }) => ({ ...candidate(id), groups: [salt], connected })));
    await fc.assert(
      fc.asyncProperty(fc.array(candidatesOfKey, { minLength: 1, maxLength: 6 }), async (candidates) => {
        const requests: string[] = [];
        const { keys } = await askAll({
          candidates,
          deadline: 5_000,
          request: (peer) => Promise.resolve(void requests.push(peer)),
        });
        for (const state of keys) {
          expect(state.answered.size).toBe(3);
          expect([0, 1].some((salt) => isCovered(state, [salt]))).toBe(true);
        }
        expect(new Set(requests).size).toBe(requests.length);
      }),
    );
  });

  it('asks others at once beside one that was late before, for its cards too', async () => {
    const latecomers = new Latecomers();
    const firsts: string[] = [];
    const ask = () =>
      askAll({
        candidates: [['a', 'b', 'c', 'd', 'e'].map(candidate)],
        deadline: 5_000,
        latecomers,
        request: (peer, _keys, first, signal) => {
          if (first) firsts.push(peer);
          return peer === 'a' ? frozen(signal) : Promise.resolve(peer);
        },
      });
    await ask();
    expect(latecomers.has('a')).toBe(true);
    expect(latecomers.has('b')).toBe(false);
    firsts.length = 0;
    // Time stands still: nothing that waits for it would come.
    vi.useFakeTimers();
    const asked = await ask();
    expect([...(asked.keys[0]?.asked ?? [])]).toEqual(['a', 'b', 'c', 'd']);
    expect([...(asked.keys[0]?.answered ?? [])]).toEqual(['b', 'c', 'd']);
    expect(firsts).toEqual(['a', 'b']);
  });

  it('remembers who was late by its timer alone, which may go off a moment before its time', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const latecomers = new Latecomers();
    const asking = askAll({
      candidates: [['a', 'b', 'c', 'd'].map(candidate)],
      deadline: 5_000,
      latecomers,
      request: (peer, _keys, _first, signal) => (peer === 'a' ? frozen(signal) : Promise.resolve(peer)),
    });
    await vi.advanceTimersByTimeAsync(HEDGE_AFTER);
    await asking;
    expect(['a', 'b'].map((peer) => latecomers.has(peer))).toEqual([true, false]);
  });

  it('gives one that was late before as much time as others where nobody else is left, and counts on it once it is in time', async () => {
    vi.useFakeTimers();
    const latecomers = new Latecomers();
    latecomers.late('a');
    const ask = (delay: number) =>
      askAll({
        candidates: [['a', 'b', 'c'].map(candidate)],
        deadline: 5_000,
        latecomers,
        request: async (peer) => {
          if (peer === 'a') await new Promise((resolve) => setTimeout(resolve, delay));
          return peer;
        },
      });
    const begun = performance.now();
    const asking = ask(1_000);
    await vi.advanceTimersByTimeAsync(HEDGE_AFTER + GRACE + 1);
    expect([...((await asking).keys[0]?.answered ?? [])]).toEqual(['b', 'c']);
    expect(performance.now() - begun).toBeLessThan(HEDGE_AFTER + 2 * GRACE);
    const again = ask(HEDGE_AFTER - 10);
    await vi.advanceTimersByTimeAsync(HEDGE_AFTER);
    expect([...((await again).keys[0]?.answered ?? [])]).toEqual(['b', 'c', 'a']);
    expect(latecomers.has('a')).toBe(false);
  });

  it('takes nobody for late before others are due to be asked beside it', async () => {
    vi.useFakeTimers();
    const latecomers = new Latecomers();
    for (const peer of ['a', 'x']) latecomers.late(peer);
    const takes: Record<string, number> = { a: 50, q: 100 };
    const asking = askAll({
      // The first key waits only for one that was late, so that others are to be asked at once; the second is done without `q`.
      candidates: [['a', 'b', 'c'].map(candidate), ['x', 'b', 'c', 'q'].map(candidate)],
      deadline: 5_000,
      latecomers,
      request: async (peer) => {
        await new Promise((resolve) => setTimeout(resolve, takes[peer] ?? 0));
        return peer;
      },
    });
    await vi.advanceTimersByTimeAsync(51);
    const asked = await asking;
    expect(asked.keys[1]?.asked).toContain('q');
    expect(asked.keys[1]?.answered).not.toContain('q');
    expect([...'abcqx'].filter((peer) => latecomers.has(peer))).toEqual([]);
  });

  it('asks nobody when the caller has given up already', async () => {
    let requests = 0;
    const options = {
      candidates: [[candidate('a')]],
      deadline: 5_000,
      signal: AbortSignal.abort(new Error('given up')),
      request: () => Promise.resolve(requests++),
    };
    await expect(askAll(options)).rejects.toThrow('given up');
    expect(requests).toBe(0);
  });
});
