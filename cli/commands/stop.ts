import { setTimeout } from 'node:timers/promises';
import type { z } from 'zod';
import { createClient } from '../../node/api/client.js';
import type { OPERATIONS } from '../../node/api/operations.js';
import { NiagaError } from '../../protocol/errors.js';
import type { StatusView } from '../../node/api/views.js';
import { pidNamespace } from '../../node/pid-namespace.js';
import { isAlive, running } from '../connect.js';
import type { Command } from '../forms.js';
import { printOne } from '../output.js';

const second = 1_000;
/** A node ends within five seconds; a machine under load takes longer. */
const PATIENCE = 30 * second;
const LOOK_AGAIN = 50;

/** @throws NiagaError PROCESS_ELSEWHERE where the number is not that of the process that answers, or counts elsewhere */
function requireSame(pid: number, answering: Partial<Pick<StatusView, 'pid' | 'pidNamespace'>>): void {
  // A node of before that was told says nothing of it.
  if (answering.pid === undefined || (answering.pid === pid && answering.pidNamespace === pidNamespace())) return;
  throw new NiagaError(
    'PROCESS_ELSEWHERE',
    `The node answers, but its process (${answering.pid}) is none of those that are counted here; nothing was stopped.`,
    {
      next: 'Type niaga stop where it runs: in its container (docker exec CONTAINER niaga stop), or stop the container.',
    },
  );
}

/** It may have ended since it answered. */
function tell(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** Asks the node's process to end, and waits until it has. @throws NiagaError NODE_UNREACHABLE, PROCESS_ELSEWHERE, TIMED_OUT */
export const stop: Command<z.output<typeof OPERATIONS.stop.input>> = async (_input, context) => {
  const { signal } = context;
  const { pid, trader, ...where } = running(context);
  // A node that was killed leaves its file, and another program may have its number by now: only what answers is stopped.
  requireSame(pid, await createClient(where).call('status', {}, { signal }));
  tell(pid);
  const end = Date.now() + PATIENCE;
  while (isAlive(pid)) {
    if (Date.now() > end) {
      throw new NiagaError('TIMED_OUT', `The node (process ${pid}) was asked to stop and still runs.`, {
        next: `What is on disk is safe; to end it at once: kill -9 ${pid}`,
      });
    }
    await setTimeout(LOOK_AGAIN, undefined, { signal });
  }
  await printOne('stop', { event: 'stopped', pid, trader }, context);
  return 0;
};
