import { isNiagaError, NiagaError } from '../../protocol/errors.js';
import { deviceToPeerId } from '../../protocol/ids.js';
import type { AddView, DevicesView, SigningView } from '../api/rows/identity.js';
import { fromBase64, toBase64 } from '../identity/key-file.js';
import type { Identity } from '../identity/index.js';
import type { Continuity } from './continuity.js';
import type { Devices, Drafted } from './index.js';

/** What a node does for the commands about devices. */
export function deviceHandlers(services: { devices: Devices; identity: Identity; continuity: Continuity }) {
  const { devices, identity, continuity } = services;
  const submit = (signed: readonly string[]): Promise<number> => devices.submit(signed.map(fromBase64));
  const drafted = (device: Uint8Array, { drafts, stands }: Drafted): SigningView => ({
    device: deviceToPeerId(device),
    done: false,
    drafts: toBase64(drafts),
    stands,
  });
  return {
    identityDevices: async (): Promise<DevicesView> => {
      const restore = continuity.restore();
      return { ...(await devices.view()), ...(restore === undefined ? {} : { restore }) };
    },
    identityAdd: async ({ records }: { records: string[] }): Promise<AddView> => {
      if (records.length === 0) throw new NiagaError('USAGE', 'No record was given.', { where: 'records' });
      const copies = await submit(records);
      return { trader: identity.traderText, copies, known: devices.records().map(toBase64) };
    },
    identityRevoke: async (input: {
      device: string;
      reason?: string | undefined;
      signed?: string[] | undefined;
    }): Promise<SigningView> => {
      const device = devices.find(input.device);
      if (input.signed === undefined) return drafted(device, await devices.revocationOf(device, input.reason));
      return { device: deviceToPeerId(device), done: true, copies: await submit(input.signed) };
    },
    identityPass: async ({ device: name }: { device: string }): Promise<SigningView> => {
      const device = devices.find(name);
      const peer = deviceToPeerId(device);
      await devices.pass(device, async () => {
        try {
          await continuity.readBy(peer);
        } catch (error) {
          if (!isNiagaError(error)) throw error;
          // It would go on from stock and trades that are no longer so.
          throw new NiagaError('PEER_UNREACHABLE', `That machine has not read all that is here: ${error.message}`, {
            next: 'Start it, see that it is connected (niaga identity devices), and type this again. If this machine is to stop for good: niaga identity take, there.',
          });
        }
      });
      return { device: peer, done: true };
    },
    identityTake: async ({ signed }: { signed?: string[] | undefined }): Promise<SigningView> => {
      const device = identity.peerId;
      if (signed !== undefined) {
        const copies = await submit(signed);
        // Another machine may have taken it while the words were typed.
        await devices.checkWriter();
        return { device, done: true, copies };
      }
      const needed = await devices.take();
      return needed === undefined ? { device, done: true } : drafted(identity.device, needed);
    },
  };
}
