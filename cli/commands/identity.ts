import type { z } from 'zod';
import type { OPERATIONS } from '../../node/api/operations.js';
import type { AddView, SigningView } from '../../node/api/rows/identity.js';
import type { Root } from '../../node/identity/index.js';
import { askWords } from '../ask.js';
import { connect } from '../connect.js';
import { typeNext, type Context } from '../context.js';
import type { addInput, Command } from '../forms.js';
import { note, printOne } from '../output.js';

type InputOf<Key extends keyof typeof OPERATIONS> = z.output<(typeof OPERATIONS)[Key]['input']>;

const PEER_ID = /^12D3Koo\w+$/;

/** The home of the command, opened; and the passphrase of its keys. */
async function homeOf(context: Context) {
  const { openHome, resolveHome } = await import('../../node/home/index.js');
  const home = await openHome(resolveHome({ home: context.home, env: context.env }), context.network);
  return { home, passphrase: context.env['NIAGA_PASSPHRASE'] || undefined };
}

/** The root to sign with: from this machine, else from the words. */
async function rootFor(context: Context): Promise<Root> {
  const { rootOrWords } = await import('../../node/identity/index.js');
  const { home, passphrase } = await homeOf(context);
  return rootOrWords(home, passphrase, () => askWords(context));
}

/**
 * On a machine without an identity: asks to be added, or takes the answer. On one with the root or the words: answers.
 * @throws NiagaError PAIRING_INVALID, IDENTITY_…, WORDS_…, NODE_UNREACHABLE
 */
export const add: Command<z.output<typeof addInput>> = async ({ text, label }, context) => {
  const { hasIdentity } = await import('../../node/identity/index.js');
  const { home } = await homeOf(context);
  const view = (await hasIdentity(home))
    ? await answer(text, label, context)
    : text === undefined
      ? await request(label, context)
      : await accept(text, context);
  await printOne('identityAdd', view, context);
  return 0;
};

async function request(label: string | undefined, context: Context): Promise<AddView> {
  const { requestPairing } = await import('../../node/identity/index.js');
  const { home, passphrase } = await homeOf(context);
  const {
    request: text,
    peerId,
    check,
    label: kept,
  } = await requestPairing(home, {
    network: context.network,
    now: Date.now(),
    ...(label === undefined ? {} : { label }),
    ...(passphrase === undefined ? {} : { passphrase }),
  });
  note(context, 'Type on a machine of the trader: niaga identity add REQUEST');
  note(context, `It must show the same check number: ${check}. Then type its answer here.`);
  return { request: text, check, device: peerId, label: kept, next: typeNext(context, 'identity add ANSWER') };
}

async function accept(text: string, context: Context): Promise<AddView> {
  const { acceptPairing } = await import('../../node/identity/index.js');
  const { home, passphrase } = await homeOf(context);
  const { trader, peerId } = await acceptPairing(home, text, {
    network: context.network,
    ...(passphrase === undefined ? {} : { passphrase }),
  });
  return { trader, device: peerId, next: typeNext(context, 'start') };
}

async function answer(text: string | undefined, label: string | undefined, context: Context): Promise<AddView> {
  const { NiagaError } = await import('../../protocol/errors.js');
  if (text === undefined) {
    throw new NiagaError('IDENTITY_EXISTS', 'This machine is a device of a trader already.', {
      next: 'On the new machine type niaga identity add, and here niaga identity add with the request that it prints.',
    });
  }
  const { readRequest, writeAnswer } = await import('../../node/identity/index.js');
  const { delegate } = await import('../../node/identity/index.js');
  const { equalBytes, peerIdToDevice, deviceToPeerId } = await import('../../protocol/ids.js');
  const { fromBase64, toBase64 } = await import('../../node/identity/index.js');
  const { network } = context;
  // A peer id asks for a new permission of a device that there is.
  const asked = PEER_ID.test(text) ? undefined : readRequest(text, network);
  const client = connect(context);
  const options = { signal: context.signal };
  const { devices, lease } = await client.call('identityDevices', {}, options);
  const known = devices.find(({ device }) => device === text);
  if (asked === undefined && known === undefined) {
    throw new NiagaError('DEVICE_NOT_FOUND', `This trader has no device ${text}.`, {
      next: `See its devices with: ${typeNext(context, 'identity devices')}`,
    });
  }
  const device = asked?.device ?? peerIdToDevice(text);
  const name = label ?? asked?.label ?? known?.label;
  if (asked !== undefined) note(context, `Check number ${asked.check}: the new machine must show the same.`);
  const root = await rootFor(context);
  const now = Date.now();
  const records = [delegate(root, device, { network, now, label: name }).bytes];
  // From the second device on it is said who writes: at first the machine that was there before.
  const here = devices.find((one) => one.here);
  if (lease === null && here !== undefined && !equalBytes(peerIdToDevice(here.device), device))
    records.push((await writerFor(root, peerIdToDevice(here.device), network, now)).bytes);
  const { copies, known: all = [] } = await client.call('identityAdd', { records: records.map(toBase64) }, options);
  return {
    ...(asked === undefined ? {} : { answer: writeAnswer(all.map(fromBase64)), check: asked.check }),
    device: deviceToPeerId(device),
    ...(name === undefined ? {} : { label: name }),
    trader: root.traderText,
    copies,
    ...(asked === undefined ? {} : { next: 'On the new machine: niaga identity add ANSWER' }),
  };
}

async function writerFor(root: Root, holder: Uint8Array, network: string, now: number) {
  const { signRecord } = await import('../../protocol/record.js');
  const { nextEpoch, WRITER_LIFETIME } = await import('../../protocol/identity/writer.js');
  const draft = { epoch: nextEpoch(undefined, now), holder, expires: now + WRITER_LIFETIME, stands: [] };
  return signRecord('writer', draft, root, { network, created: now });
}

/** What only the root can do: the node says what is to be signed, and this command, which has the root, signs it. */
async function signAndSend(
  context: Context,
  ask: (signed: string[] | undefined) => Promise<SigningView>,
): Promise<SigningView> {
  const needed = await ask(undefined);
  if (needed.drafts === undefined) return needed;
  const { signDrafts } = await import('../../node/identity/index.js');
  const { fromBase64, toBase64 } = await import('../../node/identity/index.js');
  const root = await rootFor(context);
  const signed = signDrafts(fromBase64(needed.drafts), root, {
    network: context.network,
    device: needed.device,
    now: Date.now(),
  });
  const { drafts: _, ...done } = { ...(await ask(signed.map(toBase64))), stands: needed.stands };
  return done;
}

/** @throws NiagaError DEVICE_NOT_FOUND, WORDS_…, NODE_UNREACHABLE */
export const revoke: Command<InputOf<'identityRevoke'>> = async ({ device, reason }, context) => {
  const client = connect(context);
  const view = await signAndSend(context, (signed) =>
    client.call('identityRevoke', { device, reason, signed }, { signal: context.signal }),
  );
  await printOne('identityRevoke', view, context);
  note(context, 'Nodes that have not heard of it yet may still take what the device signs.');
  return 0;
};

/** @throws NiagaError WORDS_…, NODE_UNREACHABLE */
export const take: Command<InputOf<'identityTake'>> = async (_input, context) => {
  const client = connect(context);
  const view = await signAndSend(context, (signed) =>
    client.call('identityTake', { signed }, { signal: context.signal }),
  );
  await printOne('identityTake', view, context);
  return 0;
};

/** @throws NiagaError IDENTITY_EXISTS, WORDS_INVALID, ROOT_MISSING */
export const restore: Command<InputOf<'identityRestore'>> = async ({ label }, context) => {
  const { restoreIdentity } = await import('../../node/identity/index.js');
  const { refuseSecondIdentity } = await import('../../node/identity/index.js');
  const { home, passphrase } = await homeOf(context);
  // Nobody types 24 words to be told that they are not needed.
  await refuseSecondIdentity(home);
  const words = await askWords(context);
  const { trader, peerId } = await restoreIdentity(home, words, {
    network: context.network,
    now: Date.now(),
    label,
    passphrase,
  });
  const next = typeNext(context, 'start --bootstrap ADDRESS');
  await printOne('identityRestore', { trader, home: home.home, device: peerId, next }, context);
  note(context, 'Once the node has joined the network it brings profile, listings and open trades back.');
  note(context, 'Pictures are not among it: a backup has them, and so has what niaga export everything wrote.');
  note(context, `How far it is: ${typeNext(context, 'identity devices')}`);
  note(context, `If the old machine is lost: ${typeNext(context, 'identity revoke DEVICE')}`);
  return 0;
};
