import { createHash, randomBytes } from 'node:crypto';
import type { CID } from 'multiformats/cid';
import { deliverAnswerSchema, DELIVER_METHOD, type DeliveryVerdict } from '../../../../node/mail/wire.js';
import type { Identity } from '../../../../node/identity/index.js';
import type { Services } from '../../../../node/services.js';
import { cborCodec, rawCodec } from '../../../../node/store/index.js';
import { decode, encode } from '../../../../protocol/cbor.js';
import { keyPairFromSeed, sign } from '../../../../protocol/ed25519.js';
import { CAPABILITIES } from '../../../../protocol/identity/delegation.js';
import { signedBytes, signRecord, type Signer } from '../../../../protocol/record.js';
import { readBody, writeBody } from '../../../../node/network/bodies.js';

const DAY = 24 * 60 * 60 * 1000;

/** A parcel that must change nothing. */
export interface Attack {
  readonly what: string;
  readonly kind: string;
  readonly bytes: Uint8Array;
  readonly about?: CID;
  /** It is here already, in its own place: it may be receipted again, and still must change nothing. */
  readonly doubled?: true;
}

interface Envelope {
  readonly payload: Record<string, unknown>;
  readonly signature: Uint8Array;
  readonly delegation: Uint8Array | CID;
}

/** The parts of a signed record, to be put together in another way. */
function taken(bytes: Uint8Array): Envelope {
  const { payload, ...rest } = decode(bytes, { maxDepth: 4 }) as { payload: Uint8Array } & Omit<Envelope, 'payload'>;
  return { payload: decode(payload) as Record<string, unknown>, ...rest };
}

function sealed({ payload, ...rest }: Envelope): Uint8Array {
  return encode({ payload: encode(payload), ...rest });
}

/** The same record, other fields under the signature of before. */
export function changed(bytes: Uint8Array, fields: Record<string, unknown>): Uint8Array {
  const envelope = taken(bytes);
  const payload = Object.entries({ ...envelope.payload, ...fields }).filter(([, value]) => value !== undefined);
  return sealed({ ...envelope, payload: Object.fromEntries(payload) });
}

/** Other fields, signed by somebody else under that one's delegation or another. */
export function signedBy(
  bytes: Uint8Array,
  signer: Signer,
  fields: Record<string, unknown> = {},
  delegation: Uint8Array | CID | undefined = signer.delegation?.bytes,
): Uint8Array {
  const envelope = taken(bytes);
  const payload = { ...envelope.payload, ...fields };
  const signature = signer.sign(signedBytes(encode(payload)));
  return sealed({ payload, signature, delegation: delegation ?? envelope.delegation });
}

/** Another device of the same trader, with a delegation of its own; also on another network. */
export async function otherDevice(identity: Identity, network: string, now: number): Promise<Signer> {
  const owner = await identity.root();
  if (owner === undefined) throw new Error('the root is not at hand');
  const keys = keyPairFromSeed(new Uint8Array(randomBytes(32)));
  const draft = { delegate: keys.publicKey, may: [...CAPABILITIES], expires: now + 300 * DAY };
  const delegation = signRecord('delegation', draft, owner, { network, created: now - DAY });
  const { trader } = owner;
  return { trader, device: keys.publicKey, delegation, sign: (message) => sign(message, keys.secretKey) };
}

/** As many parcels as a letter takes, signed by one trader, given to a node by the node of another. */
export async function deliver(
  attacks: readonly Attack[],
  { by, via, to, now }: { by: Signer & { readonly network: string }; via: Services; to: Services; now: number },
): Promise<readonly DeliveryVerdict[]> {
  const parcels = attacks.map(({ kind, bytes, about }) => ({ kind, bytes, ...(about === undefined ? {} : { about }) }));
  const { bytes } = signRecord('letter', { to: to.identity.trader, parcels }, by, {
    network: by.network,
    created: now,
    inlineDelegation: true,
  });
  const answer = await via.network.request(to.network.peerId, DELIVER_METHOD, bytes, { timeout: 30_000 });
  return readBody(deliverAnswerSchema, answer, DELIVER_METHOD).results;
}

/** Parcels of one letter, and their bytes: some room is left for the envelope. */
const PER_LETTER = 64;
const BYTES_PER_LETTER = 200 * 1024;

export function letters(attacks: readonly Attack[]): Attack[][] {
  const all: Attack[][] = [[]];
  let size = 0;
  for (const attack of attacks) {
    const last = all.at(-1) ?? [];
    if (last.length > 0 && (last.length === PER_LETTER || size + attack.bytes.length > BYTES_PER_LETTER)) {
      all.push([attack]);
      size = attack.bytes.length;
    } else {
      last.push(attack);
      size += attack.bytes.length;
    }
  }
  return all.filter((one) => one.length > 0);
}

/** Everything that a message can change, and nothing of what is about its delivery alone. */
const TABLES = [
  'trade-log',
  'trades',
  'receipts',
  'reservations',
  'chat-messages',
  'chat-threads',
  'private',
  'private-pending',
  'private-prepared',
  'file-holders',
  'file-parts',
  'proofs',
  'devices',
  'blocks',
  'listings',
] as const;

/** What a root key itself says about its devices: nodes that meet learn that from one another at any time. */
const LEARNT = /^devices\/[^/]+\/delegation\//;

/** All rows of a node that a message can change, one text each. */
export async function rowsOf({ store }: Services): Promise<string[]> {
  const rows: string[] = [];
  for (const name of TABLES) {
    for await (const [key, row] of store.table(name, rawCodec).range())
      rows.push(`${name}/${key} ${createHash('sha256').update(row).digest('hex')}`);
  }
  return rows.filter((row) => !LEARNT.test(row));
}

/** The receipts that a node has given: what came again gets the one of before. */
export async function receiptsOf({ store }: Services): Promise<Set<string>> {
  const all = new Set<string>();
  for await (const [, { receipt }] of store.table('mail-kept', cborCodec<{ receipt: Uint8Array }>()).range())
    all.add(Buffer.from(receipt).toString('base64'));
  return all;
}

/** Forgets what came too early: as if it had been lost. */
export async function forgetParked({ store }: Services): Promise<void> {
  const parked = store.table('parked', rawCodec);
  const writes = [];
  for await (const [key] of parked.range()) writes.push(parked.del(key));
  if (writes.length > 0) await store.write(writes);
}

/** The answer of a request that is to be refused: what was refused is undefined. */
export async function asked(
  via: Services,
  to: Services,
  method: string,
  body: unknown,
): Promise<Uint8Array | undefined> {
  const bytes = body instanceof Uint8Array ? body : writeBody(body);
  try {
    return await via.network.request(to.network.peerId, method, bytes, { timeout: 30_000 });
  } catch {
    return undefined;
  }
}
