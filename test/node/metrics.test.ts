import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createNode } from '../../node/index.js';
import { ask, METRIC_LINE } from './api/serve.js';

it('a running node tells figures of all its parts, to whoever a link has let in, and takes a key', async () => {
  const home = await mkdtemp(join(tmpdir(), 'niaga-metrics-'));
  const node = await createNode({ home, api: '127.0.0.1:0', mdns: false, listen: ['/ip4/127.0.0.1/tcp/0'] });
  try {
    const { url } = await node.open({});
    const port = Number(new URL(url).port);
    const json = { 'content-type': 'application/json' };
    const code = new URLSearchParams(new URL(url).hash.slice(1)).get('code');
    const session = await ask(port, 'POST', '/session', json, JSON.stringify({ code }));
    const { token } = JSON.parse(session.text) as { token: string };
    const authorization = `Bearer ${token}`;
    expect(JSON.parse(await readFile(join(home, 'main', 'api.json'), 'utf8'))).not.toMatchObject({ token });

    const { text } = await ask(port, 'GET', '/metrics', { authorization });
    for (const line of text.trimEnd().split('\n')) expect(line).toMatch(METRIC_LINE);
    expect(text).toMatch(/^libp2p_\w+(\{.*\})? \d+$/m);
    expect(text.match(/^# TYPE (\S+) /gm)).toHaveLength(new Set(text.match(/^# TYPE (\S+) /gm)).size);
    expect(text).not.toContain(node.peerId);
    for (const line of ['niaga_peers 0', 'niaga_trades{state="open"} 0', 'niaga_network_connections 0']) {
      expect(text.split('\n')).toContain(line);
    }

    const body = JSON.stringify({ words: ['kopi'] });
    const headers = { ...json, authorization, 'idempotency-key': 'k' };
    const first = await ask(port, 'POST', '/v1/watch', headers, body);
    const again = await ask(port, 'POST', '/v1/watch', headers, body);
    expect([again.text, again.headers['idempotency-replayed']]).toEqual([first.text, 'true']);
  } finally {
    await node.stop();
    await rm(home, { recursive: true, force: true });
  }
}, 120_000);
