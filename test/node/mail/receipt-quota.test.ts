import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { cborCodec, rawCodec, type Store } from '../../../node/store/index.js';
import { encode } from '../../../protocol/cbor.js';
import { NiagaError } from '../../../protocol/errors.js';
import { equalBytes } from '../../../protocol/ids.js';
import type { Signer } from '../../../protocol/record.js';
import { createTrader, DAY, deliver, letterTo, openMailNode, type MailNode } from './support.js';

const FEW = { partnerParcels: 5, strangerParcels: 2, strangersParcels: 3 };
const BEGIN = Date.now();
const parcel = () => ({ kind: 'private', bytes: encode({ salt: new Uint8Array(randomBytes(8)) }) });
const parcels = (count: number) => Array.from({ length: count }, parcel);
const keptRows = (store: Store) => store.table('mail-kept', cborCodec()).count('');

/** Keeps whatever comes. */
const keeping: Parameters<typeof openMailNode>[0] = ({ mail, store }) => {
  const table = store.table('got', rawCodec);
  mail.handle('private', {
    take: ({ id, bytes, receipt }) => store.write([table.put(id.toString(), bytes), ...receipt().writes]),
  });
};

/** What a letter with so many new parcels is told: whether each was signed for, else the code and when to come again. */
async function told(from: MailNode, to: MailNode, by: Signer, count: number, created = Date.now()) {
  const results = await deliver(from, to, letterTo(to, by, parcels(count), created));
  return results.map(({ receipt, code, retryAt }) => (receipt === undefined ? [code, retryAt] : 'receipt'));
}

describe('receipts of a day', () => {
  it('are so many for a partner, fewer for a stranger, and so many for all strangers', async () => {
    const [partner, ...strangers] = Array.from({ length: 4 }, () => createTrader(BEGIN));
    const isStranger = (trader: Uint8Array) => strangers.some((each) => equalBytes(each.trader, trader));
    const to = await openMailNode(keeping, { mail: FEW, now: () => BEGIN, isStranger });
    const from = await openMailNode(() => undefined, { bootstrap: to.network.addresses() });
    const [first, second, third] = strangers;
    if (partner === undefined || first === undefined || second === undefined || third === undefined) throw new Error();

    const limited = ['RATE_LIMITED', BEGIN + DAY];
    expect(await told(from, to, first, 3, BEGIN)).toEqual(['receipt', 'receipt', limited]);
    expect(await told(from, to, second, 2, BEGIN)).toEqual(['receipt', limited]);
    expect(await told(from, to, third, 1, BEGIN)).toEqual([limited]);
    expect(await told(from, to, partner, 6, BEGIN)).toEqual([...Array.from({ length: 5 }, () => 'receipt'), limited]);
    expect(await keptRows(to.store)).toBe(8);
  });

  it('are counted over a restart, and begin anew a day later', async () => {
    const stranger = createTrader(BEGIN);
    const options = { mail: FEW, isStranger: () => true };
    const empty = await openMailNode(keeping, options);
    const { folder } = empty;
    await empty.stop();
    const ask = async (at: number, count: number) => {
      const to = await openMailNode(keeping, { ...options, folder, now: () => at });
      const from = await openMailNode(() => undefined, { bootstrap: to.network.addresses() });
      const answer = await told(from, to, stranger, count, at);
      await Promise.all([from.stop(), to.stop()]);
      return answer;
    };
    const limited = ['RATE_LIMITED', BEGIN + DAY];
    expect(await ask(BEGIN, 1)).toEqual(['receipt']);
    expect(await ask(BEGIN + DAY - 1, 2)).toEqual(['receipt', limited]);
    expect(await ask(BEGIN + DAY, 1)).toEqual(['receipt']);
  });

  it('are not used up by what is refused, nor by what comes again', async () => {
    let refuse = true;
    const to = await openMailNode(
      ({ mail, store }) =>
        mail.handle('private', {
          take: ({ receipt }) => {
            if (refuse) throw new NiagaError('PRIVATE_UNKNOWN', 'Not yet.');
            return store.write([...receipt().writes]);
          },
        }),
      { mail: FEW, isStranger: () => true },
    );
    const from = await openMailNode(() => undefined, { bootstrap: to.network.addresses() });
    const stranger = createTrader(BEGIN);
    for (const [code] of (await told(from, to, stranger, 4)) as [string][]) expect(code).toBe('PRIVATE_UNKNOWN');
    refuse = false;
    const same = parcels(2);
    for (let time = 0; time < 3; time++) {
      const results = await deliver(from, to, letterTo(to, stranger, same));
      expect(results.map(({ receipt }) => receipt !== undefined)).toEqual([true, true]);
    }
  });
});

describe('a parcel of what is here already', () => {
  it('is signed for, and leaves nothing behind', async () => {
    const to = await openMailNode(({ mail }) => mail.handle('private', { take: () => Promise.resolve() }));
    const from = await openMailNode(() => undefined, { bootstrap: to.network.addresses() });
    const results = await deliver(from, to, letterTo(to, createTrader(BEGIN), parcels(20)));
    expect(results.every(({ receipt }) => receipt !== undefined)).toBe(true);
    expect(await keptRows(to.store)).toBe(0);
  });
});
