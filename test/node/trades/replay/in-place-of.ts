/** What a genuine message, record or parcel is made into, to stand where it does not belong. */
import type { Services } from '../../../../node/services.js';
import { caseFor } from '../../../../node/trades/cases.js';
import type { MessageRecord } from '../../../../node/trades/journal.js';
import { encode } from '../../../../protocol/cbor.js';
import { partsOfFile, writePart } from '../../../../protocol/chat/file-part.js';
import { blobId, parseId, traderToText } from '../../../../protocol/ids.js';
import { KINDS, type Kind } from '../../../../protocol/kinds.js';
import { PARCEL_KINDS, writeRefusal, type ParcelKind } from '../../../../protocol/mail/index.js';
import { commit } from '../../../../protocol/private.js';
import { signRecord, type Draft, type Signer } from '../../../../protocol/record.js';
import {
  MESSAGE_KINDS,
  writePrivate,
  writeProof,
  writeWanted,
  type MessageKind,
} from '../../../../protocol/trade/index.js';
import { fromDagJson, vectors, type RecordFile } from '../../../support/vectors.js';
import { changed, otherDevice, signedBy, type Attack } from './attacks.js';
import { knows, logOf, type Market } from './market.js';

const SALT = new Uint8Array(32).fill(8);

export interface Known {
  readonly trade: string;
  readonly record: MessageRecord;
}

/** Of each author one message of each kind that a node has. */
export async function knownTo(services: Services, market: Market): Promise<Known[]> {
  const all = new Map<string, Known>();
  for (const trade of market.trades) {
    if (!(await knows(services, trade))) continue;
    for (const record of (await logOf(services, trade)).records)
      all.set(`${traderToText(record.payload.trader)}/${record.payload.kind}`, { trade, record });
  }
  return [...all.values()];
}

const isMessage = (kind: string): kind is MessageKind => MESSAGE_KINDS.some((one) => one === kind);
export const OTHER_KINDS = (Object.keys(KINDS) as Kind[]).filter((kind) => !isMessage(kind));
/** The parcel in which a kind of record has its place. */
const placeOf = (kind: string): string => (kind === 'chat' || kind === 'receipt' ? kind : 'trade');

/** One record of a kind that is no message of a trade, as its vectors say it, signed by that trader. */
export async function recordOf(kind: Kind, by: Services, market: Market): Promise<Uint8Array> {
  const { identity } = by;
  // The shortest, since what others say in it is of no matter here.
  const samples = vectors<RecordFile>(kind).cases.filter(({ valid, payload }) => valid && payload !== undefined);
  const [sample] = samples.sort((a, b) => JSON.stringify(a.payload).length - JSON.stringify(b.payload).length);
  const {
    trader: _trader,
    device: _device,
    created: _created,
    network: _network,
    kind: _kind,
    ...draft
  } = fromDagJson(sample?.payload) as Record<string, unknown>;
  const root = KINDS[kind].capability === 'root' ? await identity.root() : undefined;
  const options = { network: identity.network, created: market.now(), inlineDelegation: true };
  return signRecord(kind, draft as unknown as Draft<Kind>, root ?? identity, options).bytes;
}

/** A parcel of each kind that is no record, genuine where it stands. */
async function bodies(
  market: Market,
): Promise<Record<Exclude<ParcelKind, 'trade' | 'log' | 'chat' | 'receipt'>, Uint8Array>> {
  const log = await logOf(market.buyer, market.trades[0] ?? '');
  const records = new Map(log.records.map((record) => [record.id.toString(), record]));
  const [first, second] = log.records.filter(({ payload }) => payload.kind === 'remedy');
  const file = new TextEncoder().encode('a file');
  const parts = partsOfFile(blobId(file), file);
  const [part] = parts;
  const whole = caseFor(log.state, records);
  if (first === undefined || second === undefined || part === undefined || whole === undefined)
    throw new Error('the trade is not as these tests need it');
  const value = new TextEncoder().encode('Jl. Mawar 3');
  return {
    case: whole.bytes,
    heads: encode({ trades: [{ trade: log.trade, heads: [...log.heads] }] }),
    'file-part': writePart(part),
    private: writePrivate({ trade: log.trade, commitment: commit(SALT, value), salt: SALT, value }),
    wanted: writeWanted({ trade: log.trade, commitments: [commit(SALT, value)], asked: market.now() }),
    proof: writeProof({ trade: log.trade, messages: [first.bytes, second.bytes] }) ?? new Uint8Array(),
    refusal: writeRefusal({ of: first.id, code: 'TRADE_STATE', message: 'no' }),
  };
}

export function everyOtherKind(known: readonly Known[]): Attack[] {
  const attacks: Attack[] = [];
  for (const { record, trade } of known) {
    const { kind: own } = record.payload;
    for (const kind of Object.keys(KINDS))
      if (kind !== own)
        attacks.push({ what: `${own} as ${kind}`, kind: placeOf(kind), bytes: changed(record.bytes, { kind }) });
    for (const kind of PARCEL_KINDS)
      if (kind !== 'trade' && kind !== 'log')
        attacks.push({ what: `${own} as a parcel ${kind}`, kind, bytes: record.bytes, about: parseId(trade) });
  }
  return attacks;
}

/** Records that are no messages of a trade, and parcels that are no records, in each other's place and in that of messages. */
export async function everyOtherParcel(by: Services, market: Market): Promise<Attack[]> {
  const attacks: Attack[] = [];
  for (const own of OTHER_KINDS) {
    const bytes = await recordOf(own, by, market);
    for (const kind of Object.keys(KINDS))
      if (kind !== own)
        attacks.push({ what: `${own} as ${kind}`, kind: placeOf(kind), bytes: changed(bytes, { kind }) });
    for (const kind of PARCEL_KINDS)
      if (kind !== own) attacks.push({ what: `${own} as a parcel ${kind}`, kind, bytes });
  }
  for (const [own, bytes] of Object.entries(await bodies(market)))
    for (const kind of PARCEL_KINDS)
      if (kind !== own) attacks.push({ what: `${own} as a parcel ${kind}`, kind, bytes });
  return attacks;
}

export function everyOtherTrade(known: readonly Known[], by: Services, market: Market): Attack[] {
  const heads = new Map(known.map(({ trade, record }) => [trade, record.id]));
  return known.flatMap(({ trade, record }) =>
    market.trades
      .filter((other) => other !== trade)
      .flatMap((other): Attack[] => {
        const { kind } = record.payload;
        const there = parseId(other);
        const fields = kind === 'offer' ? { heads: [there] } : { trade: there };
        const headsThere = heads.get(other);
        const moved: [string, Record<string, unknown>][] = [
          ['', fields],
          ['at its end', { ...fields, heads: [headsThere ?? there] }],
          ['at its beginning', { ...fields, heads: [there] }],
        ];
        return [
          ...moved.map(([where, to]) => ({
            what: `${kind} in another trade ${where}`,
            kind: 'trade',
            bytes: changed(record.bytes, to),
            about: there,
          })),
          // Its author says so itself, about messages that are not of that trade.
          ...(kind === 'offer'
            ? []
            : [
                {
                  what: `${kind} signed for another trade`,
                  kind: 'trade',
                  bytes: signedBy(record.bytes, by.identity, fields),
                },
              ]),
          { what: `${kind} about another trade`, kind: 'log', bytes: record.bytes, about: there, doubled: true },
        ];
      }),
  );
}

export async function everyOtherNetwork(known: readonly Known[], by: Services, market: Market): Promise<Attack[]> {
  const network = 'elsewhere';
  const there = await otherDevice(by.identity, network, market.now());
  return known.flatMap(({ record: { bytes, payload } }) =>
    ['trade', 'log'].flatMap((kind) => [
      { what: `${payload.kind} renamed to ${network}`, kind, bytes: changed(bytes, { network }) },
      {
        what: `${payload.kind} signed for ${network}`,
        kind,
        bytes: signedBy(bytes, there, { network, trader: there.trader, device: there.device }),
      },
      {
        what: `${payload.kind} of ${network} renamed to this network`,
        kind,
        bytes: signedBy(bytes, there, { trader: there.trader, device: there.device }),
      },
    ]),
  );
}

export async function everyOtherDevice(known: readonly Known[], by: Services, market: Market): Promise<Attack[]> {
  const second = await otherDevice(by.identity, by.identity.network, market.now());
  const stranger: Signer = market.stranger.identity;
  return known.flatMap(({ record: { bytes, payload } }) => {
    const ways: [string, Uint8Array][] = [
      ['by another device of its trader', signedBy(bytes, second)],
      ['in the name of another device', changed(bytes, { device: second.device })],
      [
        'by another device under this one’s delegation',
        signedBy(bytes, second, { device: second.device }, by.identity.delegation.bytes),
      ],
      ['by a stranger’s device', signedBy(bytes, stranger)],
      ['by a stranger’s device under its own delegation', signedBy(bytes, stranger, { device: stranger.device })],
      [
        'by a stranger’s device under the trader’s delegation',
        signedBy(bytes, stranger, { device: stranger.device }, by.identity.delegation.bytes),
      ],
      ['in a stranger’s name', changed(bytes, { trader: stranger.trader, device: stranger.device })],
      ['of a stranger', signedBy(bytes, stranger, { trader: stranger.trader, device: stranger.device })],
    ];
    return ['trade', 'log'].flatMap((kind) =>
      ways.map(([how, changedBytes]) => ({ what: `${payload.kind} ${how}`, kind, bytes: changedBytes })),
    );
  });
}
