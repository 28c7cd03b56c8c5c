import { DEADLINE_GRACE, deadlinesOf, type Deadline } from '../deadlines.js';
import type { ContentContext, Objection } from './content.js';

/** What timeouts say. */

function deadlineOf({ payload, regions }: ContentContext): Deadline | undefined {
  if (payload.kind !== 'timeout' || regions === undefined) return undefined;
  return deadlinesOf(regions).find(({ deadline }) => deadline === payload.deadline);
}

export function checkDeadlineName(context: ContentContext): Objection | undefined {
  if (deadlineOf(context) !== undefined) return undefined;
  return { code: 'TRADE_STATE', where: 'deadline', message: 'No such deadline runs in this trade.' };
}

export function checkDeadlinePassed(context: ContentContext): Objection | undefined {
  const deadline = deadlineOf(context);
  if (deadline === undefined || context.payload.created > deadline.at + DEADLINE_GRACE) return undefined;
  const message = `The deadline ${new Date(deadline.at).toISOString()} and the 10 minutes after it had not passed when the message was made.`;
  return { code: 'TRADE_STATE', where: 'created', message };
}
