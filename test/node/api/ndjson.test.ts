import { request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { createClient } from '../../../node/api/client.js';
import type { EventView } from '../../../node/api/rows/events.js';
import { NiagaError } from '../../../protocol/errors.js';
import { serve } from './serve.js';

/** Events of which the first comes when the test says. */
async function* later(ready: Promise<void>): AsyncGenerator<EventView> {
  await ready;
  yield { seq: 1, time: 0, type: 'gap', data: {} };
}

describe('a stream whose first output takes its time', () => {
  it('is answered before it comes, and carries it and what goes wrong then', async () => {
    let tell: () => void = () => undefined;
    const ready = new Promise<void>((resolve) => (tell = resolve));
    await using served = await serve({ events: () => later(ready) });
    const body = Buffer.from('{"follow":true}');
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const headers = {
        authorization: `Bearer ${served.token}`,
        'content-type': 'application/json',
        'content-length': body.length,
      };
      const asked = request(new URL('/v1/events', served.url), { method: 'POST', headers, agent: false }, (answer) => {
        resolve(answer.statusCode);
        answer.destroy();
      });
      asked.on('error', reject).end(body);
    });
    expect(status).toBe(200);
    const client = createClient(served);
    const read = client.stream('events', { follow: true });
    setTimeout(tell, 1_200);
    expect((await read.next()).value).toMatchObject({ seq: 1 });
    await read.return();
  });

  it('ends with what went wrong, where that comes late', async () => {
    await using served = await serve({
      events: async function* () {
        await new Promise((resolve) => setTimeout(resolve, 1_200));
        yield* [];
        throw new NiagaError('STORE_FAILED', 'The disk is gone.');
      },
    });
    const read = createClient(served).stream('events', { follow: true });
    await expect(read.next()).rejects.toMatchObject({ code: 'STORE_FAILED' });
  });
});
