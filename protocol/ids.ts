import { base58btc } from 'multiformats/bases/base58';
import { CID } from 'multiformats/cid';
import * as Digest from 'multiformats/hashes/digest';
import { encode } from './cbor.js';
import { NiagaError } from './errors.js';
import { sha256 } from './hash.js';

/** Codec of a record's id: DAG-CBOR (multicodec table). */
export const CODEC_DAG_CBOR = 0x71;
/** Codec of a blob's id (contract text, picture): raw bytes. */
export const CODEC_RAW = 0x55;
const HASH_SHA2_256 = 0x12;
/** Unsigned varint of the multicodec `ed25519-pub` (0xed), as in did:key. */
const ED25519_PUB_PREFIX = Uint8Array.of(0xed, 0x01);
const KEY_BYTES = 32;
/** What identity-hashed Ed25519 peer ids start with: identity multihash of 36 bytes, protobuf {type: Ed25519, data: 32 bytes}. */
const PEER_ID_PREFIX = Uint8Array.of(0x00, 0x24, 0x08, 0x01, 0x12, 0x20);

function cidOf(codec: number, bytes: Uint8Array): CID {
  return CID.createV1(codec, Digest.create(HASH_SHA2_256, sha256(bytes)));
}

/** The id of a record: CIDv1 (dag-cbor, sha2-256) of its payload bytes (DESIGN section 3). */
export function recordId(payloadBytes: Uint8Array): CID {
  return cidOf(CODEC_DAG_CBOR, payloadBytes);
}

/** The id of the record whose id has this digest, 32 bytes. */
export function idOfDigest(digest: Uint8Array): CID {
  return CID.createV1(CODEC_DAG_CBOR, Digest.create(HASH_SHA2_256, digest));
}

/** The id of a blob: CIDv1 (raw, sha2-256) of its bytes. */
export function blobId(bytes: Uint8Array): CID {
  return cidOf(CODEC_RAW, bytes);
}

/**
 * The address of a slot, which stays the same over all versions of what stands in it: CIDv1 (dag-cbor, sha2-256) of
 * `{network, trader, slot}`. For the slot `listing/<sku>` it is what people call the listing's id.
 */
export function slotId(network: string, trader: Uint8Array, slot: string): CID {
  return cidOf(CODEC_DAG_CBOR, encode({ network, trader, slot }));
}

/** The id in text: multibase base32, `bafy…`. */
export function idToText(id: CID): string {
  return id.toString();
}

/** The id that a text names. @throws NiagaError ID_INVALID unless it is a CIDv1 with sha2-256 in its usual text form. */
export function parseId(text: string, where?: string): CID {
  try {
    const id = CID.parse(text);
    if (id.version === 1 && id.multihash.code === HASH_SHA2_256 && id.toString() === text) return id;
  } catch {
    // Falls through to the refusal: every way of being wrong gets the same sentence.
  }
  throw new NiagaError(
    'ID_INVALID',
    `"${shorten(text)}" is not an id. An id looks like bafyrei… and has 59 characters.`,
    {
      where,
      next: 'Copy the whole id from the command that printed it, such as niaga search or niaga trade list.',
    },
  );
}

/** A trader's public root key in text: the method-specific part of did:key, `z6Mk…`. */
export function traderToText(key: Uint8Array): string {
  return base58btc.encode(concat(ED25519_PUB_PREFIX, key));
}

/** The 32 key bytes of a trader in text. @throws NiagaError ID_INVALID */
export function parseTrader(text: string, where?: string): Uint8Array {
  try {
    const bytes = base58btc.decode(text);
    if (bytes.length === 2 + KEY_BYTES && startsWith(bytes, ED25519_PUB_PREFIX)) return bytes.slice(2);
  } catch {
    // See below.
  }
  throw new NiagaError(
    'ID_INVALID',
    `"${shorten(text)}" is not a trader's key. A key looks like z6Mk… and has 48 characters.`,
    { where, next: 'Copy the whole key from the command that printed it, such as niaga status or niaga trade show.' },
  );
}

/** The libp2p peer id of a device key: `12D3KooW…`. */
export function deviceToPeerId(key: Uint8Array): string {
  return base58btc.encode(concat(PEER_ID_PREFIX, key)).slice(1);
}

/** The device key inside an Ed25519 peer id. @throws NiagaError ID_INVALID */
export function peerIdToDevice(text: string): Uint8Array {
  try {
    const bytes = base58btc.decode(`z${text}`);
    if (bytes.length === PEER_ID_PREFIX.length + KEY_BYTES && startsWith(bytes, PEER_ID_PREFIX))
      return bytes.slice(PEER_ID_PREFIX.length);
  } catch {
    // See below.
  }
  throw new NiagaError('ID_INVALID', `"${shorten(text)}" is not an Ed25519 peer id. A peer id looks like 12D3KooW….`);
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) if (a[index] !== b[index]) return false;
  return true;
}

/** Bytewise order, the shorter first where one is the beginning of the other. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return prefix.every((byte, index) => bytes[index] === byte);
}

function shorten(text: string): string {
  return text.length > 64 ? `${text.slice(0, 61)}…` : text;
}
