import { CID } from 'multiformats/cid';

/**
 * A decoded record in DAG-JSON (https://ipld.io/specs/codecs/dag-json/spec/): ids as `{"/": "bafy…"}`, bytes as
 * `{"/": {"bytes": "…"}}` in base64 without padding. Map keys keep the order of DAG-CBOR.
 */
export function toDagJson(value) {
  const cid = CID.asCID(value);
  if (cid !== null) return { '/': cid.toString() };
  if (value instanceof Uint8Array) return { '/': { bytes: Buffer.from(value).toString('base64').replace(/=+$/, '') } };
  if (Array.isArray(value)) return value.map(toDagJson);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, toDagJson(field)]));
  }
  if (typeof value === 'bigint') throw new TypeError('JSON readers round integers of more than 53 bits');
  return value;
}
