import { multiaddr } from '@multiformats/multiaddr';
import { afterAll, expect, onTestFinished, test, vi } from 'vitest';
import { requestProtocol } from '../../../node/network/libp2p.js';
import type * as Limits from '../../../node/network/limits.js';
import { bytesOf, collect, createRawPeer } from '../../support/raw-peer.js';
import { startNetwork, stopAll, text, until } from './fixtures.js';

// The real ones are minutes.
vi.mock('../../../node/network/limits.js', async (original) => ({
  ...(await original<typeof Limits>()),
  IDLE_STREAM_TIME: 300,
  SWEEP_INTERVAL: 50,
}));

afterAll(stopAll);

test('a stream that is not used is closed, and the next request opens another', async () => {
  const server = await startNetwork(0);
  server.handle('echo', async (body) => body);
  server.handle('slow', () => new Promise((resolve) => setTimeout(() => resolve(text('done')), 1000)));
  const client = await startNetwork(1, { bootstrap: server.addresses() });
  await until(() => client.ready, 'the connection');
  for (let time = 0; time < 3; time++) {
    expect(await client.request(server.peerId, 'echo', text('hi'))).toEqual(text('hi'));
    expect([client.metrics().streams_out, server.metrics().streams_in]).toEqual([1, 1]);
    await until(() => client.metrics().streams_out === 0 && server.metrics().streams_in === 0, 'the closing');
    expect(client.connections()).toEqual([server.peerId]);
  }
  // One that waits for its answer is used.
  expect(await client.request(server.peerId, 'slow', text('hi'))).toEqual(text('done'));
});

test('one that is not used is closed also where the clock is set back, by who asks on it as by who answers', async () => {
  const server = await startNetwork(2);
  server.handle('echo', async (body) => body);
  const client = await startNetwork(3, { bootstrap: server.addresses() });
  await until(() => client.ready, 'the connection');
  // It never closes one itself.
  const raw = await createRawPeer();
  onTestFinished(() => raw.stop());
  const stream = await raw.dialProtocol(multiaddr(server.addresses()[0]), requestProtocol('test'));
  const answers = collect(stream);
  stream.send(bytesOf({ t: 'q', id: 1, method: 'echo', body: text('hi') }));
  await until(() => answers.length === 1, 'the answer');
  expect(await client.request(server.peerId, 'echo', text('hi'))).toEqual(text('hi'));
  const clock = Date.now;
  const setBack = vi.spyOn(Date, 'now').mockImplementation(() => clock() - 24 * 60 * 60 * 1000);
  onTestFinished(() => setBack.mockRestore());
  await until(() => client.metrics().streams_out === 0, 'the closing by who asks');
  await until(() => stream.remoteWriteStatus === 'closed', 'the closing by who answers');
});
