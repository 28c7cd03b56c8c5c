import { randomBytes } from 'node:crypto';
import type { CID } from 'multiformats/cid';
import { describe, expect, it, vi } from 'vitest';
import { Restoration, type RestorationDeps } from '../../../node/devices/restoration.js';
import type { LogExchange } from '../../../node/devices/log-exchange.js';
import { openHome } from '../../../node/home/index.js';
import { delegate } from '../../../node/identity/index.js';
import { storeSecret } from '../../../node/identity/key-file.js';
import { writeKeyFile } from '../../../node/identity/key-folder.js';
import { rootOf } from '../../../node/identity/root.js';
import { cborCodec } from '../../../node/store/index.js';
import { CLOCK_SKEW } from '../../../protocol/clock.js';
import { sealCapsule } from '../../../protocol/identity/capsule.js';
import { traderToText } from '../../../protocol/ids.js';
import { openStore, temporaryFolder } from '../store/support.js';
import { BEGIN, buyer, DAY, Log, NETWORK, seller } from '../trades/log.js';

const HOUR = 60 * 60 * 1000;

/** A shop whose machine was lost after it had accepted an offer, restored an hour later; its log has the offer alone. */
async function restored(given: { since?: number; listed?: boolean; found?: boolean } = {}) {
  const { since = BEGIN + HOUR, listed = true, found = false } = given;
  const log = new Log().offer(false).answer(seller, 'accept', { named: false });
  const [offer, accept] = log.records.values();
  if (offer === undefined || accept === undefined) throw new Error('no contract');
  const trade = offer.id.toString();
  const here = [offer];
  const clock = { now: since };
  /** The other side's devices, and whether each has the accept. */
  const others = new Map<string, boolean>();
  const store = await openStore();
  const counterparty = traderToText(buyer.trader);
  const progress = {
    since,
    profile: true,
    catalogue: true,
    omitted: 0,
    found: found ? [trade] : [],
    compared: [],
    ...(listed ? { trades: [{ trade, counterparty, heads: [accept.id.toString()] }] } : {}),
  };
  await store.write([store.table('restore', cborCodec<object>()).put('progress', progress)]);
  const restoration = new Restoration(
    {
      store,
      home: await openHome(await temporaryFolder(), NETWORK),
      network: { on: () => () => undefined, ready: false },
      identity: { trader: seller.trader, device: new Uint8Array(32).fill(77) },
      devices: { devicesOf: () => Promise.resolve([...others.keys()]) },
      catalog: { count: () => 0 },
      trades: {
        log: () => Promise.resolve({ trade: offer.id, counterparty: buyer.trader, records: here }),
        has: (_: string, messages: readonly CID[]) =>
          Promise.resolve(messages.every((message) => here.some(({ id }) => id.equals(message)))),
      },
      now: () => clock.now,
      logger: { debug: () => undefined },
    } as unknown as RestorationDeps,
    {
      pull: (peer: string) => {
        if (others.get(peer) === true && here.length === 1) here.push(accept);
        return Promise.resolve(true);
      },
    } as unknown as LogExchange,
  );
  await restoration.start();
  return { restoration, trade, others, clock };
}

describe('a restored machine', () => {
  it.each([
    ['that the capsule lists', {}],
    ['that is older than the restoring, while no capsule was found', { listed: false }],
    ['that a clock that was ahead may have made before', { listed: false, since: BEGIN - CLOCK_SKEW / 2 }],
  ])('answers no offer %s before its log was compared', async (_, given) => {
    const { restoration, trade, others } = await restored(given);
    await expect(restoration.check(trade)).rejects.toMatchObject({ code: 'RESTORE_PENDING' });
    others.set('phone', true);
    await restoration.check(trade);
  });

  it.each([
    ['the capsule names itself', 'counts', { found: false, many: 1 }],
    ['only the other side told of', 'does not count', { found: true, many: 0 }],
  ])('what %s %s as taken before', async (_, __, { found, many }) => {
    const { restoration } = await restored({ found });
    expect(restoration.listed).toHaveLength(1);
    expect(restoration.named).toHaveLength(many);
  });

  it('answers an offer that was made after it', async () => {
    const { restoration, trade } = await restored({ listed: false, since: BEGIN - CLOCK_SKEW });
    await restoration.check(trade);
  });

  it('asks the other devices where one lacks what the capsule names', async () => {
    const { restoration, trade, others } = await restored();
    others.set('behind', false).set('phone', true);
    await restoration.check(trade);
    expect(restoration.view()).toMatchObject({ trades: 1, missing: [] });
    expect(restoration.view()?.gap).toBeUndefined();
  });

  it('counts a trade once that a step and the round compare at the same time', async () => {
    const { restoration, trade, others } = await restored();
    others.set('phone', true);
    await Promise.all([restoration.check(trade), restoration.check(trade)]);
    expect(restoration.view()).toMatchObject({ trades: 1, missing: [] });
  });

  it('waits a day for what all of them lack, then goes on and says so', async () => {
    const { restoration, trade, others, clock } = await restored();
    others.set('behind', false);
    await expect(restoration.check(trade)).rejects.toMatchObject({ code: 'RESTORE_PENDING' });
    clock.now += DAY + 1;
    await restoration.check(trade);
    expect(restoration.view()).toMatchObject({ trades: 1, missing: [] });
    expect(restoration.view()?.gap).toContain(trade);
  });

  it('knows the lost device by what came with the capsule, where no node near tells of it', async () => {
    const home = await openHome(await temporaryFolder(), NETWORK);
    const root = await rootOf(new Uint8Array(randomBytes(32)));
    const lost = delegate(root, seller.device, { network: NETWORK, now: BEGIN });
    const ephemeral = new Uint8Array(randomBytes(32));
    const content = { counter: 0, as: BEGIN, trades: [], omitted: 0 };
    const sealed = sealCapsule(content, root.recovery.publicKey, ephemeral);
    const recovery = await storeSecret(root.recovery.secretKey, undefined);
    await writeKeyFile(home, 'restoring', { recovery, since: BEGIN });
    const known: Uint8Array[] = [];
    const restoration = new Restoration(
      {
        store: await openStore(),
        home,
        network: { on: () => () => undefined, ready: true },
        identity: { trader: root.trader, delegationOf: () => (known.length > 0 ? lost : undefined) },
        delegations: { met: (id: CID) => (id.equals(lost.id) ? lost : undefined), find: () => undefined },
        devices: { submit: (records: readonly Uint8Array[]) => Promise.resolve(known.push(...records)) },
        traderRecords: { newest: () => Promise.resolve({ payload: { item: { sealed } }, delegation: lost.id }) },
        now: () => BEGIN,
        logger: { debug: () => undefined },
      } as unknown as RestorationDeps,
      {} as LogExchange,
    );
    await restoration.start();
    await vi.waitFor(() => expect(known).toEqual([lost.bytes]));
    await restoration.stop();
    expect(restoration.isKnown).toBe(true);
  });
});
