import { describe, expect, it } from 'vitest';
import type { PeerRef } from '../../../node/network/index.js';
import { RecentLookups } from '../../../node/network/recent-lookups.js';

const KEY = new Uint8Array([1]);
const peer = (id: string, self = false): PeerRef => ({ id, self, kadId: KEY, addresses: [], lastSeen: 1 });

function counting(...answers: (readonly PeerRef[] | Error)[]) {
  const made: Uint8Array[] = [];
  const recent = new RecentLookups(async (key) => {
    made.push(key);
    const answer = answers[made.length - 1] ?? [peer('a')];
    if (answer instanceof Error) throw answer;
    return Promise.resolve(answer);
  });
  return { recent, made };
}

describe('a look-up for which a recent one will do', () => {
  it('is left out while that is under way and as long as it is recent, for the same key', async () => {
    const { recent, made } = counting();
    const all = await Promise.all([1, 2, 3].map(() => recent.get(KEY, 60_000)));
    expect(all.map(([found]) => found?.id)).toEqual(['a', 'a', 'a']);
    await recent.get(KEY, 60_000);
    expect(made).toHaveLength(1);
    await recent.get(KEY, 0);
    await recent.get(new Uint8Array([2]), 60_000);
    expect(made).toHaveLength(3);
  });

  it('is made where the last failed or met nobody', async () => {
    const { recent, made } = counting(new Error('cut'), [peer('self', true)], [peer('a')]);
    await expect(recent.get(KEY, 60_000)).rejects.toThrow('cut');
    await recent.get(KEY, 60_000);
    expect((await recent.get(KEY, 60_000)).map(({ id }) => id)).toEqual(['a']);
    await recent.get(KEY, 60_000);
    expect(made).toHaveLength(3);
  });
});
