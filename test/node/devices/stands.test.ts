import { describe, expect, it } from 'vitest';
import { lastOf, newestOf } from '../../../node/devices/stands.js';
import { recordId } from '../../../protocol/ids.js';
import { encode } from '../../../protocol/cbor.js';
import { MAX_STANDS } from '../../../protocol/identity/stands.js';

const [PHONE, BUYER] = [1, 2].map((byte) => new Uint8Array(32).fill(byte)) as [Uint8Array, Uint8Array];
const id = (...names: (string | number)[]) => recordId(encode(names));

/** A trade of an offer and its answer by the phone. */
function log(name: string, updated: number, ended: boolean) {
  const [trade, answer] = [id(name), id(name, 'answer')];
  const records = [
    { id: trade, payload: { device: BUYER, heads: [] } },
    { id: answer, payload: { device: PHONE, heads: [trade] } },
  ];
  return { trade, updated, ended, records };
}

async function* all<T>(values: readonly T[]): AsyncGenerator<T> {
  yield* await Promise.resolve(values);
}

describe('what stands of a device that signs no more', () => {
  const open = [log('open', 1, false), log('open and on its way', 0, false)];
  const onItsWay = [log('ended and on its way', 2, true)];
  const ended = Array.from({ length: MAX_STANDS }, (_, number) => log(`ended ${number}`, 10 + number, true));
  const logs = [...ended.slice(0, 500), ...onItsWay, ...open, ...ended.slice(500)];
  const underWay = new Set([...onItsWay, ...open.slice(1)].map(({ trade }) => trade.toString()));

  it('names open trades first, then those with mail on its way, however many ended later', async () => {
    for (const stands of [await newestOf(all(logs), underWay), await lastOf(all(logs), PHONE, underWay)]) {
      expect(stands).toHaveLength(MAX_STANDS);
      const names = stands.map(({ last }) => last.toString());
      const first = ['open and on its way', 'open', 'ended and on its way', `ended ${MAX_STANDS - 1}`];
      expect(names.slice(0, 4)).toEqual(first.map((name) => id(name, 'answer').toString()));
    }
  });
});
