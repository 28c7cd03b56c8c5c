import type { z } from 'zod';
import type { OPERATIONS } from '../../node/api/operations.js';
import { typeNext } from '../context.js';
import type { Command } from '../forms.js';
import { printOne } from '../output.js';

/** With NIAGA_PASSPHRASE the keys are sealed. @throws NiagaError IDENTITY_EXISTS, HOME_UNUSABLE, HOME_NEWER */
export const init: Command<z.output<typeof OPERATIONS.init.input>> = async ({ name }, context) => {
  const { openHome, resolveHome } = await import('../../node/home/index.js');
  const { createIdentity } = await import('../../node/identity/index.js');
  const home = await openHome(resolveHome({ home: context.home, env: context.env }), context.network);
  const passphrase = context.env['NIAGA_PASSPHRASE'];
  const { trader, peerId } = await createIdentity({
    home,
    network: home.network,
    now: Date.now(),
    ...(name === undefined ? {} : { name }),
    ...(passphrase === undefined || passphrase === '' ? {} : { passphrase }),
  });
  await printOne('init', { trader, home: home.home, peerId, next: typeNext(context, 'start') }, context);
  return 0;
};
