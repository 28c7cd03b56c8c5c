import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MAX_CLOSER } from '../../../node/index/wire.js';
import { Namers } from '../../../node/search/namers.js';

const MINUTE = 60_000;
const LIAR = 'liar';
let made = 0;
const met = new Set<string>();
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
  met.clear();
  namers = new Namers({
    forget: (ids) => forgotten.push(...ids),
    get: (id) => ({ id, kadId: new Uint8Array(), addresses: [], self: false, lastSeen: met.has(id) ? 1 : 0 }),
  });
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
    const ids = name(LIAR, 6, 'missing');
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
    name(LIAR, 6, 'missing');
    vi.advanceTimersByTime(11 * MINUTE);
    expect(namers.isHeard(LIAR)).toBe(true);
    name(LIAR, 1, 'missing');
    expect(namers.isHeard(LIAR)).toBe(true);
  });

  it('begins anew after a while too where it names others all the time', () => {
    name('honest', 5, 'missing');
    for (let at = 0; at < 11; at++) {
      vi.advanceTimersByTime(MINUTE);
      namers.named('honest', [`unmet ${at}`]);
    }
    name('honest', 1, 'missing');
    expect(namers.isHeard('honest')).toBe(true);
  });

  it('is not listened to for ten minutes from when it was found out, however long ago it named', () => {
    name(LIAR, 5, 'missing');
    const { settle } = ask(LIAR, 1);
    vi.advanceTimersByTime(9 * MINUTE);
    namers.named('another', []);
    settle('missing');
    vi.advanceTimersByTime(9 * MINUTE);
    expect(namers.isHeard(LIAR)).toBe(false);
    vi.advanceTimersByTime(2 * MINUTE);
    expect(namers.isHeard(LIAR)).toBe(true);
  });

  it('has named nobody by words that are too old', () => {
    namers.named('honest', ['unmet']);
    expect(namers.hasNamed('unmet')).toBe(true);
    expect(namers.hasNamed('never named')).toBe(false);
    vi.advanceTimersByTime(11 * MINUTE);
    namers.asked('unmet')('missing');
    expect(namers.hasNamed('unmet')).toBe(false);
  });

  it('answers for those that it named in every search that asks them, once for each', () => {
    const ids = Array.from({ length: 6 }, (_, at) => `absent ${at}`);
    namers.named(LIAR, ids.slice(0, 5));
    // Later searches ask them since the directory has them, and nobody names them again; nor does it help to name others since.
    for (let search = 0; search < 4; search++) {
      for (const id of ids.slice(0, 5)) namers.asked(id)('missing');
      namers.named(
        LIAR,
        Array.from({ length: 2 * MAX_CLOSER }, (_, at) => `another ${search} ${at}`),
      );
    }
    expect(namers.isHeard(LIAR)).toBe(true);
    namers.named(LIAR, ids);
    for (const id of ids) namers.asked(id)('missing');
    expect(namers.isHeard(LIAR)).toBe(false);
  });

  it('is credited with those that were met since, as neighbours or by a look-up', () => {
    for (let at = 0; at < 3; at++) met.add(`neighbour ${at}`);
    namers.named('honest', [...met]);
    name('honest', 6, 'missing');
    expect(namers.isHeard('honest')).toBe(true);
    name('honest', 1, 'missing');
    expect(namers.isHeard('honest')).toBe(false);
  });

  it('is not blamed where nobody answers any more: then it is the asker that is cut off', () => {
    const { settle } = ask('honest', 5);
    settle('missing');
    namers.named('honest', ['late 1', 'late 2']);
    vi.advanceTimersByTime(1_001);
    for (const id of ['late 1', 'late 2']) namers.asked(id)('missing');
    expect(namers.isHeard('honest')).toBe(true);
    namers.named('another', []);
    for (const id of ['late 1', 'late 2']) namers.asked(id)('missing');
    expect(namers.isHeard('honest')).toBe(false);
  });

  it('brings nobody back for a minute who was found not to be there', () => {
    name('honest', 1, 'missing');
    const id = `named ${made - 1}`;
    expect(namers.isAbsent(id)).toBe(true);
    vi.advanceTimersByTime(60_000);
    expect(namers.isAbsent(id)).toBe(false);
    namers.named('another', []);
    namers.asked(id)('missing');
    expect(namers.isAbsent(id)).toBe(true);
    namers.asked(id)('there');
    expect(namers.isAbsent(id)).toBe(false);
  });

  it('is credited with those that were away and are back', () => {
    const { ids } = ask('honest', 6);
    for (const id of ids.slice(0, 5)) namers.asked(id)('missing');
    namers.asked(ids[0] ?? '')('there');
    for (const id of ids.slice(5)) namers.asked(id)('missing');
    expect(namers.isHeard('honest')).toBe(true);
  });

  it('does not vouch for its own inventions by having named them long ago', () => {
    const ids = Array.from({ length: 6 }, (_, at) => `made up ${at}`);
    namers.named(LIAR, ids);
    vi.advanceTimersByTime(11 * MINUTE);
    namers.named(LIAR, ids);
    for (const id of ids) namers.asked(id)('missing');
    expect(forgotten).toEqual(ids);
    for (const id of ids) expect(namers.isBelieved(id)).toBe(false);
  });

  it('has nothing forgotten that others have named as well, who are listened to', () => {
    namers.named('honest', ['real']);
    namers.named(LIAR, ['real', 'never asked']);
    const ids = name(LIAR, 6, 'missing');
    expect(forgotten).toEqual(['never asked', ...ids]);
    expect(namers.isBelieved('real')).toBe(true);
    expect(namers.isBelieved('never asked')).toBe(false);
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
    expect(forgotten).toEqual(ids.slice(0, -2 * MAX_CLOSER));
  });

  it('has its last ones kept and the others forgotten, however long it goes on', () => {
    const ids = Array.from({ length: 12 * 2 * MAX_CLOSER }, (_, at) => `named ${at}`);
    for (let at = 0; at < ids.length; at += 2 * MAX_CLOSER) {
      namers.named(LIAR, ids.slice(at, at + 2 * MAX_CLOSER));
      vi.advanceTimersByTime(MINUTE);
    }
    expect(forgotten).toEqual(ids.slice(0, -2 * MAX_CLOSER));
  });
});
