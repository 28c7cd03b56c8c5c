import { CID } from 'multiformats/cid';
import { varint } from 'multiformats';
import type { z } from 'zod';
import { isPlainCard } from './catalog/card-check.js';
import { isPlainListing } from './catalog/listing-check.js';
import { CLOCK_SKEW } from './clock.js';
import { decode, encode } from './cbor.js';
import { isWellFormedSignature, verifySignature } from './ed25519.js';
import { NiagaError } from './errors.js';
import { compareBytes, concat, equalBytes, recordId } from './ids.js';
import { isMap } from './plain.js';
import { quote } from './quote.js';
import { encodeUtf8 } from './utf8.js';
import { KINDS, MAX_ENVELOPE_OVERHEAD, type Kind, type KindRow, type PayloadOf } from './kinds.js';
import type { Delegation } from './identity/delegation.js';
import { headerSchema, type Header } from './header.js';

/** The domain of every signature of this protocol: bytes signed for anything else never verify here. */
export const SIGNING_DOMAIN = 'niaga/1';
const ENVELOPE_DEPTH = 4;
const PAYLOAD_DEPTH = 16;

export { CLOCK_SKEW };

/** A verified record, with the exact bytes that were signed. */
export interface SignedRecord<P = Header> {
  readonly id: CID;
  readonly payload: P;
  readonly payloadBytes: Uint8Array;
  readonly signature: Uint8Array;
  /** The whole envelope as it was received or made; kept, never encoded again. */
  readonly bytes: Uint8Array;
  /** The id of the delegation under which a device signed; absent where the root itself signed. */
  readonly delegation?: CID;
  /** When that delegation ends. */
  readonly until?: number;
}

export type Verify = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean;

/** Somebody who can sign: a device with its delegation, or the root itself. */
export interface Signer {
  readonly trader: Uint8Array;
  readonly device: Uint8Array;
  readonly delegation?: SignedRecord<Delegation>;
  sign(message: Uint8Array): Uint8Array;
}

/** The bytes that a signature covers: the length-prefixed pair (domain, payload bytes); lengths are unsigned varints. */
export function signedBytes(payloadBytes: Uint8Array): Uint8Array {
  return concat(DOMAIN, lengthOf(payloadBytes), payloadBytes);
}

function lengthOf(bytes: Uint8Array): Uint8Array {
  return varint.encodeTo(bytes.length, new Uint8Array(varint.encodingLength(bytes.length)));
}

const DOMAIN = concat(lengthOf(encodeUtf8(SIGNING_DOMAIN)), encodeUtf8(SIGNING_DOMAIN));

/** A payload as its author writes it: the header's author fields come from the signer. */
export type Draft<K extends Kind> = Omit<PayloadOf<K>, 'kind' | 'trader' | 'device' | 'network' | 'created'>;

export interface SignOptions {
  readonly network: string;
  /** The author's clock. */
  readonly created: number;
  /** Put the whole delegation into the envelope, for readers who may never have met the device (trade messages). */
  readonly inlineDelegation?: boolean;
}

/**
 * Signs a record.
 * @throws NiagaError RECORD_SCHEMA or RECORD_ENCODING when the draft is not of its kind's shape, RECORD_TOO_LARGE
 */
export function signRecord<K extends Kind>(
  kind: K,
  draft: Draft<K>,
  signer: Signer,
  options: SignOptions,
): SignedRecord<PayloadOf<K>> {
  const header = {
    kind,
    network: options.network,
    trader: signer.trader,
    device: signer.device,
    created: options.created,
  };
  const { maxBytes, maxEnvelopeBytes }: KindRow = KINDS[kind];
  // Nothing leaves that a reader would refuse: the checks of openRecord, without decoding what was only just encoded.
  const payload = checkShape(kind, withoutUndefined({ ...draft, ...header }));
  const payloadBytes = encode(payload, { maxBytes: 2 * maxBytes, maxDepth: PAYLOAD_DEPTH });
  if (payloadBytes.length > maxBytes) throw tooLarge(kind, payloadBytes.length);
  const { delegation } = signer;
  const named = checkAuthor(kind, payload, delegation?.id, {
    network: options.network,
    kinds: [kind],
    delegation: () => delegation,
  });
  checkCritical(kind, payload);
  const signature = signer.sign(signedBytes(payloadBytes));
  const bytes = encode(
    {
      payload: payloadBytes,
      signature,
      ...(delegation === undefined
        ? {}
        : { delegation: options.inlineDelegation === true ? delegation.bytes : delegation.id }),
    },
    { maxBytes: maxEnvelopeBytes ?? maxBytes + MAX_ENVELOPE_OVERHEAD },
  );
  return {
    id: recordId(payloadBytes),
    payload,
    payloadBytes,
    signature,
    bytes,
    ...underOf(named),
  };
}

export interface OpenContext<K extends Kind> {
  /** The network that the reader is on. */
  readonly network: string;
  /** The kinds that may stand here. */
  readonly kinds: readonly K[];
  /** Finds a delegation by its id; only asked for records that name one without carrying it. */
  readonly delegation?: (id: CID) => SignedRecord<Delegation> | undefined;
  /** The reader's clock, for what just arrived. Left out, only the record's own claims are held against each other. */
  readonly now?: number;
  /** Default: {@link verifySignature}. A node passes its bulk verifier, which gives the same verdicts. */
  readonly verify?: Verify;
}

/**
 * Opens an envelope that came from outside: size, strict form, network and kind, signature, delegation, shape, in that
 * order. The signer's key stands inside the payload, so its bytes are decoded (bounded and strict) before the signature
 * is checked; nothing else in them is looked at before.
 * @throws NiagaError RECORD_TOO_LARGE, RECORD_MALFORMED, RECORD_NETWORK, RECORD_KIND, RECORD_SIGNATURE, DELEGATION_…,
 *   RECORD_CRITICAL, RECORD_SCHEMA, RECORD_TIME
 */
export function openRecord<K extends Kind>(bytes: Uint8Array, context: OpenContext<K>): SignedRecord<PayloadOf<K>> {
  const largest = Math.max(...context.kinds.map((kind) => KINDS[kind].maxBytes));
  const envelope = readEnvelope(bytes, largest + MAX_ENVELOPE_OVERHEAD);
  const header = readHeader(envelope.payload, largest);
  const kind = context.kinds.find((one) => one === header.kind);
  if (kind === undefined)
    throw new NiagaError(
      'RECORD_KIND',
      `A record of kind "${header.kind}" stands where ${context.kinds.join(' or ')} is expected.`,
    );
  if (envelope.payload.length > KINDS[kind].maxBytes) throw tooLarge(kind, envelope.payload.length);
  const { maxEnvelopeBytes }: KindRow = KINDS[kind];
  if (maxEnvelopeBytes !== undefined && bytes.length > maxEnvelopeBytes) throw tooLarge(kind, bytes.length);
  if (header.network !== context.network) {
    throw new NiagaError(
      'RECORD_NETWORK',
      `The record belongs to the network "${header.network}", not to "${context.network}".`,
    );
  }
  const verify = context.verify ?? verifySignature;
  if (
    !isWellFormedSignature(envelope.signature) ||
    !verify(header.device, signedBytes(envelope.payload), envelope.signature)
  ) {
    throw new NiagaError('RECORD_SIGNATURE', `The signature of the ${kind} does not verify.`);
  }
  const delegation = checkAuthor(kind, header, envelope.delegation, context);
  checkCritical(kind, header);
  const payload = checkShape(kind, header);
  if (context.now !== undefined) checkNotAhead(header, context.now);
  return {
    id: recordId(envelope.payload),
    payload,
    payloadBytes: envelope.payload,
    signature: envelope.signature,
    bytes,
    ...underOf(delegation),
  };
}

/** @throws NiagaError RECORD_TIME where a record claims to be of a time that the reader's clock has not come to */
export function checkNotAhead({ kind, created }: Header, now: number, skew = CLOCK_SKEW): void {
  if (created <= now + skew) return;
  throw new NiagaError(
    'RECORD_TIME',
    `The ${kind} claims to be from ${new Date(created).toISOString()}, which lies ahead.`,
    {
      next: 'Check the clocks of both machines.',
    },
  );
}

/** Whether the delegation under which a record was signed has ended by the reader's clock. */
export function hasEnded({ until }: Pick<SignedRecord, 'until'>, now: number): boolean {
  return until !== undefined && now > until + CLOCK_SKEW;
}

/** What a record is refused with that is not within its delegation. */
export function delegationEnded(kind: string, until: number): NiagaError {
  return new NiagaError(
    'DELEGATION_EXPIRED',
    `The delegation of the device that signed the ${kind} ended ${new Date(until).toISOString()}.`,
  );
}

function underOf(delegation: SignedRecord<Delegation> | undefined): Pick<SignedRecord, 'delegation' | 'until'> {
  return delegation === undefined ? {} : { delegation: delegation.id, until: delegation.payload.expires };
}

/**
 * The header that an envelope claims to have, nothing of it verified: for a reader who must learn the network from the
 * bytes themselves before opening them.
 * @throws NiagaError RECORD_TOO_LARGE, RECORD_MALFORMED, RECORD_SCHEMA
 */
export function peekHeader(bytes: Uint8Array, kind: Kind): Header {
  const { maxBytes } = KINDS[kind];
  return readHeader(readEnvelope(bytes, maxBytes + MAX_ENVELOPE_OVERHEAD).payload, maxBytes);
}

interface Envelope {
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
  readonly delegation?: Uint8Array | CID;
}

const ENVELOPE_FIELDS = new Set(['payload', 'signature', 'delegation']);

function readEnvelope(bytes: Uint8Array, maxBytes: number): Envelope {
  const value = decode(bytes, { maxBytes, maxDepth: ENVELOPE_DEPTH });
  if (!isMap(value)) throw malformed();
  const fields = new Map<string, unknown>(Object.entries(value));
  const payload = fields.get('payload');
  const signature = fields.get('signature');
  const delegation = fields.get('delegation');
  const cid = CID.asCID(delegation);
  // An envelope is closed: a field that no signature covers could be changed by anybody on the way.
  if ([...fields.keys()].some((name) => !ENVELOPE_FIELDS.has(name))) throw malformed();
  if (!(payload instanceof Uint8Array) || !(signature instanceof Uint8Array)) throw malformed();
  if (delegation === undefined) return { payload, signature };
  if (cid !== null) return { payload, signature, delegation: cid };
  if (delegation instanceof Uint8Array) return { payload, signature, delegation };
  throw malformed();
}

function readHeader(payload: Uint8Array, maxBytes: number): Header {
  const value = decode(payload, { maxBytes, maxDepth: PAYLOAD_DEPTH });
  if (!isMap(value)) throw new NiagaError('RECORD_SCHEMA', 'The payload is not a map.');
  if (isPlain(value)) return value;
  const parsed = headerSchema.safeParse(value);
  if (!parsed.success)
    throw new NiagaError('RECORD_SCHEMA', `The record's header is wrong: ${firstIssue(parsed.error)}.`);
  return parsed.data;
}

/** Checks that the device may sign this kind for the trader; gives the delegation. */
function checkAuthor<K extends Kind>(
  kind: K,
  header: Header,
  given: Uint8Array | CID | undefined,
  context: OpenContext<K>,
): SignedRecord<Delegation> | undefined {
  const { capability, orRoot }: KindRow = KINDS[kind];
  if (orRoot === true && given === undefined && equalBytes(header.trader, header.device)) return undefined;
  if (capability === 'root') {
    if (!equalBytes(header.trader, header.device) || given !== undefined) {
      throw new NiagaError('DELEGATION_MISMATCH', `A ${kind} is signed by the trader's root key itself.`);
    }
    return undefined;
  }
  if (given === undefined) throw new NiagaError('DELEGATION_MISSING', `The ${kind} names no delegation of its device.`);
  const cid = CID.asCID(given);
  const delegation = cid === null ? openDelegation(given as Uint8Array, context) : context.delegation?.(cid);
  if (delegation === undefined || (cid !== null && !delegation.id.equals(cid))) {
    throw new NiagaError(
      'DELEGATION_MISSING',
      `The delegation ${String(cid)} that the ${kind} names is not known here.`,
    );
  }
  const grant = delegation.payload;
  if (
    !equalBytes(grant.trader, header.trader) ||
    !equalBytes(grant.delegate, header.device) ||
    grant.network !== header.network
  ) {
    throw new NiagaError(
      'DELEGATION_MISMATCH',
      `The delegation of the ${kind} is for another trader, device or network.`,
    );
  }
  if (!grant.may.includes(capability)) {
    throw new NiagaError(
      'DELEGATION_CAPABILITY',
      `The device may not sign a ${kind}: its delegation does not allow "${capability}".`,
    );
  }
  // The author's claim must lie inside the delegation. What just arrived must also be in time by the reader's own clock:
  // a claim alone could be set back by whoever holds an old device.
  const late = header.created > grant.expires || header.created < grant.created - CLOCK_SKEW;
  if (late || (context.now !== undefined && context.now > grant.expires + CLOCK_SKEW))
    throw delegationEnded(kind, grant.expires);
  return delegation;
}

function openDelegation<K extends Kind>(bytes: Uint8Array, context: OpenContext<K>): SignedRecord<Delegation> {
  return openRecord(bytes, {
    network: context.network,
    kinds: ['delegation'],
    ...(context.verify === undefined ? {} : { verify: context.verify }),
  });
}

function checkCritical(kind: Kind, header: Header): void {
  const known = KINDS[kind].schema.shape;
  const unknown = header.crit?.find((field) => !Object.hasOwn(known, field));
  if (unknown !== undefined) {
    throw new NiagaError(
      'RECORD_CRITICAL',
      `The ${kind} says that its field "${unknown}" must be understood, and this version does not.`,
      {
        next: 'Update niaga.',
      },
    );
  }
}

/** Of what comes by the thousands the verdict of its schema, found faster: it is most of what a record costs besides the signature. */
function isPlain(value: unknown): value is Header {
  return isPlainCard(value) || isPlainListing(value);
}

function checkShape<K extends Kind>(kind: K, payload: unknown): PayloadOf<K> {
  if (isPlain(payload) && payload.kind === kind) return payload as PayloadOf<K>;
  const parsed = KINDS[kind].schema.safeParse(payload);
  if (!parsed.success)
    throw new NiagaError('RECORD_SCHEMA', `The ${kind} has a wrong field: ${firstIssue(parsed.error)}.`);
  return parsed.data as PayloadOf<K>;
}

function firstIssue(error: z.ZodError): string {
  const issue = error.issues[0];
  if (issue === undefined) return 'unknown';
  return issue.path.length === 0 ? issue.message : `${quote(issue.path.join('.'))}: ${issue.message}`;
}

function withoutUndefined(payload: Record<string, unknown>): Record<string, unknown> {
  for (const name of Object.keys(payload)) if (payload[name] === undefined) delete payload[name];
  return payload;
}

function malformed(): NiagaError {
  return new NiagaError('RECORD_MALFORMED', 'The bytes are not an envelope {payload, signature, delegation}.');
}

function tooLarge(kind: Kind, bytes: number): NiagaError {
  return new NiagaError(
    'RECORD_TOO_LARGE',
    `A ${kind} has at most ${KINDS[kind].maxBytes} bytes; this one has ${bytes}.`,
  );
}

type Version = Pick<SignedRecord<{ readonly seq: number; readonly device: Uint8Array }>, 'id' | 'payload'>;

/**
 * The order of versions in one slot: by seq, then by the device's key (DESIGN section 3). Where one device signed two for one
 * seq, by id, so that all nodes keep the same one.
 */
export function compareVersions(a: Version, b: Version): number {
  return (
    a.payload.seq - b.payload.seq ||
    compareBytes(a.payload.device, b.payload.device) ||
    compareBytes(a.id.bytes, b.id.bytes)
  );
}
