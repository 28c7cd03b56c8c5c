import { z } from 'zod';
import { operation, type Operation } from '../operation.js';
import { page, reading } from './bases.js';

const evidenceItemView = z.object({
  listing: z.string().describe('The id of the listing'),
  version: z.string().describe('The id of the version that was opened'),
  seller: z.string(),
  title: z.string().describe('As the listing itself has it'),
  terms: z.array(z.string()).describe('Words under which the card is found that the listing does not have, or not so'),
  found: z.int().describe('When it was found, milliseconds since 1970'),
});
export type EvidenceItemView = z.infer<typeof evidenceItemView>;

/** Evidence against sellers whose cards are not of their listings. */
export const EVIDENCE_OPERATIONS = {
  evidenceList: operation({
    ...reading,
    command: ['evidence', 'list'],
    help: 'List listings whose cards were found false here, the newest first',
    input: z.object(page),
    output: evidenceItemView,
    answer: 'page',
    strangersText: true,
    example: 'niaga evidence list',
  }),
  evidenceExport: operation({
    ...reading,
    command: ['evidence', 'export'],
    help: 'Write the evidence about a false card into one file that anybody can verify',
    input: z.object({ listing: z.string().min(1).max(100).describe('The listing') }),
    output: z.object({ listing: z.string(), evidence: z.string().describe('The file’s bytes in base64') }),
    positional: ['listing'],
    strangersText: true,
    example: 'niaga evidence export bafyrei… --out false-card.niaga',
  }),
} as const satisfies Record<string, Operation>;
