import { onTestFinished } from 'vitest';
import type { Identity } from '../../node/identity/index.js';
import { COLLECT_METHOD, DELIVER_METHOD, deliverAnswerSchema, type DeliveryVerdict } from '../../node/mail/wire.js';
import { readBody, writeBody } from '../../node/network/bodies.js';
import { createNetwork } from '../../node/network/index.js';
import { isReceipted, parcelId, PARCEL_KINDS } from '../../protocol/mail/index.js';
import { openRecord, signRecord, type Draft } from '../../protocol/record.js';
import { NETWORK, until, type Machine } from './machines.js';

/** Whoever has a stolen phone: its keys under its peer id, and a node that signs for whatever it is sent. */
export interface Thief {
  /** What letters brought it. */
  readonly got: string[];
  /** What a node says to a letter of these. */
  letter(to: Machine, letter: Omit<Draft<'letter'>, 'to'>): Promise<DeliveryVerdict[]>;
  /** Asks a node for the letters of the phone's owner. */
  collect(from: Machine): Promise<unknown>;
}

export async function startThief(phone: Identity, by: Machine): Promise<Thief> {
  const got: string[] = [];
  const options = () => ({ network: NETWORK, created: Date.now(), inlineDelegation: true });
  const network = createNetwork({
    privateKeySeed: phone.deviceSeed,
    network: NETWORK,
    listen: ['/ip4/127.0.0.1/tcp/0'],
    bootstrap: by.services.network.addresses(),
    mdns: false,
  });
  network.handle(DELIVER_METHOD, (body) => {
    const { payload } = openRecord(body.slice(), { network: NETWORK, kinds: ['letter'] });
    const results = payload.parcels.map(({ kind, bytes, about }) => {
      got.push(kind);
      const known = PARCEL_KINDS.find((one) => one === kind);
      if (known === undefined || !isReceipted(known)) return { taken: true };
      const draft = { of: parcelId(known, bytes), ...(about === undefined ? {} : { trade: about }) };
      return { receipt: signRecord('receipt', draft, phone, options()).bytes };
    });
    return Promise.resolve(writeBody({ results }));
  });
  await network.start();
  onTestFinished(() => network.stop());
  await until(
    () => Promise.resolve(by.services.network.connections()),
    (peers) => peers.includes(network.peerId),
  );
  const request = (to: Machine, method: string, body: Uint8Array) =>
    network.request(to.services.network.peerId, method, body, { timeout: 30_000 });
  return {
    got,
    async letter(to, letter) {
      const { bytes } = signRecord('letter', { to: to.identity.trader, ...letter }, phone, options());
      return readBody(deliverAnswerSchema, await request(to, DELIVER_METHOD, bytes), DELIVER_METHOD).results;
    },
    collect: async (from) => {
      const draft = { mailbox: from.services.network.peerId, drop: [], wait: 0 };
      return request(from, COLLECT_METHOD, signRecord('mailbox-request', draft, phone, options()).bytes);
    },
  };
}
