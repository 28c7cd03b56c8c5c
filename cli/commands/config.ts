import type { z } from 'zod';
import type { OPERATIONS } from '../../node/api/operations.js';
import type { Command } from '../forms.js';
import { note, printOne } from '../output.js';
import { changedConfig, configPath, setting, settings } from '../settings.js';

type InputOf<Key extends 'configGet' | 'configSet' | 'configList'> = z.output<(typeof OPERATIONS)[Key]['input']>;

/** @throws NiagaError CONFIG_INVALID */
export const get: Command<InputOf<'configGet'>> = async ({ key }, context) => {
  await printOne('configGet', await setting(key, context), context);
  return 0;
};

/** @throws NiagaError CONFIG_INVALID, HOME_… */
export const set: Command<InputOf<'configSet'>> = async ({ key, value }, context) => {
  const config = await changedConfig(key, value, context);
  const { openHome, resolveHome, writeFileAtomic } = await import('../../node/home/index.js');
  await openHome(resolveHome({ home: context.home, env: context.env }), context.network);
  await writeFileAtomic(configPath(context), `${JSON.stringify(config, null, 2)}\n`);
  await printOne('configSet', await setting(key, context), context);
  note(context, 'It counts from the next niaga start on.');
  return 0;
};

/** @throws NiagaError CONFIG_INVALID */
export const list: Command<InputOf<'configList'>> = async ({ origin }, context) => {
  const known = (await settings(context)).map((one) => ({
    key: one.key,
    value: one.value,
    ...(origin ? { origin: one.origin } : {}),
  }));
  await printOne('configList', { settings: known }, context);
  return 0;
};
