import { z } from 'zod';
import { operation, type Operation } from '../operation.js';
import { reading } from './bases.js';

const key = z
  .string()
  .min(1)
  .max(100)
  .describe('The setting: the name of an option of niaga start, without the dashes');

const settingView = z.object({
  key: z.string(),
  value: z.unknown(),
  origin: z
    .enum(['environment', 'file', 'default'])
    .optional()
    .describe('Where it comes from; an option of niaga start comes before all of these'),
});
export type SettingView = z.infer<typeof settingView>;

const local = { ...reading, scope: 'admin', runs: 'local' } as const;

/** What niaga start does unless it is told otherwise. */
export const CONFIG_OPERATIONS = {
  configGet: operation({
    ...local,
    command: ['config', 'get'],
    help: 'Show one setting and where it comes from',
    input: z.object({ key }),
    output: settingView,
    positional: ['key'],
    example: 'niaga config get bootstrap',
  }),
  configSet: operation({
    ...local,
    command: ['config', 'set'],
    help: 'Write a setting into the file of this home; without a value take it out',
    input: z.object({
      key,
      value: z
        .array(z.string().max(400))
        .max(64)
        .default([])
        .describe('Its value; several where the setting is a list'),
    }),
    output: settingView,
    positional: ['key', 'value'],
    changes: true,
    example: 'niaga config set listen /ip4/0.0.0.0/tcp/4101',
  }),
  configList: operation({
    ...local,
    command: ['config', 'list'],
    help: 'List all settings',
    input: z.object({
      origin: z.boolean().default(false).describe('Also say where each comes from: environment, file or default'),
    }),
    output: z.object({ settings: z.array(settingView) }),
    example: 'niaga config list --origin',
  }),
} as const satisfies Record<string, Operation>;
