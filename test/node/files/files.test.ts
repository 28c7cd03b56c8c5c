import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createFiles, type Files, type FilesDeps } from '../../../node/files/index.js';
import type { ParcelHandler } from '../../../node/mail/index.js';
import { partsOfFile, writePart } from '../../../protocol/chat/file-part.js';
import { blobId } from '../../../protocol/ids.js';
import { openStore } from '../store/support.js';

const PARTNER = new Uint8Array(32).fill(7);
const OTHER = new Uint8Array(32).fill(8);
const FILE = new Uint8Array(randomBytes(200_000));
const CID = blobId(FILE);
const NAMED = { cid: CID, size: FILE.length };

async function open(options: Partial<FilesDeps> = {}) {
  const store = options.store ?? (await openStore());
  const handlers: ParcelHandler[] = [];
  const handle: FilesDeps['mail']['handle'] = (_, handler) => handlers.push(handler);
  const files = createFiles({ now: () => 1_000, ...options, store, mail: { handle } });
  const arrive = async (from: Uint8Array, at: number): Promise<void> => {
    const part = partsOfFile(CID, FILE)[at];
    if (part === undefined) throw new Error('no such part');
    const bytes = writePart(part);
    const receipt = () => ({ bytes: new Uint8Array(), writes: [] });
    for (const handler of handlers) await handler.take({ id: blobId(bytes), kind: 'file-part', from, bytes, receipt });
  };
  const expectFrom = async (from: Uint8Array, file: Parameters<Files['expect']>[1], holder: string) =>
    store.write(await files.expect(from, file, holder));
  return { store, files, arrive, expectFrom };
}

describe('a file', () => {
  it('stays while something names it, whichever of the two sent it', async () => {
    const { store, files, expectFrom } = await open();
    await store.write([
      ...files.outgoing(PARTNER, FILE).keep('chat-1'),
      ...files.outgoing(PARTNER, FILE).keep('chat-2'),
    ]);
    // The partner names the same bytes as something that they are not.
    await expectFrom(PARTNER, NAMED, 'private-1');
    await store.write(await files.drop(PARTNER, [{ cid: CID, holder: 'private-1' }]));
    await store.write(await files.drop(PARTNER, [{ cid: CID, holder: 'chat-1' }]));
    await store.write(await files.drop(PARTNER, [{ cid: CID, holder: 'never' }]));
    expect(Buffer.from((await files.read(PARTNER, CID)) ?? []).equals(FILE)).toBe(true);
    await store.write(await files.drop(PARTNER, [{ cid: CID, holder: 'chat-2' }]));
    expect(await files.progress(PARTNER, CID)).toBeUndefined();
    expect(await store.table('file-parts', { encode: (x: Uint8Array) => x, decode: (x) => x }).count()).toBe(0);
  });

  it('goes with all that are forgotten at once', async () => {
    const { store, files, expectFrom, arrive } = await open();
    for (const holder of ['chat-1', 'chat-2']) await expectFrom(PARTNER, NAMED, holder);
    for (const at of [0, 1, 2]) await arrive(PARTNER, at);
    expect(await files.progress(PARTNER, CID)).toEqual({ have: 3, of: 3 });
    const holds = ['chat-1', 'chat-2'].map((holder) => ({ cid: CID, holder }));
    await store.write(await files.drop(PARTNER, holds));
    expect(await files.progress(PARTNER, CID)).toBeUndefined();
  });

  it('is taken within what all others may fill, also after a restart; what is gone makes room', async () => {
    const first = await open({ maxBytes: 2 * FILE.length });
    await first.expectFrom(PARTNER, NAMED, 'chat-1');
    await first.expectFrom(PARTNER, NAMED, 'chat-2');
    const { store, files, expectFrom } = await open({ maxBytes: 2 * FILE.length, store: first.store });
    await expectFrom(OTHER, NAMED, 'chat-3');
    const more = { cid: blobId(Uint8Array.of(1)), size: 1 };
    await expect(files.expect(OTHER, more, 'chat-4')).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    await store.write(await files.drop(OTHER, [{ cid: CID, holder: 'chat-3' }]));
    await expectFrom(OTHER, more, 'chat-4');
  });

  it('is one of so many bytes that one trader may name in a day', async () => {
    let now = 1_000;
    const { files } = await open({ now: () => now });
    const name = (from: Uint8Array, at: number) =>
      files.expect(from, { cid: blobId(Uint8Array.of(at)), size: 1024 * 1024 }, `chat-${at}`);
    for (let at = 0; at < 64; at++) await name(PARTNER, at);
    await expect(name(PARTNER, 64)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    await name(OTHER, 64);
    now += 24 * 60 * 60 * 1000;
    await name(PARTNER, 64);
  });
});
