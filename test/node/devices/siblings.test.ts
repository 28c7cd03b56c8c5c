import type { CID } from 'multiformats/cid';
import { describe, expect, it, vi } from 'vitest';
import { LogExchange, type LogExchangeDeps } from '../../../node/devices/log-exchange.js';
import {
  CHANGED_METHOD,
  changedSchema,
  LIST_LENGTH,
  LIST_METHOD,
  listAnswerSchema,
} from '../../../node/devices/log-wire.js';
import type { RowCopies } from '../../../node/devices/row-copies.js';
import { Siblings, type SiblingsDeps } from '../../../node/devices/siblings.js';
import { readBody, writeBody } from '../../../node/network/bodies.js';
import { NiagaError, type ErrorCode } from '../../../protocol/errors.js';
import { deviceToPeerId, equalBytes, recordId } from '../../../protocol/ids.js';
import type { Signer } from '../../../protocol/record.js';
import { PATIENCE } from '../../support/patience.js';
import { quiet } from '../trader-records/support.js';
import { arbiter, BEGIN, buyer, Log, seller } from '../trades/log.js';

const PEER = deviceToPeerId(seller.device);
const [first, broken, last] = [1, 2, 3].map((one) => recordId(Uint8Array.of(one)));
const nothing = () => () => undefined;

/** A second machine whose first one has three trades and a catalogue; the trade in the middle fails with this code. */
function phone(code?: ErrorCode) {
  const read: string[] = [];
  const told: unknown[] = [];
  const changes: ((trade: { trade: string }) => void)[] = [];
  const onChange = (listener: (typeof changes)[number]) => {
    changes.push(listener);
    return () => undefined;
  };
  const request = (_: string, __: string, body: Uint8Array) => {
    told.push(readBody(changedSchema, body, CHANGED_METHOD).trades?.map(String));
    return Promise.resolve(writeBody({}));
  };
  const handlers = new Map<string, (body: Uint8Array, from: { peer: string }) => Promise<Uint8Array>>();
  const deps = {
    network: { on: nothing, request, handle: (method: string, handler: never) => handlers.set(method, handler) },
    identity: seller,
    delegations: { read: () => seller.delegation },
    devices: {
      siblings: () => [PEER],
      writer: PEER,
      mayWrite: false,
      onChange: nothing,
      learnFrom: () => Promise.resolve(),
    },
    trades: { has: () => Promise.resolve(false), onChange },
    now: () => BEGIN,
    logger: quiet,
  };
  const logs = {
    async *list() {
      await Promise.resolve();
      read.push('list');
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
    try {
      await changed({ wait: true });
    } finally {
      await siblings.stop();
    }
  };
  const changed = async (what: object) => {
    const body = writeBody({ delegation: seller.delegation?.bytes, ...what });
    await handlers.get(CHANGED_METHOD)?.(body, { peer: PEER });
  };
  /** What comes with every start is read. */
  const started = async () => {
    await vi.waitFor(() => expect(read).toContain('rows'), PATIENCE);
    read.length = 0;
  };
  const change = (trades: readonly CID[]) => {
    for (const trade of trades) for (const listener of changes) listener({ trade: String(trade) });
  };
  return { read, readAll, changed, change, started, told, siblings };
}

describe('another device of a trader', () => {
  it('reads the other trades and the catalogue where one trade cannot be read, and says that it has not all', async () => {
    const { read, readAll } = phone('PEER_PROTOCOL');
    await expect(readAll()).rejects.toMatchObject({ code: 'PEER_PROTOCOL' });
    expect(read).toEqual(['list', String(first), String(last), 'rows']);
  });

  it('asks a device no more that is away', async () => {
    const { read, readAll } = phone('PEER_UNREACHABLE');
    await expect(readAll()).rejects.toMatchObject({ code: 'PEER_UNREACHABLE' });
    expect(read).toEqual(['list', String(first)]);
  });

  it('says that it has all where it has', async () => {
    const { read, readAll } = phone();
    await readAll();
    expect(read).toEqual(['list', String(first), String(broken), String(last), 'rows']);
  });

  it('reads of a change the trades that it names, and compares no others', async () => {
    const { read, started, changed, siblings } = phone();
    await started();
    await changed({ trades: [last] });
    await changed({ trades: [last, broken] });
    await vi.waitFor(() => expect(read).toContain('rows'), PATIENCE);
    expect(read).toEqual([String(last), String(broken), 'rows']);
    await siblings.stop();
  });

  it('compares all where the other one does not name what changed, whatever it named before', async () => {
    const { read, started, changed, siblings } = phone();
    await started();
    await changed({ trades: [last] });
    await changed({});
    await vi.waitFor(() => expect(read).toContain('rows'), PATIENCE);
    expect(read).toEqual(['list', String(first), String(broken), String(last), 'rows']);
    await siblings.stop();
  });

  it('is told which trades changed, each once, and of more than are named at once that all may have', async () => {
    const { change, told, siblings } = phone();
    change([first, last, first].flatMap((one) => one ?? []));
    await vi.waitFor(() => expect(told).toEqual([[String(first), String(last)]]), PATIENCE);
    change(Array.from({ length: LIST_LENGTH + 1 }, (_, at) => recordId(Uint8Array.of(at >> 8, at & 255))));
    await vi.waitFor(() => expect(told).toHaveLength(2), PATIENCE);
    expect(told[1]).toBeUndefined();
    siblings.changed();
    await vi.waitFor(() => expect(told).toHaveLength(3), PATIENCE);
    expect(told[2]).toEqual([]);
    await siblings.stop();
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
    trades: {
      log: () => Promise.resolve(undefined),
      has: () => Promise.resolve(false),
      takeCopies: () => Promise.resolve(),
    },
    now: () => BEGIN,
  } as unknown as LogExchangeDeps);
  await expect(logs.pull(PEER, state.trade)).rejects.toMatchObject({ code: 'PEER_PROTOCOL' });
  expect(asked).toBeLessThan(4);
});

it('the list of trades says how far each is, a page at a time, to whoever has a part in them, and reads no log', async () => {
  const ids = Array.from({ length: LIST_LENGTH + 2 }, (_, at) => recordId(Uint8Array.of(at >> 8, at & 255)));
  const trades = ids
    .map((id) => ({ id: String(id), participants: [buyer.trader], heads: [id], ended: false }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  const handlers = new Map<string, (body: Uint8Array, from: { peer: string }) => Promise<Uint8Array>>();
  new LogExchange({
    network: { handle: (method: string, handler: never) => handlers.set(method, handler) },
    identity: seller,
    delegations: {
      read: (bytes: Uint8Array) =>
        [seller, buyer, arbiter]
          .map(({ delegation }) => delegation)
          .find((one) => one?.bytes.length === bytes.length && equalBytes(one.bytes, bytes)),
    },
    trades: {
      heads: ({ after = '' }: { after?: string }) => trades.filter(({ id }) => id > after)[Symbol.iterator](),
      log: () => Promise.reject(new Error('a log was read')),
    },
    now: () => BEGIN,
  } as unknown as LogExchangeDeps).serve();
  const listed = async (by: Signer, after?: string) => {
    const body = writeBody({ delegation: by.delegation?.bytes, ...(after === undefined ? {} : { after }) });
    const answer = await handlers.get(LIST_METHOD)?.(body, { peer: deviceToPeerId(by.device) });
    const { trades: page, more } = readBody(listAnswerSchema, answer ?? new Uint8Array(), LIST_METHOD);
    return { page: page.map(({ trade }) => String(trade)), more };
  };
  const sorted = trades.map(({ id }) => id);
  for (const by of [seller, buyer]) {
    expect(await listed(by)).toEqual({ page: sorted.slice(0, LIST_LENGTH), more: true });
    expect(await listed(by, sorted[LIST_LENGTH - 1])).toEqual({ page: sorted.slice(LIST_LENGTH), more: false });
  }
  expect(await listed(arbiter)).toEqual({ page: [], more: false });
});
