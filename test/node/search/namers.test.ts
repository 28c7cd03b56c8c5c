import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Namers } from '../../../node/search/namers.js';

const LIAR = 'liar';
let made = 0;
let forgotten: string[] = [];
let namers: Namers;

/** Names so many, who are asked; gives who they are, and what ends their silence. */
function ask(namer: string, count: number): { ids: string[]; settle: (fate: 'there' | 'missing') => void } {
  const ids = Array.from({ length: count }, () => `named ${made++}`);
  namers.named(namer, ids);
  const settles = ids.map((id) => namers.asked(id));
  return { ids, settle: (fate) => settles.forEach((settle) => settle(fate)) };
}

function name(namer: string, count: number, fate: 'there' | 'missing'): string[] {
  const { ids, settle } = ask(namer, count);
  settle(fate);
  return ids;
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
  forgotten = [];
  namers = new Namers({ forget: (ids) => forgotten.push(...ids) });
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

  it('is listened to while those that it named have had no time to answer, as over long ways', () => {
    ask('honest', 20);
    vi.advanceTimersByTime(1_900);
    expect(namers.isHeard('honest')).toBe(true);
  });

  it('is not listened to while those that it named take their time, and again when they have shown themselves', () => {
    const { settle } = ask('honest', 6);
    vi.advanceTimersByTime(2_000);
    expect(namers.isHeard('honest')).toBe(false);
    settle('there');
    expect(namers.isHeard('honest')).toBe(true);
  });

  it('begins anew after a while', () => {
    name(LIAR, 3, 'missing');
    vi.advanceTimersByTime(11 * 60 * 1000);
    expect(namers.isHeard(LIAR)).toBe(true);
    name(LIAR, 1, 'missing');
    expect(namers.isHeard(LIAR)).toBe(true);
  });

  it('answers for those that it named in every search that asks them, once for each', () => {
    const ids = ['one', 'two', 'three'];
    namers.named(LIAR, ids.slice(0, 2));
    // Later searches ask them since the directory has them, and nobody names them again.
    for (let search = 0; search < 4; search++) for (const id of ids.slice(0, 2)) namers.asked(id)('missing');
    expect(namers.isHeard(LIAR)).toBe(true);
    namers.named(LIAR, ids);
    for (const id of ids) namers.asked(id)('missing');
    expect(namers.isHeard(LIAR)).toBe(false);
  });

  it('is not listened to while those that it named say nothing, however often they are asked', () => {
    const ids = Array.from({ length: 6 }, (_, at) => `silent ${at}`);
    namers.named(LIAR, ids);
    for (let search = 0; search < 30; search++) {
      for (const id of ids) namers.asked(id);
      vi.advanceTimersByTime(100);
    }
    expect(namers.isHeard(LIAR)).toBe(false);
  });

  it('has its last ones kept and the others forgotten, however many it names', () => {
    const ids = Array.from({ length: 1_000 }, (_, at) => `named ${at}`);
    namers.named(LIAR, ids);
    expect(forgotten).toEqual(ids.slice(0, -128));
  });
});
