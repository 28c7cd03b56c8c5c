import type { z } from 'zod';
import type { OPERATIONS } from '../../node/api/operations.js';
import { connect } from '../connect.js';
import { typeNext } from '../context.js';
import type { Command } from '../forms.js';
import { note, print, printOne } from '../output.js';

/** Light on dark, whatever the colours of the terminal: the other way round some cameras see nothing. */
const COLOURS = { begin: '\u001b[97;40m', end: '\u001b[0m' };

/** Shows the link for a phone: on a terminal as a QR code, too. @throws what the node says */
export const pair: Command<z.output<typeof OPERATIONS.pair.input>> = async (input, context) => {
  const view = await connect(context).call('pair', input, { signal: context.signal });
  if (context.json) {
    await printOne('pair', view, context);
    return 0;
  }
  if (context.stdout.isTTY === true) {
    const { renderUnicodeCompact } = await import('uqr');
    const lines = renderUnicodeCompact(view.url, { ecc: 'L', border: 2 }).split('\n');
    await print(context, lines.map((line) => `${COLOURS.begin}${line}${COLOURS.end}`).join('\n'));
  }
  await print(context, view.url);
  note(
    context,
    'Scan it with the phone, or open the link there: it works once, within ten minutes, on the same network.',
  );
  if (view.fingerprint !== undefined) {
    note(
      context,
      'The phone will ask about the certificate, which this node has made itself. Go on only if it shows this',
    );
    note(context, `SHA-256 fingerprint: ${view.fingerprint}`);
  }
  note(context, `To end what the phone may do: ${typeNext(context, `token revoke ${view.name}`)}`);
  return 0;
};
