import { resolve } from 'node:path';
import type { z } from 'zod';
import type { DoctorView } from '../../node/api/rows/doctor.js';
import { isNiagaError } from '../../protocol/errors.js';
import { connect } from '../connect.js';
import type { Context } from '../context.js';
import type { Command, doctorInput } from '../forms.js';
import { note, printOne } from '../output.js';
import { withoutPrivate } from '../without-private.js';
import { fileError } from './evidence-file.js';
import { refuseToOverwrite } from './export.js';

/** Exit code 1 where a check failed. @throws NiagaError HOME_UNUSABLE, FILE_EXISTS, … */
export const doctor: Command<z.output<typeof doctorInput>> = async ({ repair, bundle, force }, context) => {
  if (bundle !== undefined) await refuseToOverwrite(bundle, force);
  const view = await examine(repair, context);
  await printOne('doctor', view, context);
  if (bundle !== undefined) await writeBundle(bundle, view, context);
  return view.findings.some(({ verdict }) => verdict === 'fail') ? 1 : 0;
};

async function examine(repair: boolean, context: Context): Promise<DoctorView> {
  try {
    return await connect(context).call('doctor', { repair }, { signal: context.signal });
  } catch (error) {
    if (!isNiagaError(error, 'NODE_UNREACHABLE') && !isNiagaError(error, 'IDENTITY_MISSING')) throw error;
  }
  const { openHome, resolveHome } = await import('../../node/home/index.js');
  const { examineHome } = await import('../../node/doctor/offline.js');
  return examineHome(await openHome(resolveHome({ home: context.home, env: context.env }), context.network), {
    repair,
  });
}

/**
 * What whoever helps needs, and nothing that is anybody's: it is made of sentences of this program and of numbers, never of what stands
 * in the home. What the system says of a failure names files, though, and may name more.
 */
async function writeBundle(path: string, view: DoctorView, context: Context): Promise<void> {
  const { writeFileAtomic } = await import('../../node/home/write-file-atomic.js');
  const { resolveHome } = await import('../../node/home/index.js');
  const home = resolveHome({ home: context.home, env: context.env });
  const shown = withoutPrivate(view, { folders: [home, path], env: context.env });
  try {
    await writeFileAtomic(resolve(path), `${JSON.stringify(shown, null, 2)}\n`);
  } catch (error) {
    throw fileError(error, path);
  }
  note(context, `${path} holds no key, word, token, name, address or message: it can be shown to whoever helps.`);
}
