import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type { EvidenceView } from '../../node/api/views.js';
import { NiagaError } from '../../protocol/errors.js';
import { lookedFor } from '../read/looked-for.js';

const MiB = 1024 * 1024;
/** The largest trade's evidence is far smaller; what is larger is something else and is not read. */
const MAX_EVIDENCE_BYTES = 64 * MiB;

/** The bytes of a file, or of standard input for `-`; undefined when there are more than an evidence file may have. */
export async function readEvidence(path: string, stdin: Readable): Promise<Uint8Array | undefined> {
  try {
    if (path === '-') return await gather(stdin);
    await using file = await open(path, 'r');
    const status = await file.stat();
    if (status.isDirectory()) throw new NiagaError('INPUT_FILE', `"${path}" is a folder, not a file.`, { where: path });
    if (status.size > MAX_EVIDENCE_BYTES) return undefined;
    return await gather(file.createReadStream({ autoClose: false }));
  } catch (error) {
    throw fileError(error, path);
  }
}

/** Checks evidence offline. @param bytes undefined: too many to look at */
export async function checkEvidence(bytes: Uint8Array | undefined): Promise<EvidenceView> {
  if (bytes === undefined) return tooLarge();
  const { viewEvidence } = await import('../../node/api/evidence-view.js');
  return viewEvidence(bytes);
}

async function gather(stream: Readable): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > MAX_EVIDENCE_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}

function tooLarge(): EvidenceView {
  const message = `The file has more than ${MAX_EVIDENCE_BYTES / MiB} MiB, which no evidence file has.`;
  const problem = { code: 'EVIDENCE_INVALID', message };
  const nothing = { trade: null, state: null, asOf: null, parties: null, names: null, exportedBy: null, total: null };
  return {
    about: null,
    valid: false,
    ...nothing,
    falseIndex: null,
    messages: [],
    says: [message],
    problems: [problem],
  };
}

/** What the file system said, in the error table's words. */
export function fileError(error: unknown, path: string): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (error instanceof NiagaError || typeof code !== 'string') return error;
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new NiagaError('FILE_NOT_FOUND', `There is no file or folder "${path}".`, {
        where: path,
        next: lookedFor(path),
        cause: error,
      });
    case 'EISDIR':
      return new NiagaError('INPUT_FILE', `"${path}" is a folder, not a file.`, { where: path, cause: error });
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new NiagaError('INPUT_FILE', `There is no permission for "${path}".`, { where: path, cause: error });
    default:
      return new NiagaError('INPUT_FILE', `"${path}" cannot be used as a file (${code}).`, {
        where: path,
        cause: error,
      });
  }
}
