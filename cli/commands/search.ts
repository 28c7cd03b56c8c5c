import type { z } from 'zod';
import type { SearchView } from '../../node/api/views.js';
import { connect } from '../connect.js';
import { typeNext, type Context } from '../context.js';
import type { Command, searchInput } from '../forms.js';
import { note, print, printOne } from '../output.js';
import { safeJson } from '../safe-text.js';

type Input = z.output<typeof searchInput>;

/** Searches; with `stream` it says how far it is while it goes on, and with `--json` prints every event. */
export const search: Command<Input> = async ({ stream, ...input }, context) => {
  const client = connect(context);
  const options = { signal: context.signal };
  if (!stream) {
    const view = await client.call('search', input, options);
    await printView(view, input, context);
    return 0;
  }
  for await (const event of client.stream('searchStream', input, options)) {
    if (context.json) await print(context, safeJson(event));
    else if (event.type === 'coverage')
      note(context, `… ${event.answered} of ${event.asked} index nodes have answered`);
    else if (event.type === 'hits')
      note(
        context,
        `… ${event.hits.length} ${event.hits.length === 1 ? 'hit' : 'hits'} so far${bestOf(event.hits[0]?.title)}`,
      );
    else {
      const { type: _, ...view } = event;
      await printView(view, input, context);
    }
  }
  return 0;
};

async function printView(view: SearchView, input: Omit<Input, 'stream'>, context: Context): Promise<void> {
  if (context.lines) {
    for (const hit of view.hits) await print(context, safeJson(hit));
    // What the lines cannot say: how complete they are.
    const { searchInWords } = await import('../search-in-words.js');
    note(context, searchInWords(view, undefined).notes.join('\n'));
    if (view.facets !== undefined) note(context, 'What --facets counted is no hit, and no line: it stands in --json.');
  } else {
    await printOne('search', view, context);
  }
  sayNext(view.next, input, context);
}

function bestOf(title: string | undefined): string {
  return title === undefined ? '' : `, the best: ${safeJson(title)}`;
}

/** The page after this one is of the same search, whose words and filters the node remembers; how it is shown is said again. */
function sayNext(
  next: string | undefined,
  { limit, explain }: Pick<Input, 'limit' | 'explain'>,
  context: Context,
): void {
  if (next === undefined) return;
  const shown = [...(context.given.includes('limit') ? [`--limit ${limit}`] : []), ...(explain ? ['--explain'] : [])];
  note(context, `There are more: ${typeNext(context, ['search', '--after', next, ...shown].join(' '))}`);
}
