import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PeerRef } from '../../../node/network/index.js';
import { Namers } from '../../../node/search/namers.js';

const LIAR = 'liar';
const met = new Set<string>();
let forgotten: string[] = [];
let namers: Namers;

function ref(id: string): PeerRef {
  return { id, kadId: new Uint8Array(32), addresses: [], lastSeen: met.has(id) ? 1 : 0, self: false };
}

function name(namer: string, count: number, fate: 'there' | 'missing' | 'open'): string[] {
  const ids = Array.from({ length: count }, (_, at) => `${fate} ${at}`);
  namers.named(namer, ids);
  for (const id of ids) namers.found(namer, id, fate);
  return ids;
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
  met.clear();
  forgotten = [];
  namers = new Namers({ get: ref, forget: (ids) => forgotten.push(...ids) });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a node that names others', () => {
  it('is listened to before anything is known of its word', () => {
    expect(namers.isHeard(LIAR)).toBe(true);
  });

  it('is not listened to when those that it named are not there, and they are forgotten, the ones not asked too', () => {
    namers.named(LIAR, ['never asked']);
    const ids = name(LIAR, 3, 'missing');
    expect(namers.isHeard(LIAR)).toBe(false);
    expect(forgotten).toEqual(['never asked', ...ids]);
    expect(namers.isHeard('another')).toBe(true);
  });

  it('is listened to where half of a network has just died', () => {
    name('honest', 10, 'there');
    name('honest', 12, 'missing');
    expect(namers.isHeard('honest')).toBe(true);
    expect(forgotten).toEqual([]);
  });

  it('is not listened to while those that it named take their time, and again when they have shown themselves', () => {
    const ids = name('honest', 6, 'open');
    expect(namers.isHeard('honest')).toBe(false);
    for (const id of ids) met.add(id);
    expect(namers.isHeard('honest')).toBe(true);
  });

  it('has named nobody who is there when they are silent for longer than a dial takes', () => {
    name(LIAR, 3, 'open');
    expect(namers.isHeard(LIAR)).toBe(true);
    vi.advanceTimersByTime(10_000);
    expect(namers.isHeard(LIAR)).toBe(false);
    expect(forgotten).toHaveLength(3);
  });

  it('begins anew after a while', () => {
    name(LIAR, 3, 'missing');
    vi.advanceTimersByTime(11 * 60 * 1000);
    expect(namers.isHeard(LIAR)).toBe(true);
    namers.named(LIAR, ['one']);
    namers.found(LIAR, 'one', 'missing');
    expect(namers.isHeard(LIAR)).toBe(true);
  });
});
