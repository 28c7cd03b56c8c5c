import { describe, expect, it } from 'vitest';
import { askListings, giveListings, type WantedVersion } from '../../../node/keep/listing-requests.js';
import type { KeptListing } from '../../../node/keep/shelf.js';
import { MAX_LISTINGS_ANSWER } from '../../../node/keep/wire.js';
import type { Network } from '../../../node/network/index.js';
import { encode } from '../../../protocol/cbor.js';
import { createSeller } from './support.js';

type Request = Network['request'];
type Asked = Pick<Network, 'request' | 'misbehaved'>;

/** Fails a test where it is not expected that the peer is blamed. */
const misbehaved = (peer: string): never => {
  throw new Error(`${peer} is blamed`);
};

/** A peer that answers as a node does from these, and what it was asked. */
function peerWith(kept: ReadonlyMap<string, KeptListing>): { network: Asked; answers: Uint8Array[] } {
  const answers: Uint8Array[] = [];
  const request: Request = async (_peer, _method, body) => {
    const answer = await giveListings(
      body,
      (id) => Promise.resolve(kept.get(id.toString())),
      () => undefined,
    );
    answers.push(answer);
    return answer;
  };
  return { network: { request, misbehaved }, answers };
}

async function ask(network: Asked, wanted: readonly WantedVersion[]) {
  const came = new Map<number, KeptListing>();
  const missing = await askListings(network, 'peer', wanted, (place, given) => void came.set(place, given), {
    timeout: 60_000,
  });
  return { came, missing };
}

describe('a batch of listings', () => {
  const seller = createSeller();
  const listings = Array.from({ length: 30 }, (_, at) => seller.listing(`${at}`, 1, 3_000));
  const kept = new Map(
    listings.flatMap(({ id, bytes }, at) =>
      at % 5 === 0 ? [] : [[id.toString(), { listing: bytes, delegation: seller.delegation }] as const],
    ),
  );

  it('comes in answers within their bound, each listing once, with word of what is not there', async () => {
    const { network, answers } = peerWith(kept);
    const { came, missing } = await ask(network, listings);
    expect(missing).toEqual(listings.flatMap((_, at) => (at % 5 === 0 ? [at] : [])));
    for (const [at, { listing, delegation }] of came) {
      expect(listing).toEqual(listings[at]?.bytes);
      expect(delegation).toEqual(seller.delegation);
    }
    expect(came.size).toBe(kept.size);
    expect(Math.max(...answers.map(({ length }) => length))).toBeLessThanOrEqual(MAX_LISTINGS_ANSWER);
    expect(answers.length).toBeGreaterThan(1);
    expect(answers.length).toBeLessThan(4);
  });

  it('whose answer names places that nobody asked for is taken for the others only', async () => {
    const [first, second] = listings.map(({ id }) => ({ id }));
    const request: Request = () =>
      Promise.resolve(
        encode({
          listings: [
            [7, listings[1]?.bytes, 0],
            [0, listings[1]?.bytes, 0],
            [0, listings[2]?.bytes, 0],
          ],
          delegations: [seller.delegation],
          missing: [0, 1, 5],
        }),
      );
    const { came, missing } = await ask({ request, misbehaved }, [first, second] as WantedVersion[]);
    expect([...came.keys()]).toEqual([0]);
    expect(missing).toEqual([1]);
  });

  it.each([
    ['is not of its form', { listings: 'all of them' }],
    ['says nothing of what was asked', { listings: [[7, listings[0]?.bytes, 0]], delegations: [], missing: [3] }],
    [
      'gives a listing without its delegation',
      { listings: [[0, listings[0]?.bytes, 0]], delegations: [], missing: [] },
    ],
  ])('whose answer %s is the fault of who sent it', async (_, answer) => {
    const blamed: string[] = [];
    const request: Request = () => Promise.resolve(encode(answer));
    const asking = ask({ request, misbehaved: (peer) => void blamed.push(peer) }, listings.slice(0, 1));
    await expect(asking).rejects.toMatchObject({ code: 'PEER_PROTOCOL' });
    expect(blamed).toEqual(['peer']);
  });
});
