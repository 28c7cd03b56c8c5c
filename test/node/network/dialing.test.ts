import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { kadIdOfKey } from '../../../node/network/index.js';
import { read, startNetwork, stopAll, text, until } from './fixtures.js';

const servers: Server[] = [];

afterEach(async () => {
  await stopAll();
  for (const server of servers.splice(0)) server.close();
});

/** A way to a port that cuts the first `cuts` connections in the middle of their handshake. */
async function way(port: number, cuts: number): Promise<{ address: string; taken: () => number }> {
  let taken = 0;
  const server = createServer((socket) => {
    const isCut = taken++ < cuts;
    const onwards = connect(port, '127.0.0.1');
    for (const end of [socket, onwards]) end.on('error', () => undefined);
    socket.on('close', () => onwards.destroy());
    onwards.on('close', () => socket.destroy());
    socket.pipe(onwards);
    if (isCut) onwards.once('data', () => socket.destroy());
    else onwards.pipe(socket);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { address: `/ip4/127.0.0.1/tcp/${(server.address() as AddressInfo).port}`, taken: () => taken };
}

describe('a connection that is cut while it is opened', () => {
  it('is opened once more', async () => {
    const [near, far] = [await startNetwork(1), await startNetwork(2)];
    far.handle('echo', (body) => Promise.resolve(body));
    const { address, taken } = await way(portOf(far.addresses()[0]), 1);
    near.directory.learn([{ id: far.peerId, addresses: [address] }]);
    expect(read(await near.request(far.peerId, 'echo', text('halo')))).toBe('halo');
    expect(taken()).toBe(2);
  });

  it('is given up when that is cut too', async () => {
    const [near, far] = [await startNetwork(1), await startNetwork(2)];
    const { address, taken } = await way(portOf(far.addresses()[0]), Number.POSITIVE_INFINITY);
    near.directory.learn([{ id: far.peerId, addresses: [address] }]);
    await expect(near.request(far.peerId, 'echo', text('halo'))).rejects.toMatchObject({ code: 'PEER_UNREACHABLE' });
    expect(taken()).toBe(2);
  });
});

describe('a peer to which a dial hangs', () => {
  it('is left alone as soon as whoever asked it has given up, and is asked again when it answers', async () => {
    const [near, far] = [await startNetwork(1), await startNetwork(2)];
    far.handle('echo', (body) => Promise.resolve(body));
    const server = createServer((socket) => held.push(socket.on('error', () => undefined)));
    const held: Socket[] = [];
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const frozen = `/ip4/127.0.0.1/tcp/${(server.address() as AddressInfo).port}`;
    near.directory.learn([{ id: far.peerId, addresses: [frozen] }]);
    const isUsable = (): boolean =>
      near.directory.closest(kadIdOfKey(text('anywhere')), 20).some(({ id }) => id === far.peerId);
    const giving = new AbortController();
    const asked = near.request(far.peerId, 'echo', text('halo'), { signal: giving.signal });
    await until(() => held.length > 0, 'the dial');
    expect(isUsable()).toBe(true);
    giving.abort();
    await expect(asked).rejects.toThrow();
    await until(() => !isUsable(), 'the peer at rest');
    expect(near.metrics()['dials_failed'] ?? 0).toBe(0);
    expect(near.directory.get(far.peerId)?.failing ?? false).toBe(false);
    // It is there after all: its own connection shows that.
    far.directory.learn([{ id: near.peerId, addresses: near.addresses() }]);
    near.handle('echo', (body) => Promise.resolve(body));
    await far.request(near.peerId, 'echo', text('halo'));
    await until(isUsable, 'the peer');
    for (const socket of held) socket.destroy();
  });
});

describe('two that lose their connection', () => {
  it('reach each other again when both need it at once', async () => {
    const sockets: Socket[] = [];
    const onSocket = (message: unknown): void => void sockets.push((message as { socket: Socket }).socket);
    subscribe('net.client.socket', onSocket);
    const [near, far] = [await startNetwork(1), await startNetwork(2)];
    for (const network of [near, far]) network.handle('echo', (body) => Promise.resolve(body));
    near.directory.learn([{ id: far.peerId, addresses: far.addresses() }]);
    await near.request(far.peerId, 'echo', text('halo'));
    await until(() => far.connections().includes(near.peerId), 'the connection');
    for (let round = 0; round < 3; round++) {
      for (const socket of sockets.splice(0)) socket.destroy();
      await until(() => near.connections().length + far.connections().length === 0, 'the end of the connection');
      const relax = near.hurry();
      const asked = [near.request(far.peerId, 'echo', text('ya')), far.request(near.peerId, 'echo', text('ya'))];
      expect((await Promise.all(asked)).map(read)).toEqual(['ya', 'ya']);
      relax();
    }
    unsubscribe('net.client.socket', onSocket);
  });
});

function portOf(address = ''): number {
  return Number(/\/tcp\/(\d+)/.exec(address)?.[1]);
}
