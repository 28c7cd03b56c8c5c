import { describe, expect, it } from 'vitest';
import { SPLIT_UNTIL } from '../../../../node/index/held/quotas.js';
import { Splits } from '../../../../node/index/held/splits.js';
import { createStore } from '../../../../node/store/index.js';
import { SHARD_CARDS, shardKey, termKey } from '../../../../protocol/search/posting-keys.js';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

describe('a name with many cards', () => {
  it('is to be split, and stays so until few are left; also after a restart', async () => {
    const path = await mkdtemp(join(tmpdir(), 'niaga-splits-'));
    await using store = createStore({ path });
    await store.start();
    const held = new Map<string, number>();
    const open = async () => {
      const splits = new Splits(
        store,
        (name) => held.get(name) ?? 0,
        () => Math.max(0, ...held.values()),
      );
      await splits.load();
      return splits;
    };
    const [whole, part, deepest] = [
      termKey('payung'),
      shardKey(termKey('payung'), '01'),
      shardKey(termKey('x'), '01010101'),
    ];
    const hold = async (cards: number) => {
      for (const name of [whole, part, deepest]) held.set(name, cards);
      await store.write((await open()).note([whole, part, deepest]));
      const splits = await open();
      return [whole, part, deepest].map((name) => splits.bitsOf(name));
    };
    expect(await hold(SHARD_CARDS)).toEqual([0, 2, 8]);
    expect(await hold(SHARD_CARDS + 1)).toEqual([1, 3, 8]);
    expect(await hold(SPLIT_UNTIL)).toEqual([1, 3, 8]);
    expect(await hold(SPLIT_UNTIL - 1)).toEqual([0, 2, 8]);
    expect(await hold(SHARD_CARDS)).toEqual([0, 2, 8]);
    await store.stop();
    await rm(path, { recursive: true });
  });
});
