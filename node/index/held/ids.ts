import { CID } from 'multiformats/cid';
import * as Digest from 'multiformats/hashes/digest';
import { CODEC_DAG_CBOR } from '../../../protocol/ids.js';
import { sha256Of } from '../../native-hash.js';

/**
 * The ids of protocol/ids.ts by way of OpenSSL and without their CID objects: an index node makes two for each card that comes, and
 * a CID costs more than all other checks of a card together. A test holds both together.
 */

const SHA2_256 = 0x12;
/** CIDv1, dag-cbor, sha2-256 of 32 bytes. */
const CID_HEAD = Buffer.of(0x01, CODEC_DAG_CBOR, SHA2_256, 0x20);
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';

/** The text of the id of a record or slot with this digest: `bafyrei…`. */
export function idText(digest: Uint8Array): string {
  const text = Buffer.allocUnsafe(59);
  text[0] = 0x62; // "b": base32 in small letters
  let length = 1;
  let bits = 0;
  let buffer = 0;
  for (let index = 0; index < 36; index++) {
    buffer = (buffer << 8) | ((index < 4 ? CID_HEAD[index] : digest[index - 4]) ?? 0);
    for (bits += 8; bits >= 5; bits -= 5) text[length++] = BASE32.charCodeAt((buffer >>> (bits - 5)) & 31);
    buffer &= (1 << bits) - 1;
  }
  text[length] = BASE32.charCodeAt((buffer << (5 - bits)) & 31);
  return text.toString('latin1');
}

export function idOf(digest: Uint8Array): CID {
  return CID.createV1(CODEC_DAG_CBOR, Digest.create(SHA2_256, digest));
}

/** The encoded `{network, trader, slot}` of a slot; as long as the longest names in UTF-8 and what stands around them. */
const scratch = Buffer.allocUnsafe(1_024);

/** The listing's id for a card's slot, which must have the form `card/<sku>` and at most 160 characters: as of `slotId`. */
export function listingIdOf(network: string, trader: Uint8Array, cardSlot: string): string {
  scratch[0] = 0xa3; // a map of three, its keys in order of length
  let end = writeText(1, 'slot');
  end = writeText(end, `listing/${cardSlot.slice('card/'.length)}`);
  end = writeText(end, 'trader');
  scratch[end++] = 0x58; // 32 bytes
  scratch[end++] = 0x20;
  scratch.set(trader, end);
  end = writeText(end + 32, 'network');
  end = writeText(end, network);
  return idText(sha256Of(scratch.subarray(0, end)));
}

/** CBOR's head of a text and the text. @returns where it ends */
function writeText(at: number, text: string): number {
  const length = Buffer.byteLength(text);
  let start = at;
  if (length < 24) scratch[start++] = 0x60 | length;
  else if (length < 256) {
    scratch[start++] = 0x78;
    scratch[start++] = length;
  } else {
    scratch[start++] = 0x79;
    scratch[start++] = length >>> 8;
    scratch[start++] = length & 0xff;
  }
  return start + scratch.write(text, start, 'utf8');
}
