import { z } from 'zod';
import { LISTING_FORMATS } from '../node/api/rows/export.js';
import { OPERATIONS, type OperationKey } from '../node/api/operations.js';
import type { Context } from './context.js';

/** Does a command: prints what comes of it and gives the exit code. What it throws is reported by the caller. */
export type Command<Input> = (input: Input, context: Context) => Promise<number>;

/** How a row of the table is typed and done where that is more than asking the node once. */
export interface Form<Input extends z.ZodObject = z.ZodObject> {
  /** What is typed; other than the row's input where the command itself adds to it. */
  readonly input: Input;
  readonly positional: readonly string[];
  /** Loads the command when it is needed: what the others do not need costs them nothing. */
  readonly load: () => Promise<Command<z.output<Input>>>;
}

function form<Input extends z.ZodObject>(input: Input, positional: readonly string[], load: Form<Input>['load']): Form {
  // Each command gets what its own `input` has checked; the list as a whole forgets which.
  return { input, positional, load: load as unknown as Form['load'] };
}

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

export const startInput = OPERATIONS.start.input.extend({
  logLevel: z.enum(LOG_LEVELS).default('warn').describe('How much is logged on standard error'),
});

/** Not a setting: whoever starts says where it runs. */
export const startForm = startInput.extend({
  detach: z.boolean().default(false).describe('Return once the node answers, and let it run on; see niaga stop'),
});

export const publishInput = z.object({
  files: z
    .array(z.string())
    .min(1)
    .describe('Files: JSON, NDJSON, CSV, JSON-LD, Google feed; .gz too; - is standard input'),
  format: z
    .enum(['json', ...LISTING_FORMATS])
    .optional()
    .describe('Their format; by their names unless said'),
  strict: OPERATIONS.publish.input.shape.strict,
  restock: OPERATIONS.publish.input.shape.restock,
});

export const searchInput = OPERATIONS.search.input.extend({
  stream: z
    .boolean()
    .default(false)
    .describe('Show the best so far while answers come in; with --json one line an event'),
});

export const exportInput = OPERATIONS.tradeExport.input.extend({
  out: z.string().min(1).describe('The file to write; - is standard output'),
  force: z.boolean().default(false).describe('Write over a file that exists'),
});

export const invoiceInput = OPERATIONS.tradeInvoice.input.extend(exportInput.pick({ out: true, force: true }).shape);

export const exportEvidenceInput = OPERATIONS.evidenceExport.input.extend(
  exportInput.pick({ out: true, force: true }).shape,
);

export const addInput = z.object({
  text: z
    .string()
    .max(400_000)
    .optional()
    .describe('The request of the new machine, or on that one the answer; none: make a request'),
  label: z.string().max(80).optional().describe('What to call the new machine; it is published'),
});

const paths = z.array(z.string()).max(4).default([]).describe('A file to go with it, 1 MiB together; up to 4 times');

export const chatSendInput = OPERATIONS.chatSend.input.omit({ files: true, text: true }).extend({
  text: z.array(z.string()).default([]).describe('The message; - is standard input'),
  file: paths,
});

export const fileSaveInput = OPERATIONS.fileSave.input.extend(exportInput.pick({ out: true, force: true }).shape);

export const pictureAddInput = z.object({
  file: z.string().min(1).describe('A JPEG, PNG or WebP picture, 1.5 MiB at most; - is standard input'),
});
export const pictureSaveInput = OPERATIONS.pictureSave.input.extend(exportInput.pick({ out: true, force: true }).shape);

/** What others of the machine would see in the list of processes is read from a file. */
const given = (what: string) => z.string().min(1).optional().describe(`A file with ${what}; - is standard input`);

const contacts = {
  address: given('the address to deliver to: only the seller gets it, once there is a contract'),
  phone: given('the phone number to call, likewise'),
};
export const offerInput = OPERATIONS.offer.input.extend(contacts);
export const acceptInput = OPERATIONS.tradeAccept.input.extend(contacts);
export const counterInput = OPERATIONS.tradeCounter.input.extend(contacts);

export const shipInput = OPERATIONS.tradeShip.input.extend({
  content: z
    .array(z.string())
    .max(4)
    .default([])
    .describe(
      'Digital goods: a file of 1 MiB at most, sealed; the buyer gets its key once you have confirmed the payment',
    ),
});

export const payInput = OPERATIONS.tradePay.input.extend({
  proof: given('the bill, 1 MiB at most: only the seller gets it'),
});

export const webhookAddInput = OPERATIONS.webhookAdd.input.omit({ secret: true }).extend({
  secretFile: z
    .string()
    .min(1)
    .describe('A file with what the signature is made with, 16 to 200 characters; - is standard input'),
});

export const disputeInput = OPERATIONS.tradeDispute.input.omit({ files: true }).extend({ file: paths });
export const statementInput = OPERATIONS.tradeStatement.input.omit({ files: true }).extend({ file: paths });

const passphraseFile = z
  .string()
  .min(1)
  .optional()
  .describe('A file with the passphrase that seals it; it is asked for on a terminal unless given');

export const backupCheckInput = OPERATIONS.backupCheck.input.extend({ passphraseFile });
export const backupInput = backupCheckInput.extend({ force: exportInput.shape.force });
export const restoreInput = OPERATIONS.restore.input.extend({ passphraseFile });

export const doctorInput = OPERATIONS.doctor.input.extend({
  bundle: z.string().min(1).optional().describe('Also write what was found, and figures, into a file without secrets'),
  force: exportInput.shape.force,
});

const data = () => import('./commands/export-data.js');

const identity = () => import('./commands/identity.js');

export const FORMS: Readonly<Partial<Record<OperationKey, Form>>> = {
  init: form(OPERATIONS.init.input, [], async () => (await import('./commands/init.js')).init),
  start: form(startForm, [], async () => (await import('./commands/start.js')).start),
  stop: form(OPERATIONS.stop.input, [], async () => (await import('./commands/stop.js')).stop),
  publish: form(publishInput, ['files'], async () => (await import('./commands/publish.js')).publish),
  search: form(searchInput, ['words'], async () => (await import('./commands/search.js')).search),
  tradeInvoice: form(invoiceInput, ['trade'], async () => (await import('./commands/export.js')).exportInvoice),
  tradeExport: form(exportInput, ['trade'], async () => (await import('./commands/export.js')).exportTrade),
  evidenceExport: form(
    exportEvidenceInput,
    ['listing'],
    async () => (await import('./commands/export.js')).exportEvidence,
  ),
  offer: form(offerInput, ['listing'], async () => (await import('./commands/private.js')).offer),
  tradeAccept: form(acceptInput, ['trade'], async () => (await import('./commands/private.js')).accept),
  tradeCounter: form(counterInput, ['trade'], async () => (await import('./commands/private.js')).counter),
  tradeShip: form(shipInput, ['trade'], async () => (await import('./commands/private.js')).ship),
  tradePay: form(payInput, ['trade'], async () => (await import('./commands/private.js')).pay),
  tradeDispute: form(disputeInput, ['trade'], async () => (await import('./commands/private.js')).dispute),
  tradeStatement: form(
    statementInput,
    ['trade', 'text'],
    async () => (await import('./commands/private.js')).statement,
  ),
  chatSend: form(chatSendInput, ['with', 'text'], async () => (await import('./commands/chat.js')).send),
  fileSave: form(fileSaveInput, ['with', 'file'], async () => (await import('./commands/chat.js')).save),
  pictureAdd: form(pictureAddInput, ['file'], async () => (await import('./commands/picture.js')).add),
  pictureSave: form(pictureSaveInput, ['picture'], async () => (await import('./commands/picture.js')).save),
  identityWords: form(
    OPERATIONS.identityWords.input,
    [],
    async () => (await import('./commands/identity-words.js')).words,
  ),
  identityAdd: form(addInput, ['text'], async () => (await identity()).add),
  identityRevoke: form(
    OPERATIONS.identityRevoke.input.omit({ signed: true }),
    ['device'],
    async () => (await identity()).revoke,
  ),
  identityTake: form(OPERATIONS.identityTake.input.omit({ signed: true }), [], async () => (await identity()).take),
  identityRestore: form(OPERATIONS.identityRestore.input, [], async () => (await identity()).restore),
  pair: form(OPERATIONS.pair.input, ['name'], async () => (await import('./commands/pair.js')).pair),
  webhookAdd: form(webhookAddInput, ['url'], async () => (await import('./commands/webhook.js')).add),
  backup: form(backupInput, ['file'], async () => (await import('./commands/backup.js')).backup),
  backupCheck: form(backupCheckInput, ['file'], async () => (await import('./commands/backup.js')).check),
  restore: form(restoreInput, ['file'], async () => (await import('./commands/backup.js')).restore),
  doctor: form(doctorInput, [], async () => (await import('./commands/doctor.js')).doctor),
  configGet: form(OPERATIONS.configGet.input, ['key'], async () => (await import('./commands/config.js')).get),
  configSet: form(OPERATIONS.configSet.input, ['key', 'value'], async () => (await import('./commands/config.js')).set),
  configList: form(OPERATIONS.configList.input, [], async () => (await import('./commands/config.js')).list),
  exportListings: form(OPERATIONS.exportListings.input, ['file'], async () => (await data()).exportListings),
  exportTrades: form(OPERATIONS.exportTrades.input, ['file'], async () => (await data()).exportTrades),
  exportEverything: form(OPERATIONS.exportEverything.input, ['folder'], async () => (await data()).exportEverything),
  mcp: form(OPERATIONS.mcp.input, [], async () => (await import('./commands/mcp.js')).mcp),
  shell: form(OPERATIONS.shell.input, [], async () => (await import('./commands/shell.js')).shell),
  completion: form(
    OPERATIONS.completion.input,
    ['shell'],
    async () => (await import('./commands/completion.js')).completion,
  ),
  man: form(OPERATIONS.man.input, [], async () => (await import('./commands/completion.js')).man),
  verify: form(OPERATIONS.verify.input, ['file'], async () => (await import('./commands/verify.js')).verify),
};
