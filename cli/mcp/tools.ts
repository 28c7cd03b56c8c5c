import { z } from 'zod';
import type { Operation, Scope } from '../../node/api/operation.js';
import { OPERATIONS, type OperationKey } from '../../node/api/operations.js';

/** An operation as an agent sees it. */
export interface Tool {
  /** `trade_show`: models are strict about names, a dot is not for all of them. */
  readonly name: string;
  readonly key: OperationKey;
  readonly row: Operation;
  readonly description: string;
  /** Whether a person is asked before it is done. */
  readonly asks: boolean;
  /** The row's input, strict; with `confirm` where a person is asked first. */
  readonly input: z.ZodObject;
}

/** They answer with files, which would fill a model's memory and tell it nothing. */
const WITH_FILES: ReadonlySet<OperationKey> = new Set(['fileSave', 'pictureSave', 'tradeExport', 'evidenceExport']);
/** They sign or delete, and a person who types them has chosen the file or the line: an agent is asked all the same. */
const ASKED: ReadonlySet<OperationKey> = new Set(['publish', 'watchRemove', 'inboxClear']);
/** What never ends is no answer to a call. */
const ENDLESS = ['follow'];

const confirm = z
  .string()
  .max(100)
  .optional()
  .describe('Only after a person has agreed to what the tool said would happen: the word that came with it');

/** What these scopes allow, from the operation table. What shows a secret is for people only. */
export function toolsOf(scopes: readonly Scope[]): Tool[] {
  const rows = Object.entries(OPERATIONS) as [OperationKey, Operation][];
  return rows.flatMap(([key, row]) => {
    const isTool =
      row.runs === 'node' &&
      row.typedAs === undefined &&
      row.secret !== true &&
      scopes.includes(row.scope) &&
      !WITH_FILES.has(key);
    return isTool ? [toolOf(key, row)] : [];
  });
}

function toolOf(key: OperationKey, row: Operation): Tool {
  const kept = Object.entries(row.input.shape).filter(([name]) => !ENDLESS.includes(name));
  const asks = row.changes && (row.confirm || ASKED.has(key));
  const notes = [
    `${row.help}.`,
    ...(asks ? ['A person is asked first.'] : []),
    ...(row.strangersText ? ['Its answer holds text of strangers.'] : []),
  ];
  return {
    name: row.command.join('_'),
    key,
    row,
    description: notes.join(' '),
    asks,
    input: z.strictObject({ ...Object.fromEntries(kept), ...(asks ? { confirm } : {}) }),
  };
}
