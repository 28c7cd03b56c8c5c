import { z } from 'zod';
import { operation, type Operation } from '../operation.js';
import { reading } from './bases.js';

const CHECKS = [
  'identity',
  'files',
  'disk',
  'integrity',
  'clock',
  'ports',
  'peers',
  'reachability',
  'messages',
] as const;

const findingView = z.object({
  check: z.enum(CHECKS),
  verdict: z.enum(['ok', 'warn', 'fail']),
  found: z.string().describe('What was found, in a sentence'),
  next: z.string().optional().describe('What to do'),
  repaired: z.boolean().optional().describe('Whether it was mended now'),
});
export type Finding = z.infer<typeof findingView>;

const figures = z.record(z.string(), z.number());

const doctorView = z.object({
  findings: z.array(findingView),
  version: z.string(),
  node: z.string().describe('The version of Node.js'),
  platform: z.string(),
  running: z.boolean().describe('Whether a node runs on the home'),
  figures: figures.describe('Counts of what the node holds and does: no names, ids, addresses or contents'),
});
export type DoctorView = z.infer<typeof doctorView>;

/** Whether the node is well. */
export const DOCTOR_OPERATIONS = {
  doctor: operation({
    ...reading,
    command: ['doctor'],
    help: 'Look whether all is well: clock, ports, peers, disk, integrity, messages that are stuck',
    input: z.object({
      repair: z
        .boolean()
        .default(false)
        .describe('Mend what can be mended; rows of the store that cannot be read are given up then'),
    }),
    output: doctorView,
    scope: 'admin',
    changes: true,
    confirm: true,
    example: 'niaga doctor',
  }),
} as const satisfies Record<string, Operation>;
