import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { read, startNetwork, stopAll, text } from './fixtures.js';

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

function portOf(address = ''): number {
  return Number(/\/tcp\/(\d+)/.exec(address)?.[1]);
}
