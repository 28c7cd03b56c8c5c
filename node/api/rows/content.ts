import { z } from 'zod';

export const contentView = z.object({
  file: z.string().describe('Its id: save it with niaga file save'),
  name: z.string(),
  size: z.int().describe('Bytes'),
  status: z
    .enum(['here', 'awaited', 'sealed'])
    .describe(
      'here: it can be opened; awaited: the file or its key is on its way; sealed: the key comes when the seller has seen the money',
    ),
});
export type ContentView = z.infer<typeof contentView>;
