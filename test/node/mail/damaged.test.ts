import { randomBytes } from 'node:crypto';
import { expect, it, vi } from 'vitest';
import { rawCodec } from '../../../node/store/index.js';
import { encode } from '../../../protocol/cbor.js';
import { openMailNode } from './support.js';

const COUNT = 4;

it('what the disk has damaged or lost before it was sent keeps nothing else from being delivered', async () => {
  const to = await openMailNode(({ mail, store }) => {
    const table = store.table('got', rawCodec);
    mail.handle('private', {
      take: ({ id, bytes, receipt }) => store.write([table.put(id.toString(), bytes), ...receipt().writes]),
    });
  });
  const first = await openMailNode(() => undefined);
  const parcels = Array.from({ length: COUNT }, () => ({
    to: to.identity.trader,
    kind: 'private' as const,
    bytes: encode({ salt: new Uint8Array(randomBytes(8)) }),
  }));
  // Nobody is there yet.
  const posted = first.mail.post(parcels);
  await first.store.write(posted.writes);
  const [damaged, lost, ...whole] = posted.ids.map(String);
  const rows = first.store.table('mail-parcels', rawCodec);
  for await (const [key] of rows.range()) {
    if (key.endsWith(`/${damaged ?? ''}`)) await first.store.write([{ table: rows.name, key, row: Uint8Array.of(1) }]);
    if (key.endsWith(`/${lost ?? ''}`)) await first.store.write([rows.del(key)]);
  }
  await first.stop();

  const from = await openMailNode(() => undefined, { folder: first.folder, bootstrap: to.network.addresses() });
  from.mail.meet(to.identity.trader, to.network.peerId);
  const state = async (id = '') => (await from.mail.stateOf(to.identity.trader, id))?.state;
  await vi.waitFor(
    async () => {
      from.mail.meet(to.identity.trader, to.network.peerId);
      for (const id of whole) expect(await state(id)).toBe('delivered');
    },
    { timeout: 80_000, interval: 50 },
  );
  for (const id of [damaged, lost]) {
    await vi.waitFor(async () => expect(await state(id)).toBe('refused'), { timeout: 80_000, interval: 50 });
    expect(await from.mail.stateOf(to.identity.trader, id ?? '')).toMatchObject({ code: 'RECORD_CORRUPT' });
  }
  expect(from.mail.outboxSize()).toBe(0);
}, 120_000);
