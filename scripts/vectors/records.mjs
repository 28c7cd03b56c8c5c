import { KINDS, recordId } from '../../dist/protocol/index.js';
import { compactHex, hex } from '../lib/bytes.mjs';
import { toDagJson } from '../lib/dag-json.mjs';
import { authorCases, clockCases, knownDelegations } from './author-cases.mjs';
import { CATALOG_SAMPLES } from './catalog-samples.mjs';
import { bundles, EVIDENCE_SAMPLES, WRITTEN } from './evidence-samples.mjs';
import { formCases } from './form-cases.mjs';
import { IDENTITY_SAMPLES } from './identity-samples.mjs';
import { budi, CLOCK_SKEW, CREATED, KEYS, NETWORK, NOW, PHONE, SHOP } from './keys.mjs';
import { MAIL_SAMPLES } from './mail-samples.mjs';
import { padded, payloadBytesOf, seal } from './seal.mjs';
import { TRADE_SAMPLES } from './trade-samples.mjs';

/** One file for each kind of record: envelopes in hex, and what a reader must say to them. */

const SAMPLES = { ...IDENTITY_SAMPLES, ...CATALOG_SAMPLES, ...TRADE_SAMPLES, ...MAIL_SAMPLES, ...EVIDENCE_SAMPLES };
/** Larger ones are too long to be signed for a vector. */
const MAX_PADDED = 1024 * 1024;

export function recordVectors(kind) {
  const { valid, invalid } = SAMPLES[kind];
  const bench = benchOf(kind);
  return {
    about: kind,
    network: NETWORK,
    now: NOW,
    delegations: Object.fromEntries(Object.entries(bench.known).map(([name, record]) => [name, hex(record.bytes)])),
    cases: [
      ...valid.map(([description, draft]) => ({ description, ...opened(bench.payloadOf(draft), bench) })),
      ...moreValid(bench),
      ...invalid.map(({ description, change, code }) => {
        return refused(description, code, bench.seal(change(bench.payloadOf(valid[0][1]))));
      }),
      ...[...formCases(bench), ...authorCases(bench), ...clockCases(bench)].map((row) => refused(...row)),
    ],
    ...(kind === 'evidence' ? { bundles: evidenceBundles() } : {}),
  };
}

/** What the cases that every kind has are made with: its shortest valid payload, and who signs it. */
function benchOf(kind) {
  const { schema, maxBytes, capability, orRoot = false } = KINDS[kind];
  const { signer, valid } = SAMPLES[kind];
  const root = capability === 'root';
  const trader = signer === budi ? 'budi' : 'sari';
  const key = root ? trader : { sari: 'sariShop', budi: 'budiPhone' }[trader];
  const delegation = root ? undefined : { sari: SHOP, budi: PHONE }[trader];
  const header = {
    kind,
    network: NETWORK,
    trader: KEYS[trader].publicKey,
    device: KEYS[key].publicKey,
    created: CREATED,
  };
  const payloadOf = (draft) => ({ ...draft, ...header });
  const [payload] = valid
    .map(([, draft]) => payloadOf(draft))
    .sort((a, b) => payloadBytesOf(a).length - payloadBytesOf(b).length);
  const named = delegation === undefined ? {} : { delegation: delegation.id };
  return {
    kind,
    maxBytes,
    capability,
    orRoot,
    trader,
    key,
    delegation,
    payload,
    payloadOf,
    known: knownDelegations({ trader, capability }),
    sibling: { ...payload, created: CREATED - 1 },
    stranger: kind === 'profile' ? PHONE : profileOf(trader, key, delegation),
    required: Object.keys(schema.shape).filter((name) => !schema.shape[name].safeParse(undefined).success),
    seal: (wrong, options = {}) => seal(wrong, key, { ...named, ...options }),
  };
}

/** A whole record of another kind by the same device, or by the shop where the root signs. */
function profileOf(trader, key, delegation = SHOP) {
  const device = key === trader ? KEYS.sariShop : KEYS[key];
  const payload = {
    kind: 'profile',
    network: NETWORK,
    trader: KEYS[trader].publicKey,
    device: device.publicKey,
    created: CREATED,
    slot: 'profile',
    seq: 0,
    item: { name: 'Budi' },
  };
  return { payload, bytes: seal(payload, device.name, { delegation: delegation.id }) };
}

function moreValid(bench) {
  const { payload, delegation, maxBytes, orRoot, trader } = bench;
  const case_ = (description, changed, options) => ({ description, ...opened(changed, bench, options) });
  const cases = [
    case_('a field that this version does not know survives', { ...payload, weather: { sky: 'clear', degrees: 31 } }),
    case_('a field that must be understood, and is', { ...payload, crit: ['created'] }),
    case_('made 10 minutes after the reader’s clock', { ...payload, created: NOW + CLOCK_SKEW }),
  ];
  if (orRoot) {
    const byRoot = { ...payload, device: KEYS[trader].publicKey };
    const bytes = seal(byRoot, trader);
    const id = recordId(payloadBytesOf(byRoot)).toString();
    cases.push({
      description: 'the root signs',
      valid: true,
      id,
      bytes: compactHex(bytes),
      payload: toDagJson(byRoot),
    });
  }
  if (delegation !== undefined) {
    cases.push(case_('the whole delegation is carried', payload, { delegation: delegation.bytes }));
  }
  if (maxBytes <= MAX_PADDED) {
    const largest = case_(`a payload of ${maxBytes} bytes, the most there may be`, padded(payload, maxBytes));
    delete largest.payload;
    cases.push(largest);
  }
  return cases;
}

function opened(payload, bench, options) {
  const payloadBytes = payloadBytesOf(payload);
  const bytes = bench.seal(payload, options);
  return { valid: true, id: recordId(payloadBytes).toString(), bytes: compactHex(bytes), payload: toDagJson(payload) };
}

function refused(description, code, bytes) {
  return { description, valid: false, code, bytes: compactHex(bytes) };
}

function evidenceBundles() {
  return bundles().map(([description, word, problems, draft, signer = budi]) => {
    const { trader, device, delegation } = signer;
    const key = Object.values(KEYS).find(({ publicKey }) => publicKey === device).name;
    const payload = { ...draft, kind: 'evidence', network: NETWORK, trader, device, created: WRITTEN };
    const bytes = seal(payload, key, { delegation: delegation.bytes });
    return { description, valid: problems.length === 0, word, problems, bytes: hex(bytes) };
  });
}
