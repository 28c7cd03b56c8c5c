import { expect, it } from 'vitest';
import { RowCopies, type RowCopiesDeps } from '../../../node/devices/row-copies.js';
import { rawCodec } from '../../../node/store/index.js';
import { deviceToPeerId } from '../../../protocol/ids.js';
import { openStore } from '../store/support.js';
import { BEGIN, seller } from '../trades/log.js';

const PEER = deviceToPeerId(seller.device);

it('what the disk of the machine that writes has damaged stays on the others; what it has not is taken away there', async () => {
  const [theirs, own] = [await openStore(), await openStore()];
  for (const store of [theirs, own]) {
    const cards = store.table('own-cards', rawCodec);
    const keys = store === own ? ['broken', 'gone', 'same'] : ['broken', 'same'];
    await store.write(keys.map((key) => cards.put(key, new TextEncoder().encode(key))));
  }
  await theirs.write([{ table: 'own-cards', key: 'broken', row: Uint8Array.of(1, 2, 3) }]);
  let give: ((body: Uint8Array, from: { peer: string }) => Promise<Uint8Array>) | undefined;
  const common = {
    identity: seller,
    delegations: { read: () => seller.delegation },
    catalog: { reload: () => Promise.resolve() },
    pictures: { fill: () => Promise.resolve() },
    devices: { writer: PEER },
    now: () => BEGIN,
  };
  const network = {
    peerId: PEER,
    handle: (_: string, handler: typeof give) => (give = handler),
    request: (_: string, __: string, body: Uint8Array) => give?.(body, { peer: PEER }),
  };
  new RowCopies({ ...common, network, store: theirs, mayWrite: () => true } as unknown as RowCopiesDeps).serve();
  await new RowCopies({ ...common, network, store: own, mayWrite: () => false } as unknown as RowCopiesDeps).pull(PEER);
  const kept: string[] = [];
  for await (const [key] of own.table('own-cards', rawCodec).range()) kept.push(key);
  expect(kept).toEqual(['broken', 'same']);
});
