import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { TELL_METHOD } from '../../../node/devices/wire.js';
import type { Services } from '../../../node/services.js';
import { keyPairFromSeed, sign } from '../../../protocol/ed25519.js';
import { equalBytes } from '../../../protocol/ids.js';
import { signRecord, type Draft, type Signer } from '../../../protocol/record.js';
import type { Stands } from '../../../protocol/identity/stands.js';
import { WRITER_LIFETIME } from '../../../protocol/identity/writer.js';
import type { MessageKind } from '../../../protocol/trade/index.js';
import { writeBody } from '../../../node/network/bodies.js';
import { startMember } from '../../network/members.js';
import { rootOf } from '../../protocol/signers.js';
import { PATIENCE } from '../../support/patience.js';
import { temporaryFolder } from '../../support/processes.js';
import { DAY, NETWORK, terms } from './log.js';

const begin = Date.now();
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let shop: Services;
let traders = 50;

/** A buyer with two machines, whose messages this node judges. */
function buyer() {
  const root = rootOf(traders++);
  const device = (seed: number): Signer => {
    const keys = keyPairFromSeed(new Uint8Array(32).fill(seed));
    const grant = { delegate: keys.publicKey, may: ['trade'], expires: begin + 300 * DAY };
    const delegation = signRecord('delegation', grant, root, { network: NETWORK, created: begin });
    return { trader: root.trader, device: keys.publicKey, delegation, sign: (bytes) => sign(bytes, keys.secretKey) };
  };
  const [desk, phone] = [device(traders++), device(traders++)];
  let clock = begin;
  const signed = <K extends MessageKind>(kind: K, draft: object, by: Signer) =>
    signRecord(kind, draft as unknown as Draft<K>, by, { network: NETWORK, created: ++clock, inlineDelegation: true });
  const offer = signed(
    'offer',
    { heads: [], buyer: root.trader, seller: shop.identity.trader, terms: { ...terms(false), expires: begin + DAY } },
    phone,
  );
  const own = { network: NETWORK, created: begin };
  return {
    desk,
    phone,
    offer,
    signed,
    passedTo: (holder: Signer, stands: Stands) =>
      signRecord('writer', { epoch: 1, holder: holder.device, expires: begin + WRITER_LIFETIME, stands }, root, own),
    revoked: (gone: Signer, stands: Stands) => signRecord('revocation', { revoked: gone.device, stands }, root, own),
  };
}

const tell = (...records: { bytes: Uint8Array }[]) =>
  shop.network.request(shop.network.peerId, TELL_METHOD, writeBody({ records: records.map(({ bytes }) => bytes) }));
const copies = (...records: { bytes: Uint8Array }[]) =>
  shop.trades.takeCopies(
    records.map(({ bytes }) => bytes),
    [],
  );
const kindsOf = async ({ id }: { id: { toString(): string } }) =>
  (await shop.trades.open(id.toString()))?.records.map(({ payload }) => payload.kind);

beforeAll(async () => {
  folder = await temporaryFolder();
  shop = await startMember(folder.path, 'seller', {});
}, 60_000);

afterAll(async () => {
  await shop.stop();
  await folder.remove();
});

describe('a message of a device that signs no more, in a trade for which the list had no room', () => {
  const bounded = (after: 'hand-over' | 'revocation') => {
    const made = buyer();
    const statement = after === 'hand-over' ? made.passedTo(made.desk, []) : made.revoked(made.phone, []);
    const draft = { trade: made.offer.id, heads: [made.offer.id], answers: made.offer.id };
    return { ...made, statement, draft };
  };

  it.each(['hand-over', 'revocation'] as const)(
    'stands after a %s once another own device built upon it',
    async (after) => {
      const { statement, offer, signed, phone, desk, draft } = bounded(after);
      const withdrawn = signed('withdraw', draft, phone);
      const next = signed('cancel', { trade: offer.id, heads: [withdrawn.id] }, desk);
      await copies(offer);
      await tell(statement);
      await copies(withdrawn);
      expect(await kindsOf(offer)).toEqual(['offer']);
      // What the machine that writes now signed waits for what it names.
      await copies(next, withdrawn);
      expect(await kindsOf(offer)).toEqual(['offer', 'withdraw']);
    },
  );

  it('is taken from the own machine that writes, which had taken it before', async () => {
    const { statement, offer, signed, phone, draft } = bounded('revocation');
    const withdrawn = signed('withdraw', draft, phone);
    await tell(statement);
    await copies(offer, withdrawn);
    expect(await kindsOf(offer)).toBeUndefined();
    await shop.trades.takeCopies([offer.bytes, withdrawn.bytes], [], true);
    expect(await kindsOf(offer)).toEqual(['offer', 'withdraw']);
  });
});

it('what stands of a device of this trader that was revoked is told of, since the letters of its own are read no more', async () => {
  const { offer, desk } = buyer();
  await copies(offer);
  const root = await shop.identity.root();
  if (root === undefined) throw new Error('no root');
  const post = vi.spyOn(shop.mail, 'post');
  const told = () =>
    post.mock.calls
      .flatMap(([parcels]) => parcels)
      .filter(({ kind, to }) => kind === 'heads' && equalBytes(to, offer.payload.trader));
  const revocation = { revoked: desk.device, stands: [] };
  await tell(signRecord('revocation', revocation, root, { network: NETWORK, created: begin }));
  await vi.waitFor(() => expect(told()).toHaveLength(1), PATIENCE);
  post.mockRestore();
});
