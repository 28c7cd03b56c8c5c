import type { z } from 'zod';
import { connect } from '../connect.js';
import type { Context } from '../context.js';
import type {
  acceptInput,
  Command,
  counterInput,
  disputeInput,
  offerInput,
  payInput,
  shipInput,
  statementInput,
} from '../forms.js';
import { NiagaError } from '../../protocol/errors.js';
import { printOne } from '../output.js';
import { readGivenText, readNamed } from './given-file.js';

const MiB = 1024 * 1024;

/** @throws NiagaError FILE_NOT_FOUND, INPUT_FILE, …, and what the node says */
export const offer: Command<z.output<typeof offerInput>> = async (typed, context) => {
  const input = await readContacts(typed, context);
  await printOne('offer', await connect(context).call('offer', input, { signal: context.signal }), context);
  return 0;
};

/** @throws NiagaError FILE_NOT_FOUND, INPUT_FILE, …, and what the node says */
export const accept: Command<z.output<typeof acceptInput>> = async (typed, context) => {
  const input = await readContacts(typed, context);
  await printOne('tradeAccept', await connect(context).call('tradeAccept', input, { signal: context.signal }), context);
  return 0;
};

/** @throws NiagaError FILE_NOT_FOUND, INPUT_FILE, …, and what the node says */
export const counter: Command<z.output<typeof counterInput>> = async (typed, context) => {
  const input = await readContacts(typed, context);
  const view = await connect(context).call('tradeCounter', input, { signal: context.signal });
  await printOne('tradeCounter', view, context);
  return 0;
};

/** @throws NiagaError FILE_NOT_FOUND, INPUT_FILE, …, and what the node says */
export const ship: Command<z.output<typeof shipInput>> = async ({ content, ...input }, context) => {
  const files = content.length === 0 ? {} : { content: await readAll(content, context) };
  const view = await connect(context).call('tradeShip', { ...input, ...files }, { signal: context.signal });
  await printOne('tradeShip', view, context);
  return 0;
};

/** @throws NiagaError FILE_NOT_FOUND, INPUT_FILE, …, and what the node says */
export const pay: Command<z.output<typeof payInput>> = async ({ proof, ...input }, context) => {
  const file = proof === undefined ? {} : { proof: await readNamed(proof, context, MiB) };
  const view = await connect(context).call('tradePay', { ...input, ...file }, { signal: context.signal });
  await printOne('tradePay', view, context);
  return 0;
};

/** @throws NiagaError FILE_NOT_FOUND, INPUT_FILE, …, and what the node says */
export const dispute: Command<z.output<typeof disputeInput>> = async ({ file, ...input }, context) => {
  const files = await readAll(file, context);
  const view = await connect(context).call('tradeDispute', { ...input, files }, { signal: context.signal });
  await printOne('tradeDispute', view, context);
  return 0;
};

/** @throws NiagaError FILE_NOT_FOUND, INPUT_FILE, …, and what the node says */
export const statement: Command<z.output<typeof statementInput>> = async ({ file, ...input }, context) => {
  const files = await readAll(file, context);
  const view = await connect(context).call('tradeStatement', { ...input, files }, { signal: context.signal });
  await printOne('tradeStatement', view, context);
  return 0;
};

async function readAll(paths: readonly string[], context: Context) {
  const files = [];
  for (const path of paths) files.push(await readNamed(path, context, MiB));
  return files;
}

/** What others of the machine must not see, as it stands in the files that were named. */
async function readContacts<Typed extends { address?: string | undefined; phone?: string | undefined }>(
  { address, phone, ...rest }: Typed,
  context: Context,
) {
  if (address === '-' && phone === '-') throw new NiagaError('USAGE', 'Standard input (-) can be named once only.');
  return {
    ...rest,
    ...(address === undefined ? {} : { address: await readPersonal(address, context) }),
    ...(phone === undefined ? {} : { phone: await readPersonal(phone, context) }),
  };
}

async function readPersonal(path: string, context: Context): Promise<string> {
  try {
    return await readGivenText(path, context);
  } catch (error) {
    if (!(error instanceof NiagaError) || error.code !== 'FILE_NOT_FOUND') throw error;
    throw new NiagaError('FILE_NOT_FOUND', error.message, {
      where: path,
      next: 'What is personal is read from a file, or from standard input: printf "Jl. Mawar 3" | niaga offer … --address -',
      cause: error,
    });
  }
}
