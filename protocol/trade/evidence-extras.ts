import { openDisclosedChat } from '../chat/disclosed.js';
import type { Chat } from '../chat/message.js';
import { NiagaError } from '../errors.js';
import { equalBytes } from '../ids.js';
import type { Profile } from '../identity/delegation.js';
import { standsIn } from '../identity/stands.js';
import { opens } from '../private.js';
import { openRecord, type SignedRecord, type Verify } from '../record.js';
import type { Evidence } from './evidence-schema.js';
import type { TradeState } from './state.js';
import { messagesOf, roleOf } from './state.js';
import type { Role } from './roles.js';
import { commitmentsOf, type Committed, type PrivateKind } from './commitments.js';
import { arbiterIn } from './judge.js';
import type { TradePayload } from './schema.js';

/** What an evidence file holds beside the log and its receipts. */

/** A device that signed messages of the log and was revoked. */
export interface RevokedDevice {
  readonly trader: Uint8Array;
  readonly device: Uint8Array;
  /** The earliest revocation, ms. */
  readonly since: number;
  /** Messages of it that the revocation lets stand, and that it does not. */
  readonly stand: number;
  readonly fall: number;
}

/** A value that opens a commitment of the log. */
export interface DisclosedValue {
  readonly value: Uint8Array;
  readonly name?: string;
  /** What it is; undefined where only an unknown field commits to it. */
  readonly what?: PrivateKind;
  /** What committed to it. */
  readonly message: SignedRecord<TradePayload>;
}

/** What one of those in the trade says of itself. */
export interface PartyProfile {
  readonly role: Role;
  readonly record: SignedRecord<Profile>;
}

export interface Extras {
  readonly profiles: readonly PartyProfile[];
  readonly revoked: readonly RevokedDevice[];
  readonly chat: readonly SignedRecord<Chat>[];
  readonly values: readonly DisclosedValue[];
}

type Attempt = <T>(where: string, task: () => T) => T | undefined;
interface Context {
  readonly network: string;
  readonly verify?: Verify;
}

interface Reading {
  readonly attempt: Attempt;
  readonly context: Context;
  /** Those of the file that are signed as they should be. */
  readonly profiles: readonly SignedRecord<Profile>[];
}

export function readExtras(
  payload: Evidence,
  records: readonly SignedRecord<TradePayload>[],
  state: TradeState,
  { attempt, context, profiles }: Reading,
): Extras {
  const open = (name: 'revocations' | 'leases', kind: 'revocation' | 'writer') =>
    (payload[name] ?? []).flatMap(
      (envelope, at) => attempt(`${name}[${at}]`, () => openRecord(envelope, { ...context, kinds: [kind] })) ?? [],
    );
  // A lease stands here for whoever reads the file; what its devices may sign was judged when the messages came.
  open('leases', 'writer');
  const revocations = (payload.revocations ?? []).flatMap(
    (envelope, at) =>
      attempt(`revocations[${at}]`, () => openRecord(envelope, { ...context, kinds: ['revocation'] })) ?? [],
  );
  const arbiter = arbiterIn(state);
  const parties = [state.parties.buyer, state.parties.seller, ...(arbiter === undefined ? [] : [arbiter])];
  const chat = (payload.chat ?? []).flatMap(
    (envelope, at) =>
      attempt(`chat[${at}]`, () => openDisclosedChat(envelope, { ...context, trade: payload.trade, parties })) ?? [],
  );
  const committed = commitmentsOf(state);
  const values = (payload.values ?? []).flatMap(
    (value, at) => attempt(`values[${at}]`, () => disclosedValue(value, records, committed)) ?? [],
  );
  const isRevoked = ({ trader, device }: Profile): boolean =>
    revocations.some(({ payload: one }) => equalBytes(one.trader, trader) && equalBytes(one.revoked, device));
  const named = profiles.filter(({ payload: profile }) => !isRevoked(profile));
  return {
    profiles: attempt('profiles', () => byRole(named, state)) ?? [],
    revoked: revokedIn(records, revocations, state),
    chat,
    values,
  };
}

function byRole(profiles: readonly SignedRecord<Profile>[], state: TradeState): PartyProfile[] {
  const known = new Map<Role, PartyProfile>();
  for (const record of profiles) {
    const role = roleOf(state, record.payload.trader);
    if (role === undefined)
      throw new NiagaError('EVIDENCE_INVALID', 'A profile is in the file of somebody who is not in the trade.');
    if (known.has(role)) throw new NiagaError('EVIDENCE_INVALID', 'The file has two profiles of one trader.');
    known.set(role, { role, record });
  }
  return [...known.values()];
}

function revokedIn(
  records: readonly SignedRecord<TradePayload>[],
  revocations: readonly SignedRecord<{
    trader: Uint8Array;
    revoked: Uint8Array;
    created: number;
    stands: Parameters<typeof standsIn>[1]['lists'][number];
  }>[],
  state: TradeState,
): RevokedDevice[] {
  const headsOf = new Map(messagesOf(state).map(({ id, payload }) => [id.toString(), payload.heads]));
  const devices = new Map<
    string,
    { trader: Uint8Array; device: Uint8Array; since: number; stand: number; fall: number }
  >();
  for (const { id, payload } of records) {
    const of = revocations.filter(
      (one) => equalBytes(one.payload.trader, payload.trader) && equalBytes(one.payload.revoked, payload.device),
    );
    if (of.length === 0) continue;
    const name = payload.device.join();
    const known = devices.get(name) ?? {
      trader: payload.trader,
      device: payload.device,
      since: Math.min(...of.map((one) => one.payload.created)),
      stand: 0,
      fall: 0,
    };
    const lists = of.map((one) => one.payload.stands);
    const stands = standsIn(id, { trade: state.trade, lists, headsOf: (message) => headsOf.get(message) });
    devices.set(name, { ...known, stand: known.stand + Number(stands), fall: known.fall + Number(!stands) });
  }
  return [...devices.values()];
}

function disclosedValue(
  { commitment, salt, value, name }: NonNullable<Evidence['values']>[number],
  records: readonly SignedRecord<TradePayload>[],
  committed: readonly Committed[],
): DisclosedValue {
  if (!opens(commitment, salt, value))
    throw new NiagaError('EVIDENCE_INVALID', 'A disclosed value does not open its commitment.');
  const message = records.find(({ payload }) => holds(payload, commitment));
  if (message === undefined)
    throw new NiagaError('EVIDENCE_INVALID', 'Nothing in the log commits to a disclosed value.');
  const what = committed.find((each) => equalBytes(each.commitment, commitment))?.what;
  return { value, message, ...(name === undefined ? {} : { name }), ...(what === undefined ? {} : { what }) };
}

/** Whether a commitment stands anywhere in a payload. */
function holds(value: unknown, commitment: Uint8Array): boolean {
  if (value instanceof Uint8Array) return equalBytes(value, commitment);
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some((one) => holds(one, commitment));
}
