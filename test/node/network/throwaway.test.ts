import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createNetwork, type Network } from '../../../node/network/index.js';

const text = new TextEncoder();

let asked: Network;
let asking: Network;
const askers: { peer: string; stranger: boolean }[] = [];

beforeAll(async () => {
  const common = { network: 'test', listen: ['/ip4/127.0.0.1/tcp/0'] };
  asked = createNetwork({ ...common, privateKeySeed: new Uint8Array(randomBytes(32)) });
  asked.handle(
    'open',
    async (body, { peer, stranger }) => {
      askers.push({ peer, stranger: stranger === true });
      return body;
    },
    { strangers: true },
  );
  asked.handle('closed', async (body) => body);
  await asked.start();
  asking = createNetwork({ ...common, privateKeySeed: new Uint8Array(randomBytes(32)) });
  await asking.start();
});

afterAll(() => Promise.all([asked.stop(), asking.stop()]));

describe('a throw-away id', () => {
  it('asks under an id that is nobody’s, and does not become a peer of who is asked', async () => {
    const throwaway = await asking.throwaway();
    const body = text.encode('selamat pagi');
    expect(await throwaway.request(asked.peerId, asked.addresses(), 'open', body)).toEqual(body);
    expect(await throwaway.request(asked.peerId, asked.addresses(), 'open', body)).toEqual(body);
    expect(askers).toEqual([
      { peer: throwaway.peerId, stranger: true },
      { peer: throwaway.peerId, stranger: true },
    ]);
    expect(throwaway.peerId).not.toBe(asking.peerId);
    expect(asked.connections()).toEqual([]);
    expect(asked.directory.all().map(({ id }) => id)).not.toContain(throwaway.peerId);
    await throwaway.stop();
  });

  it('is answered by those methods only that answer strangers', async () => {
    const throwaway = await asking.throwaway();
    await expect(throwaway.request(asked.peerId, asked.addresses(), 'closed', new Uint8Array())).rejects.toMatchObject({
      code: 'PEER_REFUSED',
    });
    await throwaway.stop();
  });

  it('is gone after its stop, and after that of the node that made it', async () => {
    const stopped = await asking.throwaway();
    await stopped.stop();
    await expect(stopped.request(asked.peerId, asked.addresses(), 'open', new Uint8Array())).rejects.toMatchObject({
      code: 'PEER_UNREACHABLE',
    });
  });
});
