import { Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { startNetwork, stopAll } from './fixtures.js';

afterEach(stopAll);

describe('a request and its answer', () => {
  it('are one write to a socket each', async () => {
    const [near, far] = [await startNetwork(1), await startNetwork(2)];
    far.handle('test.size', (body) => Promise.resolve(new Uint8Array(3_000).fill(body.length)));
    near.directory.learn([{ id: far.peerId, addresses: far.addresses() }]);
    const ask = () => near.request(far.peerId, 'test.size', new Uint8Array(300));
    // What a new connection has to say for itself is over by then.
    for (let count = 0; count < 20; count++) await ask();
    const writes = vi.spyOn(Socket.prototype, 'write');
    for (let count = 0; count < 200; count++) expect(await ask()).toHaveLength(3_000);
    // A few are of something else, and say that there is room again.
    expect(writes.mock.calls.length).toBeLessThan(2.5 * 200);
    writes.mockRestore();
  });
});
