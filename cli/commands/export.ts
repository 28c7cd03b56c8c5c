import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { z } from 'zod';
import type { Client } from '../../node/api/client.js';
import { writeFileAtomic } from '../../node/home/write-file-atomic.js';
import { isNiagaError, NiagaError } from '../../protocol/errors.js';
import { connect } from '../connect.js';
import type { Context } from '../context.js';
import type { Command, exportEvidenceInput, exportInput, invoiceInput } from '../forms.js';
import { note, printOne } from '../output.js';
import { checkEvidence, fileError, readEvidence } from './evidence-file.js';

/**
 * Writes a trade's evidence into a file, then reads the file again and prints what `verify` says of it: a file that
 * does not hold must not be found out years later.
 */
export const exportTrade: Command<z.output<typeof exportInput>> = ({ out, force, ...input }, context) =>
  exportFile({ out, force }, context, (client, options) => client.call('tradeExport', input, options));

/** The same of what proves a card false. */
export const exportEvidence: Command<z.output<typeof exportEvidenceInput>> = ({ listing, ...where }, context) =>
  exportFile(where, context, (client, options) => client.call('evidenceExport', { listing }, options));

/** The contract of a trade as an invoice; prints which trade it is of. */
export const exportInvoice: Command<z.output<typeof invoiceInput>> = async ({ trade, out, force }, context) => {
  if (out !== '-') await refuseToOverwrite(out, force);
  const { invoice, ...of } = await connect(context).call('tradeInvoice', { trade }, { signal: context.signal });
  if (out === '-') {
    await new Promise<void>((resolve) => context.stdout.write(invoice, () => resolve()));
    return 0;
  }
  await writeOut(out, Buffer.from(invoice));
  await printOne('tradeInvoice', { ...of, invoice: out }, context);
  return 0;
};

async function exportFile(
  { out, force }: { readonly out: string; readonly force: boolean },
  context: Context,
  ask: (client: Client, options: { signal: AbortSignal }) => Promise<{ evidence: string }>,
): Promise<number> {
  if (out !== '-') await refuseToOverwrite(out, force);
  const { evidence } = await ask(connect(context), { signal: context.signal });
  const bytes = Buffer.from(evidence, 'base64');
  if (out === '-') return printBytes(bytes, context);
  await writeOut(out, bytes);
  const view = await checkEvidence(await readEvidence(out, context.stdin));
  await printOne('verify', view, context);
  return view.valid ? 0 : 1;
}

/** @throws NiagaError FILE_EXISTS, INPUT_FILE for a folder */
export async function refuseToOverwrite(out: string, force: boolean): Promise<void> {
  const status = await stat(out).catch(() => undefined);
  if (status === undefined) return;
  if (status.isDirectory()) throw new NiagaError('INPUT_FILE', `"${out}" is a folder, not a file.`, { where: out });
  if (force) return;
  throw new NiagaError('FILE_EXISTS', `The file "${out}" exists already.`, {
    where: out,
    next: 'Choose another name, or write over it with --force.',
  });
}

/**
 * Writes what came in base64 into a file, or on standard output.
 * @param of what it is, for the note
 * @throws NiagaError INPUT_FILE, …
 */
export async function saveContent(out: string, content: string, of: string, context: Context): Promise<number> {
  const bytes = Buffer.from(content, 'base64');
  if (out === '-') {
    await new Promise<void>((resolve) => context.stdout.write(bytes, () => resolve()));
    return 0;
  }
  await writeOut(out, bytes);
  note(context, `${bytes.length} bytes of ${of} are in ${out}.`);
  return 0;
}

/** @throws NiagaError FILE_NOT_FOUND where the folder is missing, INPUT_FILE, … */
async function writeOut(out: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeFileAtomic(out, bytes);
  } catch (error) {
    const told = fileError(error, out);
    if (!isNiagaError(told, 'FILE_NOT_FOUND')) throw told;
    const folder = dirname(out);
    throw new NiagaError('FILE_NOT_FOUND', `There is no folder "${folder}" to write the file into.`, {
      where: out,
      next: `Make it first, or name another place with --out: mkdir -p "${folder}"`,
      cause: error,
    });
  }
}

async function printBytes(bytes: Uint8Array, context: Context): Promise<number> {
  await new Promise<void>((resolve) => context.stdout.write(bytes, () => resolve()));
  const { valid } = await checkEvidence(bytes);
  note(context, valid ? 'The evidence holds.' : 'The evidence does not hold.');
  return valid ? 0 : 1;
}
