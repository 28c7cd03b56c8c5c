import { describe, expect, it } from 'vitest';
import { LogExchange, type LogExchangeDeps } from '../../../node/devices/log-exchange.js';
import { CHANGED_METHOD } from '../../../node/devices/log-wire.js';
import type { RowCopies } from '../../../node/devices/row-copies.js';
import { Siblings, type SiblingsDeps } from '../../../node/devices/siblings.js';
import { writeBody } from '../../../node/network/bodies.js';
import { NiagaError, type ErrorCode } from '../../../protocol/errors.js';
import { deviceToPeerId, recordId } from '../../../protocol/ids.js';
import { quiet } from '../trader-records/support.js';
import { BEGIN, Log, seller } from '../trades/log.js';

const PEER = deviceToPeerId(seller.device);
const [first, broken, last] = [1, 2, 3].map((one) => recordId(Uint8Array.of(one)));
const nothing = () => () => undefined;

/** A second machine whose first one has three trades and a catalogue; the trade in the middle fails with this code. */
function phone(code?: ErrorCode) {
  const read: string[] = [];
  const handlers = new Map<string, (body: Uint8Array, from: { peer: string }) => Promise<Uint8Array>>();
  const deps = {
    network: { on: nothing, handle: (method: string, handler: never) => handlers.set(method, handler) },
    identity: seller,
    delegations: { read: () => seller.delegation },
    devices: {
      siblings: () => [PEER],
      writer: PEER,
      mayWrite: false,
      onChange: nothing,
      learnFrom: () => Promise.resolve(),
    },
    trades: { log: () => Promise.resolve(undefined), onChange: nothing },
    now: () => BEGIN,
    logger: quiet,
  };
  const logs = {
    async *list() {
      await Promise.resolve();
      for (const trade of [first, broken, last]) yield { trade, heads: [trade], ended: false };
    },
    pull: (_: string, trade: unknown) => {
      if (trade === broken && code !== undefined) return Promise.reject(new NiagaError(code, 'Not this one.'));
      read.push(String(trade));
      return Promise.resolve(true);
    },
  };
  const rows = { pull: () => Promise.resolve(void read.push('rows')) };
  const siblings = new Siblings(
    deps as unknown as SiblingsDeps,
    logs as unknown as LogExchange,
    rows as unknown as RowCopies,
  );
  siblings.start();
  /** What the first machine asks before it lets this one write. */
  const readAll = async () => {
    const body = writeBody({ delegation: seller.delegation?.bytes, wait: true });
    try {
      await handlers.get(CHANGED_METHOD)?.(body, { peer: PEER });
    } finally {
      await siblings.stop();
    }
  };
  return { read, readAll };
}

describe('another device of a trader', () => {
  it('reads the other trades and the catalogue where one trade cannot be read, and says that it has not all', async () => {
    const { read, readAll } = phone('PEER_PROTOCOL');
    await expect(readAll()).rejects.toMatchObject({ code: 'PEER_PROTOCOL' });
    expect(read).toEqual([String(first), String(last), 'rows']);
  });

  it('asks a device no more that is away', async () => {
    const { read, readAll } = phone('PEER_UNREACHABLE');
    await expect(readAll()).rejects.toMatchObject({ code: 'PEER_UNREACHABLE' });
    expect(read).toEqual([String(first)]);
  });

  it('says that it has all where it has', async () => {
    const { read, readAll } = phone();
    await readAll();
    expect(read).toEqual([String(first), String(broken), String(last), 'rows']);
  });
});

it('a log of which nothing is taken is not asked for again and again', async () => {
  const { state, records } = new Log().offer(false).known;
  const messages = [...records.values()].map(({ bytes }) => bytes);
  const heads = state.log.heads.map(({ message }) => message.id);
  let asked = 0;
  const logs = new LogExchange({
    network: {
      request: () => {
        asked++;
        return Promise.resolve(writeBody({ heads, messages, receipts: [] }));
      },
    },
    identity: seller,
    trades: { log: () => Promise.resolve(undefined), takeCopies: () => Promise.resolve() },
    now: () => BEGIN,
  } as unknown as LogExchangeDeps);
  await expect(logs.pull(PEER, state.trade)).rejects.toMatchObject({ code: 'PEER_PROTOCOL' });
  expect(asked).toBeLessThan(4);
});
