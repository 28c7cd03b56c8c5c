import { concat, encode, MAX_ENVELOPE_OVERHEAD, signedBytes } from '../../dist/protocol/index.js';
import { canonicalEntries, float64, head, item, MAP, map, Raw, TEXT, UNSIGNED } from '../lib/raw-cbor.mjs';
import { without } from './edit.mjs';
import { KEYS, OTHER_NETWORK } from './keys.mjs';
import { flipped, padded, payloadBytesOf, placeOfPart, seal } from './seal.mjs';

/** What has nothing to do with who signs: bytes, signatures, sizes, and the fields that every kind must have. */

const PAYLOAD_DEPTH = 16;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;

export function formCases(bench) {
  return [
    ...signatureCases(bench),
    ...placeCases(bench),
    ...sizeCases(bench),
    ...canonicalCases(bench),
    ...fieldCases(bench),
  ];
}

function signatureCases({ payload, key, delegation, seal: sealed, sibling }) {
  const bytes = payloadBytesOf(payload);
  const right = KEYS[key].sign(signedBytes(bytes));
  const whole = sealed(payload);
  const named = delegation === undefined ? {} : { delegation: delegation.id };
  const signed = (signature) => seal(payload, key, { ...named, signature });
  return [
    [
      'a changed bit in the payload',
      'RECORD_SIGNATURE',
      flipped(whole, placeOfPart(whole, encode(payload.created)) + 8),
    ],
    ['a changed bit in R of the signature', 'RECORD_SIGNATURE', signed(flipped(right, 1))],
    ['a changed bit in S of the signature', 'RECORD_SIGNATURE', signed(flipped(right, 40))],
    ['signed by another key', 'RECORD_SIGNATURE', seal(payload, 'strangerDevice', named)],
    [
      'the signature of another record',
      'RECORD_SIGNATURE',
      signed(KEYS[key].sign(signedBytes(payloadBytesOf(sibling)))),
    ],
    ['signed without the domain "niaga/1"', 'RECORD_SIGNATURE', signed(KEYS[key].sign(bytes))],
    ['S + L: the same signature in other bytes', 'RECORD_SIGNATURE', signed(plusOrder(right))],
    ['a signature of 63 bytes', 'RECORD_SIGNATURE', signed(right.slice(0, 63))],
    ['a field in the envelope that no signature covers', 'RECORD_MALFORMED', sealed(payload, { more: { seen: 1 } })],
  ];
}

function plusOrder(signature) {
  const s = signature.slice(32).reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n) + L;
  return concat(
    signature.slice(0, 32),
    Uint8Array.from({ length: 32 }, (_, at) => Number((s >> BigInt(8 * at)) & 0xffn)),
  );
}

function placeCases({ kind, payload, seal: sealed, stranger }) {
  return [
    ['a record of another network', 'RECORD_NETWORK', sealed({ ...payload, network: OTHER_NETWORK })],
    [`a ${stranger.payload.kind}, which is whole, where a ${kind} is expected`, 'RECORD_KIND', stranger.bytes],
    ['a kind that there is not', 'RECORD_KIND', sealed({ ...payload, kind: 'poem' })],
  ];
}

function sizeCases({ kind, payload, maxBytes, seal: sealed, key }) {
  // Size comes before the signature; 32 MiB need not be signed to show it.
  const signature = maxBytes > 1024 * 1024 ? { signature: KEYS[key].seed } : {};
  const deep = Array.from({ length: PAYLOAD_DEPTH }).reduce((inner) => [inner], 1);
  return [
    [
      `a payload of ${maxBytes + 1} bytes: a ${kind} has at most ${maxBytes}`,
      'RECORD_TOO_LARGE',
      sealed(padded(payload, maxBytes + 1), signature),
    ],
    [
      `an envelope with more than ${MAX_ENVELOPE_OVERHEAD} bytes around the payload`,
      'RECORD_TOO_LARGE',
      sealed(payload, { delegation: new Uint8Array(maxBytes + MAX_ENVELOPE_OVERHEAD) }),
    ],
    [`lists and maps ${PAYLOAD_DEPTH + 1} deep`, 'RECORD_TOO_LARGE', sealed({ ...payload, deep })],
  ];
}

/** The same payload in other bytes, each signed as it stands. */
function canonicalCases({ payload, seal: sealed }) {
  const entries = canonicalEntries(payload);
  const written = entries.map(([name, value]) => concat(item(name), item(value)));
  const [first, second, ...rest] = entries;
  const raw = (...parts) => new Raw(concat(...parts));
  const longText = new Raw(concat(head(TEXT, payload.kind.length, 1), item(payload.kind).slice(1)));
  const malformed = [
    ['keys out of order', map([second, first, ...rest])],
    ['a key twice', map([first, first, second, ...rest])],
    [
      'an integer with a longer head than it needs',
      map(canonicalEntries({ ...payload, n: new Raw(head(UNSIGNED, 7, 8)) })),
    ],
    ['a text with a longer head than it needs', map(canonicalEntries({ ...payload, kind: longText }))],
    ['a map with a longer head than it needs', raw(head(MAP, entries.length, 1), ...written)],
    ['a map without a length', raw(Uint8Array.of(0xbf), ...written, Uint8Array.of(0xff))],
    ['a time as a float', map(canonicalEntries({ ...payload, created: float64(payload.created) }))],
    ['undefined as a value', map(canonicalEntries({ ...payload, n: new Raw(Uint8Array.of(0xf7)) }))],
    ['a key that is a number', map([...entries, [1, 1]])],
    ['a byte after the payload', raw(item(payload), Uint8Array.of(0))],
    ['a payload that ends early', raw(item(payload).slice(0, -1))],
    [
      'text with a lone surrogate',
      map(canonicalEntries({ ...payload, n: new Raw(Uint8Array.of(0x63, 0xed, 0xa0, 0x80)) })),
    ],
  ];
  return malformed.map(([description, wrong]) => [description, 'RECORD_MALFORMED', sealed(wrong)]);
}

function fieldCases({ payload, required, seal: sealed }) {
  return [
    ['a list where a map is expected', 'RECORD_SCHEMA', sealed([payload])],
    ...required.flatMap((name) => [
      [`no field "${name}"`, 'RECORD_SCHEMA', sealed(without(name)(payload))],
      [`true as "${name}"`, 'RECORD_SCHEMA', sealed({ ...payload, [name]: true })],
    ]),
    [
      'a field that must be understood and is not',
      'RECORD_CRITICAL',
      sealed({ ...payload, moon: 'full', crit: ['moon'] }),
    ],
    ['a field that must be understood and is not there', 'RECORD_CRITICAL', sealed({ ...payload, crit: ['moon'] })],
    ['a list of critical fields that is a text', 'RECORD_SCHEMA', sealed({ ...payload, crit: 'created' })],
  ];
}
