import { afterEach, expect, it, vi } from 'vitest';
import { Neighbourhood } from '../../../node/index/neighbourhood.js';
import type { Network, PeerRef } from '../../../node/network/index.js';

const HOUR = 60 * 60 * 1000;
const AFTER = 1_000;

afterEach(() => void vi.useRealTimers());

function refOf(id: string, at: number, lastSeen: number): PeerRef {
  return { id, kadId: new Uint8Array(32).fill(at), addresses: [], lastSeen, self: at === 0 };
}

it.each([-30 * 24 * HOUR, 30 * 24 * HOUR])(
  'a neighbour that fell silent is gone, though the clock is set by %d ms meanwhile',
  async (by) => {
    vi.useFakeTimers();
    const other = { lastSeen: Date.now(), answers: true };
    const refs = (): PeerRef[] => [refOf('self', 0, 0), refOf('other', 1, other.lastSeen)];
    const directory = { get: (id: string) => refs().find((ref) => ref.id === id), closest: refs };
    const neighbourhood = new Neighbourhood({
      network: { peerId: 'self', directory, on: () => () => undefined } as unknown as Network,
      options: { probeAfter: AFTER, probeAgain: AFTER / 10 },
      probe: () => {
        if (!other.answers) return Promise.reject(new Error('silent'));
        other.lastSeen = Date.now();
        return Promise.resolve();
      },
      onChange: () => undefined,
    });
    neighbourhood.start();
    await vi.advanceTimersByTimeAsync(5 * AFTER);
    expect(neighbourhood.isAlive('other')).toBe(true);
    vi.setSystemTime(Date.now() + by);
    await vi.advanceTimersByTimeAsync(5 * AFTER);
    expect(neighbourhood.isAlive('other')).toBe(true);
    other.answers = false;
    await vi.advanceTimersByTimeAsync(5 * AFTER);
    expect(neighbourhood.isAlive('other')).toBe(false);
    neighbourhood.stop();
  },
);

it('a neighbour whose connection is closed whenever it is opened is not dialled more often than silent ones are', async () => {
  vi.useFakeTimers();
  const listeners = new Map<string, (peer: string) => void>();
  const refs = (): PeerRef[] => [refOf('self', 0, 0), refOf('other', 1, Date.now())];
  const directory = { get: (id: string) => refs().find((ref) => ref.id === id), closest: refs };
  const on = (event: string, listener: (peer: string) => void) => (listeners.set(event, listener), () => undefined);
  let probes = 0;
  const neighbourhood = new Neighbourhood({
    network: { peerId: 'self', directory, on } as unknown as Network,
    options: { probeAfter: AFTER, probeAgain: AFTER / 10 },
    probe: async () => {
      probes++;
      listeners.get('peer:connect')?.('other');
      setTimeout(() => listeners.get('peer:disconnect')?.('other'), 1);
      return Promise.resolve();
    },
    onChange: () => undefined,
  });
  neighbourhood.start();
  listeners.get('peer:disconnect')?.('other');
  await vi.advanceTimersByTimeAsync(60 * AFTER);
  expect(neighbourhood.isAlive('other')).toBe(true);
  // Each after half of its pause at the earliest.
  expect(probes).toBeLessThan(130);
  expect(probes).toBeGreaterThan(20);
  neighbourhood.stop();
});
