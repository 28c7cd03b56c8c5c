import { z } from 'zod';
import { decode } from '../../protocol/cbor.js';
import { NiagaError } from '../../protocol/errors.js';
import { deviceToPeerId } from '../../protocol/ids.js';
import { revocationSchema } from '../../protocol/identity/delegation.js';
import { writerSchema } from '../../protocol/identity/writer.js';
import { signRecord } from '../../protocol/record.js';
import type { Root } from './root.js';

const header = { network: true, trader: true, device: true, created: true, crit: true } as const;
const draftSchema = z.discriminatedUnion('kind', [
  z.strictObject(revocationSchema.omit(header).shape),
  z.strictObject(writerSchema.omit(header).shape),
]);
const MAX_BYTES = 1024 * 1024;
const MAX_DRAFTS = 4;

/**
 * Signs with the root what a node asks to have signed: revocations of the device that was named, and leases. Nothing else.
 * @param drafts strict DAG-CBOR: a list of payloads without their header
 * @throws NiagaError PEER_PROTOCOL where it is something else
 */
export function signDrafts(
  drafts: Uint8Array,
  root: Root,
  { network, device, now }: { network: string; device: string; now: number },
): Uint8Array[] {
  const parsed = z
    .array(draftSchema)
    .max(MAX_DRAFTS)
    .safeParse(decode(drafts, { maxBytes: MAX_BYTES }));
  if (!parsed.success) throw new NiagaError('PEER_PROTOCOL', 'The node asks the root to sign what it does not sign.');
  return parsed.data.map((draft) => {
    const options = { network, created: now };
    if (draft.kind === 'writer') return signRecord('writer', draft, root, options).bytes;
    if (deviceToPeerId(draft.revoked) !== device)
      throw new NiagaError('PEER_PROTOCOL', 'The node asks to revoke another device than the one named.');
    return signRecord('revocation', draft, root, options).bytes;
  });
}
