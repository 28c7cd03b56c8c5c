import { afterEach, describe, expect, test } from 'vitest';
import { createNetwork, type NetworkOptions, type PeerRow } from '../../../node/network/index.js';
import { mdnsServiceTag } from '../../../node/network/libp2p.js';
import { read, seed, startNetwork, stopAll, text, until } from './fixtures.js';

afterEach(stopAll);

function memoryStore() {
  let rows: readonly PeerRow[] = [];
  return { load: async () => rows, save: async (next: readonly PeerRow[]) => void (rows = next), rows: () => rows };
}

/** A port that is known before a node listens there: below those that the system gives to connections. */
const fixedPort = (factor: number): number => 20_000 + ((process.pid * factor) % 12_000);

function options(more: Partial<NetworkOptions>): NetworkOptions {
  return { privateKeySeed: seed(0), network: 'test', listen: ['/ip4/127.0.0.1/tcp/0'], ...more };
}

describe('options', () => {
  test.each<[string, Partial<NetworkOptions>, string]>([
    ['a seed of the wrong length', { privateKeySeed: new Uint8Array(31) }, 'INPUT_INVALID'],
    ['a name with a slash', { network: 'a/b' }, 'INPUT_INVALID'],
    ['an empty name', { network: '' }, 'INPUT_INVALID'],
    ['an address that is none', { listen: ['127.0.0.1:4101'] }, 'ADDRESS_INVALID'],
    ['an address without TCP', { listen: ['/ip4/127.0.0.1/udp/4101'] }, 'ADDRESS_INVALID'],
    ['a bootstrap address that is none', { bootstrap: ['pasar.example'] }, 'ADDRESS_INVALID'],
    ['an announced address that is none', { announce: ['pasar.example'] }, 'ADDRESS_INVALID'],
    ['something nobody knows', { listn: [] } as Partial<NetworkOptions>, 'INPUT_UNKNOWN_FIELD'],
  ])('are refused with %s', (_, wrong, code) => {
    expect(() => createNetwork(options(wrong))).toThrowError(expect.objectContaining({ code }));
  });

  test('keep networks apart on the local network', () => {
    expect(mdnsServiceTag('pasar')).toBe('_niaga-pasar._udp.local');
    expect(mdnsServiceTag('Pasar')).not.toBe(mdnsServiceTag('pasar'));
    expect(mdnsServiceTag('a.b')).not.toBe(mdnsServiceTag('a_b'));
    expect(mdnsServiceTag('a.b')).toMatch(/^_niaga-a-b-[0-9a-f]{8}\._udp\.local$/);
  });
});

describe('a start', () => {
  test('on a taken port fails, names it, and leaves nothing', async () => {
    const first = await startNetwork(0);
    const address = first.addresses()[0]?.replace(/\/p2p\/.*/, '') ?? '';
    const second = createNetwork(options({ privateKeySeed: seed(1), listen: ['/ip4/127.0.0.1/tcp/0', address] }));
    await expect(second.start()).rejects.toMatchObject({ code: 'PORT_TAKEN', where: address });
    expect([second.addresses(), second.ready]).toEqual([[], false]);
    await expect(second.lookup(text('key'))).rejects.toMatchObject({ code: 'STOPPED' });
    await first.stop();
    await second.start();
    expect(second.addresses().some((text) => text.startsWith(`${address}/p2p/`))).toBe(true);
    await second.stop();
  });

  test('on an address of another machine fails', async () => {
    await expect(startNetwork(0, { listen: ['/ip4/192.0.2.1/tcp/0'] })).rejects.toMatchObject({
      code: 'ADDRESS_INVALID',
    });
  });

  test('without an address takes the usual one, or a free one when that is taken', async () => {
    const first = await startNetwork(0, { listen: undefined });
    const second = await startNetwork(1, { listen: undefined });
    const ports = [first, second].map(
      (network) =>
        /^\/ip4\/127\.0\.0\.1\/tcp\/(\d+)\//.exec(network.addresses().join('\n'))?.[1] ?? network.addresses()[0],
    );
    expect(new Set(ports).size).toBe(2);
  });

  test('without its bootstrap node succeeds, and joins when that is there', async () => {
    const address = `/ip4/127.0.0.1/tcp/${fixedPort(7)}`;
    const early = await startNetwork(0, { bootstrap: [address] });
    expect(early.ready).toBe(false);
    let told = 0;
    early.on('ready', () => (told += 1));
    const late = await startNetwork(1, { listen: [address] });
    await until(() => early.ready, 'the network');
    expect([early.connections(), told]).toEqual([[late.peerId], 1]);
  });

  test('with its own address as bootstrap is alone and ready', async () => {
    const address = `/ip4/127.0.0.1/tcp/${fixedPort(13)}`;
    const network = await startNetwork(0, { listen: [address], bootstrap: [address] });
    await until(() => network.ready, 'readiness');
  });

  test('twice is once, and handlers survive a stop', async () => {
    const other = await startNetwork(1);
    const network = createNetwork(options({ bootstrap: other.addresses() }));
    network.handle('echo', async (body) => body);
    await Promise.all([network.start(), network.start()]);
    await Promise.all([network.stop(), network.stop()]);
    await expect(network.request(network.peerId, 'echo', text('hi'))).rejects.toMatchObject({ code: 'STOPPED' });
    await network.start();
    other.directory.learn([{ id: network.peerId, addresses: network.addresses() }]);
    expect(read(await other.request(network.peerId, 'echo', text('hi'), { force: true }))).toBe('hi');
    await network.stop();
    expect(() => network.handle('echo', async (body) => body)).toThrow('has a handler already');
  });
});

describe('the directory', () => {
  test('brings a restarted node back into its network without bootstrap', async () => {
    const nodes = await Promise.all([1, 2, 3].map((number) => startNetwork(number)));
    const store = memoryStore();
    const bootstrap = nodes.flatMap((node) => node.addresses());
    const before = await startNetwork(0, { bootstrap, store });
    await until(() => before.connections().length === 3, 'the network');
    await before.stop();
    expect(
      store
        .rows()
        .map(({ id }) => id)
        .sort(),
    ).toEqual(nodes.map(({ peerId }) => peerId).sort());
    // Two of the three are gone meanwhile.
    await Promise.all(nodes.slice(1).map((node) => node.stop()));
    const after = await startNetwork(0, { store });
    expect(after.directory.size).toBe(3);
    await until(() => after.ready, 'the network');
    expect(after.connections()).toEqual([nodes[0]?.peerId]);
  });
});

describe('networks of other names', () => {
  test('do not mix, even when one is the bootstrap of the other', async () => {
    const ours = await startNetwork(0);
    const theirs = await startNetwork(1, { network: 'other', bootstrap: ours.addresses() });
    await until(() => (ours.metrics().connections ?? 0) > 0, 'the connection');
    await new Promise((resolve) => setTimeout(resolve, 300));
    for (const network of [ours, theirs]) {
      expect(network.connections()).toEqual([]);
      expect((await network.lookup(text('key'))).map(({ id }) => id)).toEqual([network.peerId]);
    }
    await expect(theirs.request(ours.peerId, 'any', new Uint8Array())).rejects.toMatchObject({ code: 'PEER_REFUSED' });
  });
});

describe('connections', () => {
  test('are told when they come and go', async () => {
    const first = await startNetwork(0);
    const events: string[] = [];
    const off = first.on('peer:connect', (peer) => events.push(`+${peer}`));
    first.on('peer:disconnect', (peer) => events.push(`-${peer}`));
    const second = await startNetwork(1, { bootstrap: first.addresses() });
    await until(() => events.length === 1, 'the connection');
    await second.stop();
    await until(() => events.length === 2, 'its end');
    off();
    await second.start();
    await until(() => first.connections().length === 1, 'the connection');
    expect(events).toEqual([`+${second.peerId}`, `-${second.peerId}`]);
  });
});

test('warnings about listeners do not come, with many queries side by side', async () => {
  const warnings: string[] = [];
  const onWarning = (warning: Error): void =>
    void warnings.push(`${warning.name}: ${warning.message}\n${warning.stack}`);
  process.on('warning', onWarning);
  const first = await startNetwork(0);
  const nodes = [
    first,
    ...(await Promise.all([1, 2, 3, 4, 5].map((number) => startNetwork(number, { bootstrap: first.addresses() })))),
  ];
  await until(() => nodes.every(({ ready }) => ready), 'the network');
  await Promise.all(
    nodes.flatMap((node) => Array.from({ length: 12 }, (_, number) => node.lookup(text(`key ${number}`)))),
  );
  await new Promise((resolve) => setTimeout(resolve, 50));
  process.off('warning', onWarning);
  expect(warnings.filter((warning) => warning.includes('MaxListeners'))).toEqual([]);
});
