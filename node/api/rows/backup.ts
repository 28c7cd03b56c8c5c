import { z } from 'zod';
import { operation, type Operation } from '../operation.js';
import { reading } from './bases.js';

const contents = {
  file: z.string(),
  created: z.int().describe('When it was made, milliseconds since 1970'),
  version: z.string().describe('The version of Niaga that made it'),
  network: z.string(),
  trader: z.string(),
  files: z.int(),
  rows: z.int().describe('Rows of the store'),
  problems: z.array(z.string()).describe('What was wrong with the store when the backup was made; nothing unless said'),
};

const file = z.string().min(1).describe('The file of the backup');

/** What outlives the machine. The file is sealed by the command: its passphrase reaches no API. */
export const BACKUP_OPERATIONS = {
  backup: operation({
    ...reading,
    command: ['backup'],
    help: 'Write one sealed file with all that this home holds, while the node runs',
    input: z.object({}),
    output: z.object({
      rows: z.string().describe('Rows of the store as of the moment when they were asked for, in base64'),
      count: z.int().describe('How many these are'),
    }),
    answer: 'stream',
    scope: 'admin',
    confirm: true,
    example: 'niaga backup niaga-2026-11.backup',
  }),
  backupCheck: operation({
    ...reading,
    command: ['backup', 'check'],
    help: 'Read a backup to its end and say what it holds: needs no node and no home',
    input: z.object({ file }),
    output: z.object(contents),
    positional: ['file'],
    scope: 'admin',
    runs: 'local',
    example: 'niaga backup check niaga-2026-11.backup',
  }),
  restore: operation({
    ...reading,
    command: ['restore'],
    help: 'Make a home from a backup, as a new device that writes from now on',
    input: z.object({
      file,
      label: z.string().max(80).optional().describe('What to call this machine; it is published'),
    }),
    output: z.object({
      ...contents,
      home: z.string().describe('The folder that was made'),
      device: z.string().describe('The peer id of this machine from now on'),
      before: z.string().describe('The peer id of the machine that the backup is of'),
      next: z.string(),
    }),
    positional: ['file'],
    scope: 'admin',
    changes: true,
    confirm: true,
    runs: 'local',
    example: 'niaga restore niaga-2026-11.backup --home ./new',
  }),
} as const satisfies Record<string, Operation>;
