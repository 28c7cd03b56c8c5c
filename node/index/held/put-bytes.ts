import {
  MAX_ENVELOPE,
  MAX_KEY_LENGTH,
  MAX_KEYS_PER_CARD,
  MAX_PUT_CARDS,
  MAX_PUT_DELEGATIONS,
  putSchema,
  type Put,
} from '../wire.js';
import { Cursor } from './cursor.js';
import { readBody } from '../../network/bodies.js';

/** A map of three fields, or of four with one for leases, in the order of DAG-CBOR. */
const THREE = Buffer.of(0xa3);
const FOUR = Buffer.of(0xa4);
const KEYS = Buffer.from('\x64keys', 'latin1');
const CARDS = Buffer.from('\x65cards', 'latin1');
const NO_LEASES = Buffer.from('\x66leases\x80', 'latin1');
const DELEGATIONS = Buffer.from('\x6bdelegations', 'latin1');

/**
 * The usual body of an `index.put`, without leases, read in one pass and with every check of `putSchema` and of strict DAG-CBOR. Its
 * bytes are views of the body. Undefined for any other: the general reader judges that.
 */
export function readPutBytes(body: Uint8Array): Put | undefined {
  const cursor = new Cursor(body);
  const hasLeases = !cursor.skip(THREE);
  if (hasLeases) cursor.expect(FOUR);
  cursor.expect(KEYS);
  const keys: string[] = [];
  for (let left = cursor.arrayLength(MAX_PUT_CARDS * MAX_KEYS_PER_CARD); left > 0 && !cursor.failed; left--) {
    const key = cursor.text(3 * MAX_KEY_LENGTH);
    if (key.length < 1 || key.length > MAX_KEY_LENGTH) return undefined;
    keys.push(key);
  }
  cursor.expect(CARDS);
  const cards: [Uint8Array, number[]][] = [];
  for (let left = cursor.arrayLength(MAX_PUT_CARDS); left > 0 && !cursor.failed; left--) {
    if (cursor.arrayLength(2) !== 2) return undefined;
    const bytes = cursor.bytes(MAX_ENVELOPE);
    const places: number[] = [];
    for (let more = cursor.arrayLength(MAX_KEYS_PER_CARD); more > 0 && !cursor.failed; more--)
      places.push(cursor.uint());
    cards.push([bytes, places]);
  }
  if (hasLeases) cursor.expect(NO_LEASES);
  cursor.expect(DELEGATIONS);
  const delegations: Uint8Array[] = [];
  for (let left = cursor.arrayLength(MAX_PUT_DELEGATIONS); left > 0 && !cursor.failed; left--)
    delegations.push(cursor.bytes(MAX_ENVELOPE));
  return cursor.failed || !cursor.isAtEnd ? undefined : { keys, cards, delegations, leases: [] };
}

/** @throws NiagaError PEER_PROTOCOL, RECORD_MALFORMED, RECORD_TOO_LARGE */
export function readPut(body: Uint8Array): Put {
  return readPutBytes(body) ?? readBody(putSchema, body, 'index.put');
}
