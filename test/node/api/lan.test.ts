import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { text } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';
import { once } from 'node:events';
import { Agent } from 'node:https';
import { request } from 'node:http';
import { describe, expect, it } from 'vitest';
import { requireSealed } from '../../../node/api/gate.js';
import { ask, onLoopback, problem, serve } from './serve.js';

const listed = { listingList: async () => ({ items: [] }) };
const portOf = (url: string | undefined): number => Number(new URL(url ?? '').port);

describe('the listener for phones', () => {
  it('answers over TLS, with the certificate whose fingerprint it tells', async () => {
    await using served = await serve(listed, { lan: await onLoopback() });
    const { url, fingerprint, ownMade } = served.api.lan ?? { url: '' };
    expect([url, ownMade]).toEqual([expect.stringMatching(/^https:\/\/127\.0\.0\.1:\d+$/), true]);
    const socket = connectTls({ host: '127.0.0.1', port: portOf(url), rejectUnauthorized: false });
    await once(socket, 'secureConnect');
    expect(socket.getPeerX509Certificate()?.fingerprint256).toBe(fingerprint);
    socket.destroy();
    const agent = new Agent({ rejectUnauthorized: false });
    const headers = { authorization: `Bearer ${served.token}`, 'content-type': 'application/json' };
    const reply = await ask(portOf(url), 'POST', '/v1/listing.list', headers, '{}', agent);
    expect([reply.status, reply.text]).toEqual([200, '{"items":[]}']);
    agent.destroy();
  });

  it('says why to those who come without TLS, and reads no token of theirs', async () => {
    await using served = await serve(listed, { lan: await onLoopback() });
    const { url = '' } = served.api.lan ?? {};
    const headers = { authorization: `Bearer ${served.token}`, 'content-type': 'application/json' };
    const reply = await ask(portOf(url), 'POST', '/v1/listing.list', headers, '{}');
    expect([reply.status, reply.headers['content-type']]).toEqual([403, 'application/problem+json']);
    expect(problem(reply)).toMatchObject({
      code: 'API_PLAIN',
      next: expect.stringContaining(url) as string,
    });
    // What is neither is told the same, and a connection that says nothing harms nobody.
    const socket = connect(portOf(url), '127.0.0.1');
    socket.end('HELO niaga\r\n');
    expect(await text(socket)).toContain('API_PLAIN');
    const silent = connect(portOf(url), '127.0.0.1');
    await once(silent, 'connect');
    const gone = once(silent, 'close');
    await served.api.stop();
    await gone;
  });

  it('is not there unless asked for, and ends with the other', async () => {
    await using served = await serve();
    expect(served.api.lan).toBeUndefined();
    await using both = await serve({}, { lan: await onLoopback() });
    const port = portOf(both.api.lan?.url);
    await both.api.stop();
    expect(both.api.lan).toBeUndefined();
    await expect(ask(port, 'GET', '/health')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});

describe('plain HTTP', () => {
  it('takes a token or a code from this machine only', () => {
    const code = (scheme: 'http' | 'https', remote: string | undefined): unknown => {
      try {
        requireSealed({ scheme }, remote, '');
        return 'taken';
      } catch (error) {
        return error instanceof Error && 'code' in error ? error.code : error;
      }
    };
    for (const own of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1']) expect(code('http', own)).toBe('taken');
    for (const far of ['192.168.1.20', '::ffff:192.168.1.20', 'fe80::1', '8.8.8.8', undefined]) {
      expect(code('http', far)).toBe('API_PLAIN');
      expect(code('https', far)).toBe('taken');
    }
  });

  // An address of this machine that is not loopback: what a phone on the network would come from.
  const outer = Object.values(networkInterfaces())
    .flatMap((entries) => entries ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;
  it.skipIf(outer === undefined)('from another address gets the page and no more, and is told why', async () => {
    const address = outer ?? '';
    await using served = await serve(listed, { host: '0.0.0.0', allowRemote: true, hosts: [] });
    const headers = (host: string) => ({
      host,
      authorization: `Bearer ${served.token}`,
      'content-type': 'application/json',
    });
    const from = (path: string, host: string): Promise<{ status: number | undefined; text: string }> =>
      new Promise((resolve, reject) => {
        const options = { host: address, localAddress: address, port: served.port, path, method: 'POST', agent: false };
        const asked = request(
          { ...options, headers: headers(host) },
          (response) =>
            void text(response).then((body) => resolve({ status: response.statusCode, text: body }), reject),
        );
        asked.on('error', reject);
        asked.end('{}');
      });
    const named = `localhost:${served.port}`;
    for (const path of ['/v1/listing.list', '/session', '/metrics', '/events']) {
      const reply = await from(path, named);
      expect([reply.status, JSON.parse(reply.text)]).toMatchObject([403, { code: 'API_PLAIN' }]);
    }
    expect(JSON.parse((await from('/v1/listing.list', `${address}:${served.port}`)).text)).toMatchObject({
      code: 'API_ORIGIN',
    });
    const own = await ask(served.port, 'POST', '/v1/listing.list', headers(named), '{}');
    expect(own.status).toBe(200);
  });
});
