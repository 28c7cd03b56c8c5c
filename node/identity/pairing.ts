import { createHash, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { decode, encode } from '../../protocol/cbor.js';
import { isStrongPublicKey, keyPairFromSeed, sign, verifySignature } from '../../protocol/ed25519.js';
import { isNiagaError, NiagaError } from '../../protocol/errors.js';
import { concat, deviceToPeerId, equalBytes, traderToText } from '../../protocol/ids.js';
import type { Delegation } from '../../protocol/identity/delegation.js';
import { openRecord, type SignedRecord } from '../../protocol/record.js';
import { keySchema, textSchema } from '../../protocol/schema.js';
import { fromBase64, readSecret, storeSecret, toBase64 } from './key-file.js';
import { eraseKeyFile, readKeyFile, writeKeyFile, type IdentityHome } from './key-folder.js';
import { refuseSecondIdentity } from './identity.js';

/** What the texts begin with that people carry from one machine to the other. Neither is a secret. */
const REQUEST_PREFIX = 'niaga-request-';
const ANSWER_PREFIX = 'niaga-answer-';
/** A request has about 250 bytes, an answer as much as its records. */
const MAX_TEXT = 256 * 1024;
const MAX_RECORDS = 64;
const SEED_BYTES = 32;
/** Signed by the device key over this and the request's body, so that nobody asks in the name of a key that he does not have. */
const DOMAIN = new TextEncoder().encode('niaga/1 pairing');

const bytes = (most: number) =>
  z.custom<Uint8Array>((value) => value instanceof Uint8Array && value.length <= most, 'not bytes');

const bodySchema = z.object({
  device: keySchema.refine(isStrongPublicKey, 'is not a key that can sign'),
  label: textSchema(0, 80),
  network: textSchema(1, 32),
});
const requestSchema = z.object({ body: bytes(512), signature: bytes(64) });
const answerSchema = z.object({ records: z.array(bytes(MAX_TEXT)).min(1).max(MAX_RECORDS) });

export interface PairingRequest {
  readonly device: Uint8Array;
  readonly label: string;
  readonly network: string;
  /** Six digits that both machines show: whoever carries the request compares them. */
  readonly check: string;
}

/**
 * Asks to be a device of a trader: a key is made and kept, and the request for it given. Asked again, it is the same key.
 * @throws NiagaError IDENTITY_EXISTS, IDENTITY_SEALED, HOME_UNUSABLE
 */
export async function requestPairing(
  home: IdentityHome,
  { network, label, passphrase, now }: { network: string; label?: string; passphrase?: string; now: number },
): Promise<{ request: string; peerId: string; check: string; label: string }> {
  await refuseSecondIdentity(home);
  const left = await readKeyFile(home, 'pairing');
  const seed = left === undefined ? new Uint8Array(randomBytes(SEED_BYTES)) : await readSecret(left.seed, passphrase);
  const kept = label ?? left?.label ?? '';
  if (left === undefined || left.label !== kept)
    await writeKeyFile(home, 'pairing', {
      seed: await storeSecret(seed, passphrase),
      label: kept,
      network,
      created: now,
    });
  const keys = keyPairFromSeed(seed);
  const body = encode(bodySchema.parse({ device: keys.publicKey, label: kept, network }));
  const request = REQUEST_PREFIX + textOf(encode({ body, signature: sign(concat(DOMAIN, body), keys.secretKey) }));
  return { request, peerId: deviceToPeerId(keys.publicKey), check: checkOf(body), label: kept };
}

/** @throws NiagaError PAIRING_INVALID; RECORD_NETWORK where it is for another network */
export function readRequest(text: string, network: string): PairingRequest {
  const { body, signature } = readText(text, REQUEST_PREFIX, requestSchema);
  const parsed = bodySchema.safeParse(readBytes(body));
  if (!parsed.success || !verifySignature(parsed.data.device, concat(DOMAIN, body), signature))
    throw damaged('request');
  if (parsed.data.network !== network) {
    throw new NiagaError('RECORD_NETWORK', `The request is for the network "${parsed.data.network}".`, {
      next: `Make one there with: niaga identity add --network ${network}`,
    });
  }
  return { ...parsed.data, check: checkOf(body) };
}

/** What the machine with the root gives back: the delegation, and what else is signed of the trader's devices. */
export function writeAnswer(records: readonly Uint8Array[]): string {
  return ANSWER_PREFIX + textOf(encode({ records: records.slice(0, MAX_RECORDS) }, { maxBytes: MAX_TEXT }));
}

/**
 * Becomes the device that was asked for.
 * @throws NiagaError PAIRING_INVALID, IDENTITY_EXISTS; RECORD_… where the delegation does not hold
 */
export async function acceptPairing(
  home: IdentityHome,
  text: string,
  { network, passphrase }: { network: string; passphrase?: string },
): Promise<{ trader: string; peerId: string }> {
  await refuseSecondIdentity(home);
  const { records } = readText(text, ANSWER_PREFIX, answerSchema);
  const kept = await readKeyFile(home, 'pairing');
  if (kept === undefined) {
    throw new NiagaError('PAIRING_INVALID', 'This machine has not asked to be added.', {
      next: 'Make a request here first: niaga identity add',
    });
  }
  const seed = await readSecret(kept.seed, passphrase);
  const device = keyPairFromSeed(seed).publicKey;
  const delegation = records
    .map((record) => tryDelegation(record, network))
    .find((one) => one !== undefined && equalBytes(one.payload.delegate, device));
  if (delegation === undefined) {
    throw new NiagaError('PAIRING_INVALID', 'The answer is for another device than this one, or another network.', {
      next: 'Show the request of this machine again with niaga identity add, and answer that one.',
    });
  }
  const trader = traderToText(delegation.payload.trader);
  await keepRecords(home, records);
  await writeKeyFile(home, 'device', {
    name: '',
    trader,
    seed: await storeSecret(seed, passphrase),
    delegation: toBase64(delegation.bytes),
  });
  await eraseKeyFile(home, 'pairing');
  return { trader, peerId: deviceToPeerId(device) };
}

/** A home that waits to be added must not become another trader's meanwhile. @throws NiagaError IDENTITY_MISSING */
export async function refuseUnfinishedPairing(home: IdentityHome): Promise<void> {
  if ((await readKeyFile(home, 'pairing')) === undefined) return;
  throw new NiagaError('IDENTITY_MISSING', 'This machine has asked to be added to a trader, and has no answer yet.', {
    next: 'Type niaga identity add and the answer of the other machine; niaga identity add shows the request again.',
  });
}

/** Records of the own trader that a node takes up when it starts. */
export async function keepRecords(home: IdentityHome, records: readonly Uint8Array[]): Promise<void> {
  const before = (await readKeyFile(home, 'records')) ?? [];
  const all = new Set([...before, ...records.map(toBase64)]);
  await writeKeyFile(home, 'records', [...all]);
}

export async function keptRecords(home: IdentityHome): Promise<Uint8Array[]> {
  return ((await readKeyFile(home, 'records')) ?? []).map(fromBase64);
}

function tryDelegation(bytes: Uint8Array, network: string): SignedRecord<Delegation> | undefined {
  try {
    return openRecord(bytes, { network, kinds: ['delegation'] });
  } catch (error) {
    if (!isNiagaError(error)) throw error;
    return undefined;
  }
}

function checkOf(body: Uint8Array): string {
  const digits = createHash('sha256').update(body).digest().readUInt32BE() % 1_000_000;
  const text = String(digits).padStart(6, '0');
  return `${text.slice(0, 3)}-${text.slice(3)}`;
}

function textOf(value: Uint8Array): string {
  return Buffer.from(value).toString('base64url');
}

/** Spaces and line ends come in when a long text is copied from a terminal. */
function readText<S extends z.ZodType>(text: string, prefix: string, schema: S): z.output<S> {
  const tight = text.replace(/\s+/g, '');
  const what = prefix === REQUEST_PREFIX ? 'request' : 'answer';
  if (!tight.startsWith(prefix)) {
    const other = prefix === REQUEST_PREFIX ? ANSWER_PREFIX : REQUEST_PREFIX;
    throw new NiagaError(
      'PAIRING_INVALID',
      tight.startsWith(other)
        ? `That is ${other === REQUEST_PREFIX ? 'a request' : 'an answer'}, and here ${what === 'request' ? 'a request' : 'an answer'} is needed.`
        : `The text is neither a request nor an answer: they begin with ${REQUEST_PREFIX} and ${ANSWER_PREFIX}.`,
      { next: 'niaga identity add --help' },
    );
  }
  const body = tight.slice(prefix.length);
  if (body.length > MAX_TEXT || !/^[\w-]+$/.test(body)) throw damaged(what);
  const parsed = schema.safeParse(readBytes(new Uint8Array(Buffer.from(body, 'base64url'))));
  if (!parsed.success) throw damaged(what);
  return parsed.data;
}

function readBytes(value: Uint8Array): unknown {
  try {
    return decode(value, { maxBytes: MAX_TEXT });
  } catch (error) {
    if (!isNiagaError(error)) throw error;
    return undefined;
  }
}

function damaged(what: string): NiagaError {
  return new NiagaError('PAIRING_INVALID', `The ${what} is damaged: a part of it is missing or changed.`, {
    next: 'Copy the whole text, from its first letter to its last.',
  });
}
