import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openHome } from '../../node/home/index.js';
import { createNode } from '../../node/index.js';
import { startServices, stopAll } from '../../node/services.js';

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'niaga-services-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const LOCAL = { listen: ['/ip4/127.0.0.1/tcp/0'], mdns: false };

describe('the services of a node', () => {
  it('are all stopped for whoever asked, also for the second who asked meanwhile', async () => {
    const home = await openHome(await temporaryFolder(), 'test');
    const services = await startServices(home, LOCAL);
    const first = services.stop();
    expect(services.stop()).toBe(first);
    await services.stop();
    // The home is free: nothing runs any more that the first call was still about to stop.
    const again = await startServices(home, LOCAL);
    expect(again.identity.peerId).toBe(services.identity.peerId);
    await again.stop();
    await Promise.all([first, services.stop(), again.stop()]);
  });

  it('leave the home free when the start fails, and say why it failed', async () => {
    const home = await openHome(await temporaryFolder(), 'test');
    await expect(startServices(home, { ...LOCAL, bootstrap: ['nowhere'] })).rejects.toMatchObject({
      code: 'ADDRESS_INVALID',
    });
    const services = await startServices(home, LOCAL);
    await services.stop();
  });

  it('are stopped even where one before them cannot be, and the first failure is told', async () => {
    const stopped: string[] = [];
    const service = (name: string, error?: Error) => ({
      stop: () => {
        stopped.push(name);
        return error === undefined ? Promise.resolve() : Promise.reject(error);
      },
    });
    const stop = stopAll([
      service('api', new Error('first')),
      service('network', new Error('second')),
      service('store'),
    ]);
    await expect(stop).rejects.toThrow('first');
    expect(stopped).toEqual(['api', 'network', 'store']);
  });
});

describe('a node', () => {
  it('can be stopped twice at once, and its home is free afterwards', async () => {
    const home = await temporaryFolder();
    const node = await createNode({ ...LOCAL, home, network: 'test', api: '127.0.0.1:0' });
    const first = node.stop();
    expect(node.stop()).toBe(first);
    await node.stop();
    const again = await createNode({ ...LOCAL, home, network: 'test' });
    expect(again.peerId).toBe(node.peerId);
    await Promise.all([first, again.stop(), again.stop()]);
  });
});
