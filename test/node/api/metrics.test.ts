import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createClient } from '../../../node/api/client.js';
import { metricsText } from '../../../node/api/metrics.js';
import { ask, METRIC_LINE, serve } from './serve.js';

describe('/metrics', () => {
  it('counts answers by operation and code, beside what the node tells', async () => {
    await using served = await serve(
      { listingList: async () => ({ items: [] }) },
      { metrics: () => 'niaga_peers 3\n' },
    );
    const client = createClient(served);
    await client.call('listingList', {});
    await client.call('listingList', {});
    await client.call('tradeShow', { trade: 'x' }).catch(() => undefined);
    const read = async () =>
      (await ask(served.port, 'GET', '/metrics', { authorization: `Bearer ${served.token}` })).text;
    // An answer is counted when it has been given.
    while (!(await read()).includes('operation="trade.show"')) await sleep(10);
    const text = await read();
    for (const line of text.trimEnd().split('\n')) expect(line).toMatch(METRIC_LINE);
    expect(text).toContain('niaga_peers 3\n');
    expect(text).toContain('niaga_api_requests_total{operation="listing.list",code=""} 2\n');
    expect(text).toContain('niaga_api_requests_total{operation="trade.show",code="INTERNAL"} 1\n');
    expect(text).toContain('niaga_api_listeners 0\n');
  });

  it('needs a token that may read', async () => {
    await using served = await serve();
    expect((await ask(served.port, 'GET', '/metrics')).status).toBe(401);
  });

  it('writes what stands in labels so that it cannot be taken for anything else', () => {
    const labels = { word: 'a "b" \\ \n niaga_peers 9' };
    const text = metricsText([{ name: 'x', help: 'two\nlines', type: 'gauge', values: [{ labels, value: 1 }] }]);
    expect(text).toBe('# HELP x two\\nlines\n# TYPE x gauge\nx{word="a \\"b\\" \\\\ \\n niaga_peers 9"} 1\n');
    for (const line of text.trimEnd().split('\n')) expect(line).toMatch(METRIC_LINE);
  });
});
