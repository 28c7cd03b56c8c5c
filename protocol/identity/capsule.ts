import nacl from 'tweetnacl';
import { z } from 'zod';
import { decode, encode } from '../cbor.js';
import { NiagaError } from '../errors.js';
import { sha256 } from '../hash.js';
import { headerShape } from '../header.js';
import { concat } from '../ids.js';
import { cidSchema, keySchema, seqSchema, timeSchema } from '../schema.js';

const KiB = 1024;
/** What a capsule holds is padded to one of these, so that its size tells little about how many trades are open. */
const SIZES = [1, 4, 16, 64].map((size) => size * KiB);
const LARGEST = 64 * KiB;
const KEY_BYTES = 32;
/** The ephemeral key before the box, and the box's own authenticator. */
const SEAL_OVERHEAD = KEY_BYTES + nacl.box.overheadLength;
/** Trades in one capsule; what does not fit is counted. */
export const MAX_CAPSULE_TRADES = 1_000;

/**
 * The trades that are open, for the day when nothing is left of a trader but the words: sealed so that only the root opens it, kept
 * by the nodes nearest the trader's key. The one with the highest seq counts, whichever device wrote it.
 */
export const capsuleSchema = z.looseObject({
  ...headerShape,
  kind: z.literal('capsule'),
  slot: z.literal('capsule'),
  seq: seqSchema,
  item: z.looseObject({
    /** An ephemeral X25519 key and the box to the `recovery` key of the device's delegation. */
    sealed: z
      .custom<Uint8Array>(
        (value) => value instanceof Uint8Array && SIZES.includes(value.length - SEAL_OVERHEAD),
        'is not a sealed capsule',
      )
      .meta({ id: 'bytes' }),
  }),
});
export type Capsule = z.infer<typeof capsuleSchema>;

/** Newest messages of a log that are listed: who forks it more often makes it no larger. */
const MAX_CAPSULE_HEADS = 64;

const contentSchema = z.looseObject({
  /** Steps of all trades so far: a trade that the other side says is further on was changed after this capsule. */
  counter: seqSchema,
  /** When it was made. */
  as: timeSchema,
  trades: z
    .array(
      z.looseObject({
        trade: cidSchema,
        counterparty: keySchema,
        role: z.string().min(1).max(32),
        /** The newest messages of its log. */
        heads: z.array(cidSchema).max(MAX_CAPSULE_HEADS),
      }),
    )
    .max(MAX_CAPSULE_TRADES),
  /** Open trades for which there was no room, the oldest. */
  omitted: seqSchema,
});
export type CapsuleContent = z.infer<typeof contentSchema>;

/** As many of the trades as fit, in their order, each with as many heads as may be listed; the rest is counted. */
function fitting(content: CapsuleContent): Uint8Array {
  let trades = content.trades.map((trade) => ({ ...trade, heads: trade.heads.slice(0, MAX_CAPSULE_HEADS) }));
  for (;;) {
    const omitted = content.omitted + content.trades.length - trades.length;
    const bytes = encode({ ...content, trades, omitted }, { maxBytes: LARGEST * KiB });
    if (bytes.length < LARGEST) return bytes;
    trades = trades.slice(0, Math.max(0, Math.floor((trades.length * LARGEST) / bytes.length) - 1));
  }
}

/**
 * Seals what a capsule holds to the root's recovery key.
 * @param ephemeral 32 random bytes, for this capsule only
 */
export function sealCapsule(content: CapsuleContent, recovery: Uint8Array, ephemeral: Uint8Array): Uint8Array {
  const trades = content.trades.slice(0, MAX_CAPSULE_TRADES);
  const omitted = content.omitted + content.trades.length - trades.length;
  const inner = fitting({ ...content, trades, omitted });
  const size = SIZES.find((one) => one > inner.length) ?? LARGEST;
  const padded = new Uint8Array(size);
  padded.set(inner);
  // Strict DAG-CBOR never ends in the middle: after the map one byte marks where the padding begins.
  padded[inner.length] = PADDING_MARK;
  const keys = nacl.box.keyPair.fromSecretKey(ephemeral);
  const box = nacl.box(padded, nonceOf(keys.publicKey, recovery), recovery, keys.secretKey);
  return concat(keys.publicKey, box);
}

const PADDING_MARK = 0x80;

/**
 * @param recovery the secret X25519 key, made from the words
 * @throws NiagaError CAPSULE_INVALID where it was not sealed to that key or does not hold what a capsule holds
 */
export function openCapsule(sealed: Uint8Array, recovery: Uint8Array): CapsuleContent {
  const own = nacl.box.keyPair.fromSecretKey(recovery).publicKey;
  const from = sealed.slice(0, KEY_BYTES);
  const padded = nacl.box.open(sealed.slice(KEY_BYTES), nonceOf(from, own), from, recovery);
  if (padded === null) throw new NiagaError('CAPSULE_INVALID', 'The capsule was sealed to another key.');
  let end = padded.length - 1;
  while (end > 0 && padded[end] === 0) end--;
  if (padded[end] !== PADDING_MARK)
    throw new NiagaError('CAPSULE_INVALID', 'The capsule is not padded as it should be.');
  const parsed = contentSchema.safeParse(decode(padded.slice(0, end), { maxBytes: LARGEST }));
  if (!parsed.success) throw new NiagaError('CAPSULE_INVALID', 'The capsule does not hold what a capsule holds.');
  return parsed.data;
}

/** The key pair to which capsules are sealed. @param seed 32 bytes that only the words give */
export function recoveryKeys(seed: Uint8Array): { readonly publicKey: Uint8Array; readonly secretKey: Uint8Array } {
  return nacl.box.keyPair.fromSecretKey(seed);
}

/** The ephemeral key is used once, so the pair of keys is a number used once. */
function nonceOf(ephemeral: Uint8Array, recipient: Uint8Array): Uint8Array {
  return sha256(concat(ephemeral, recipient)).slice(0, nacl.box.nonceLength);
}
