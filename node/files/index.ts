/**
 * Files that go with what traders send each other: in parts by mail, taken only where a message or a private value has named them
 * before, put together once all parts are there.
 *
 * ```ts
 * const files = createFiles({ store, mail, now: Date.now });
 * const outgoing = files.outgoing(counterparty, bytes);
 * const posted = mail.post([chat, ...outgoing.parcels]);
 * await store.write([...outgoing.keep('chat-1'), ...posted.writes]);
 * const received = await files.read(counterparty, cid);
 * ```
 */
import type { CID } from 'multiformats/cid';
import type { FileRef } from '../../protocol/chat/file-part.js';
import type { Mail, Outgoing } from '../mail/index.js';
import type { Store, Write } from '../store/index.js';
import { FilesService } from './service.js';

export interface OutgoingFile {
  readonly cid: CID;
  /** Belong behind what names the file. */
  readonly parcels: readonly Outgoing[];
  /** The own copy, for the batch of what names it. @param holder what names it, without slashes */
  keep(holder: string): readonly Write[];
}

/** Something names a file: a message, a value. */
export interface Hold {
  readonly cid: CID | string;
  readonly holder: string;
}

export interface Files {
  /** Makes a file ready for another trader. @param about the trade that it belongs to, where it does */
  outgoing(to: Uint8Array, bytes: Uint8Array, about?: CID): OutgoingFile;
  /**
   * What that trader named is taken from there when it comes. Writes for the batch that keeps what names it.
   * @param holder what names it, without slashes
   * @throws NiagaError RATE_LIMITED where that trader named too much today, or there is no room
   */
  expect(from: Uint8Array, file: Pick<FileRef, 'cid' | 'size'>, holder: string): Promise<Write[]>;
  /**
   * A file that went to or came from a trader; undefined where parts are still to come or it was never named.
   * @throws NiagaError RECORD_ID where the parts are not the file that was named
   */
  read(trader: Uint8Array, cid: CID | string): Promise<Uint8Array | undefined>;
  /** Parts that are there, of how many; undefined for a file that nobody named. */
  progress(trader: Uint8Array, cid: CID | string): Promise<{ have: number; of: number } | undefined>;
  /** These do not name their files any more. Writes that delete what nothing else names. */
  drop(trader: Uint8Array, holds: readonly Hold[]): Promise<Write[]>;
  /** Called when the last part of a file has come. Gives back the end of it. */
  onComplete(listener: (from: Uint8Array, cid: string) => void): () => void;
}

export interface FilesDeps {
  readonly store: Store;
  readonly mail: Pick<Mail, 'handle'>;
  readonly now: () => number;
  /** Bytes of files of others. Default: quota.ts */
  readonly maxBytes?: number | undefined;
}

/** Takes parts from now on: before the mail starts. */
export function createFiles(deps: FilesDeps): Files {
  return new FilesService(deps);
}
