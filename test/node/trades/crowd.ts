import { generateKeyPairSync, sign as opensslSign } from 'node:crypto';
import { createBulkVerifier } from '../../../node/identity/index.js';
import { DELIVER_METHOD, deliverAnswerSchema } from '../../../node/mail/wire.js';
import { readBody, writeBody } from '../../../node/network/bodies.js';
import { createNetwork, type Network } from '../../../node/network/index.js';
import type { MessageRecord } from '../../../node/trades/journal.js';
import { traderToText } from '../../../protocol/ids.js';
import { isReceipted, parcelId } from '../../../protocol/mail/index.js';
import { openRecord, signRecord, type Draft, type Signer } from '../../../protocol/record.js';
import type { MessageKind } from '../../../protocol/trade/index.js';
import { until } from '../../network/traders.js';
import type { Services } from '../../../node/services.js';

const DAY = 24 * 60 * 60 * 1000;
const NETWORK = 'main';
/** Each brings the letters of its share of the buyers over a connection of its own. */
const PEERS = 4;

/** A trader of the crowd; the key of the peer that its letters come and go by is its device. */
export interface Buyer extends Signer {
  readonly network: Network;
}

/** Buyers who are reached over TCP as any other node is, and who sign for what they are sent. */
export interface Crowd {
  /** So many traders whom nobody has heard of yet. */
  buyers(count: number): Buyer[];
  /** Gives the seller's node a message of a buyer: `receipted`, or the code of the refusal and what it says. */
  send(by: Buyer, record: MessageRecord): Promise<string>;
  stop(): Promise<void>;
}

/** Resolves when all peers of the crowd are connected with the seller's node. */
export async function openCrowd(seller: Services, now: () => number): Promise<Crowd> {
  const roots = new Map<string, Buyer>();
  const peers = await Promise.all(Array.from({ length: PEERS }, () => openPeer(seller, roots, now)));
  return {
    buyers: (count) =>
      Array.from({ length: count }, (_, at) => {
        const { device, network } = peers[at % PEERS] as (typeof peers)[number];
        const root = signerOf();
        const owner = { trader: root.key, device: root.key, sign: root.sign };
        const grant = { delegate: device.key, may: ['trade'], expires: now() + 300 * DAY };
        const delegation = signRecord('delegation', grant, owner, { network: NETWORK, created: now() - DAY });
        const buyer: Buyer = { trader: root.key, device: device.key, delegation, sign: device.sign, network };
        roots.set(traderToText(root.key), buyer);
        return buyer;
      }),
    async send(by, record) {
      const parcels = [{ kind: 'trade', bytes: record.bytes }];
      const { bytes } = signed(by, 'letter', { to: seller.identity.trader, parcels }, now());
      // A hundred are answered one after the other, on a busy machine too.
      const options = { timeout: 120_000, retry: true };
      const answer = await by.network.request(seller.network.peerId, DELIVER_METHOD, bytes, options);
      const [verdict] = readBody(deliverAnswerSchema, answer, DELIVER_METHOD).results;
      if (verdict?.receipt === undefined && verdict?.code === undefined) throw new Error('the letter was not answered');
      return verdict.receipt === undefined ? `${verdict.code}: ${verdict.message ?? ''}` : 'receipted';
    },
    async stop() {
      await Promise.all(peers.map(({ network }) => network.stop()));
    },
  };
}

/** A peer that takes letters and knows nothing else. */
async function openPeer(seller: Services, roots: ReadonlyMap<string, Buyer>, now: () => number) {
  const device = signerOf();
  const verify = createBulkVerifier();
  const network = createNetwork({
    privateKeySeed: device.seed,
    network: NETWORK,
    listen: ['/ip4/127.0.0.1/tcp/0'],
    mdns: false,
    bootstrap: seller.network.addresses(),
  });
  network.handle(DELIVER_METHOD, (body) => {
    const { payload } = openRecord(body.slice(), { network: NETWORK, kinds: ['letter'], verify });
    const to = roots.get(traderToText(payload.to));
    if (to === undefined) throw new Error('a letter is for nobody of the crowd');
    const results = payload.parcels.map(({ kind, bytes, about }) => {
      if (!isReceipted(kind)) return { taken: true };
      const draft = { of: parcelId(kind, bytes.slice()), ...(about === undefined ? {} : { trade: about }) };
      return { receipt: signed(to, 'receipt', draft, now()).bytes };
    });
    return Promise.resolve(writeBody({ results }));
  });
  await network.start();
  await until(
    () => Promise.resolve(network.connections()),
    (connected) => connected.includes(seller.network.peerId),
    'a peer of the crowd has found the seller',
  );
  return { device, network };
}

export function message(by: Buyer, kind: MessageKind, draft: object, now: number): MessageRecord {
  return signed(by, kind, draft as Draft<MessageKind>, now);
}

function signed<K extends MessageKind | 'letter' | 'receipt'>(by: Signer, kind: K, draft: Draft<K>, now: number) {
  return signRecord(kind, draft, by, { network: NETWORK, created: now, inlineDelegation: true });
}

/** A key of its own, that signs with OpenSSL as a node does: a hundred buyers are no reason to be slow. */
function signerOf() {
  const { privateKey } = generateKeyPairSync('ed25519');
  const { d = '', x = '' } = privateKey.export({ format: 'jwk' });
  const bytesOf = (part: string) => new Uint8Array(Buffer.from(part, 'base64url'));
  const sign = (bytes: Uint8Array) => new Uint8Array(opensslSign(null, bytes, privateKey));
  return { seed: bytesOf(d), key: bytesOf(x), sign };
}
