import { z } from 'zod';
import { NiagaError } from '../errors.js';
import { headerShape } from '../header.js';
import { CODEC_RAW, equalBytes } from '../ids.js';
import { cidSchema, keySchema, textSchema } from '../schema.js';
import { fileSchema, MAX_FILE_BYTES } from './file-part.js';

export const MAX_CHAT_TEXT = 4_000;
/** Files beside one message. */
export const MAX_CHAT_FILES = 4;

/**
 * A message from one trader to another, beside a trade or not. It is no part of a trade's log: it changes nothing, and whoever
 * got it may keep it to itself. Signed like everything else, it can be shown to others, who then know who wrote it to whom.
 */
export const chatSchema = z.looseObject({
  ...headerShape,
  kind: z.literal('chat'),
  to: keySchema,
  /** Id of the trade that it is about: its first offer. */
  trade: cidSchema.optional(),
  text: textSchema(0, MAX_CHAT_TEXT),
  files: z.array(fileSchema).min(1).max(MAX_CHAT_FILES).optional(),
});
export type Chat = z.infer<typeof chatSchema>;

/** What a message must say beyond the form of each field. @throws NiagaError RECORD_SCHEMA, RECORD_TOO_LARGE */
export function checkChat({ text, files = [], to, trader }: Pick<Chat, 'text' | 'files' | 'to' | 'trader'>): void {
  if (text === '' && files.length === 0) throw new NiagaError('RECORD_SCHEMA', 'The message says nothing.');
  if (equalBytes(to, trader)) throw new NiagaError('RECORD_SCHEMA', 'The message is to its own author.');
  if (files.some(({ cid }) => cid.code !== CODEC_RAW))
    throw new NiagaError('RECORD_SCHEMA', 'A file is named by the hash of its bytes.', { where: 'files' });
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  if (bytes > MAX_FILE_BYTES)
    throw new NiagaError('RECORD_TOO_LARGE', `The files of one message have at most ${MAX_FILE_BYTES} bytes together.`);
}
