import { describe, expect, it } from 'vitest';
import { KEPT_PEERS, KeptPeers, MOST_WEIGHT } from '../../../node/network/kept-peers.js';
import { keyPairFromSeed } from '../../../protocol/ed25519.js';
import { deviceToPeerId } from '../../../protocol/ids.js';

const peers = Array.from({ length: KEPT_PEERS + 5 }, (_, at) =>
  deviceToPeerId(keyPairFromSeed(new Uint8Array(32).fill(at + 1)).publicKey),
);

function create() {
  const tags = new Map<string, number>();
  const clock = { now: 1_000 };
  const merge = (peer: { toString(): string }, data: { tags?: Record<string, { value?: number } | undefined> }) => {
    const [tag] = Object.values(data.tags ?? {});
    if (tag?.value === undefined) tags.delete(peer.toString());
    else tags.set(peer.toString(), tag.value);
    return Promise.resolve({} as never);
  };
  const kept = new KeptPeers(
    { merge: merge },
    (error) => {
      throw error;
    },
    () => clock.now,
  );
  return { kept, tags, clock };
}

describe('peers that are of use', () => {
  it('are kept within a budget: those of least weight make room', () => {
    const { kept, tags } = create();
    peers.forEach((peer, at) => kept.keep(peer, at + 1));
    expect(kept.ids).toHaveLength(KEPT_PEERS);
    expect([...tags.keys()].toSorted()).toEqual(kept.ids.toSorted());
    expect(kept.ids).toEqual(peers.slice(5));
    kept.keep(peers[0] ?? '', 1);
    expect(kept.ids).not.toContain(peers[0]);
  });

  it('have a weight between 1 and the most there is', () => {
    const { kept, tags } = create();
    kept.keep(peers[0] ?? '', 1e9);
    kept.keep(peers[1] ?? '', -3);
    expect([...tags.values()]).toEqual([MOST_WEIGHT, 1]);
  });

  it('are forgotten an hour after they last were', () => {
    const { kept, clock } = create();
    kept.keep(peers[0] ?? '', 50);
    clock.now += 60 * 60 * 1000;
    expect(kept.ids).toEqual([]);
  });
});
