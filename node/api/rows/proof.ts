import { z } from 'zod';

const role = z.enum(['buyer', 'seller', 'arbiter']);

/** Two messages of one device that contradict each other, as `trade show` tells of them. */
export const proofView = z.object({
  of: role.describe('Whose device signed both'),
  trader: z.string(),
  found: z.int().describe('When that was seen here, milliseconds since 1970'),
  messages: z.array(z.object({ id: z.string(), kind: z.string(), time: z.int() })).describe('The two messages'),
  sent: z
    .array(z.object({ to: role, delivery: z.enum(['queued', 'stored', 'delivered', 'read', 'refused']) }))
    .describe('To whom the proof was sent from here, and how far it is'),
});
export type ProofView = z.infer<typeof proofView>;
