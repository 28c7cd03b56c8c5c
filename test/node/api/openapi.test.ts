import { createConfig, lintFromString } from '@redocly/openapi-core';
import { describe, expect, it } from 'vitest';
import { openApi } from '../../../node/api/openapi.js';
import { ROUTES } from '../../../node/api/routes.js';
import { ERRORS } from '../../../protocol/errors.js';
import { ask, serve } from './serve.js';

/** What Redocly's recommended rules find. */
async function lint(document: object): Promise<string[]> {
  const config = await createConfig({ extends: ['recommended'] });
  const problems = await lintFromString({ source: JSON.stringify(document), config });
  return problems.map(
    ({ ruleId, message, location }) => `${ruleId}: ${message} (${location.map(({ pointer }) => pointer).join(', ')})`,
  );
}

describe('the OpenAPI document', () => {
  it('is clean under a public linter', async () => {
    expect(await lint(openApi('1.0.0'))).toEqual([]);
    // The linter does look at it.
    expect(await lint({ ...openApi('1.0.0'), security: [], tags: 'node' })).not.toEqual([]);
  }, 120_000);

  it('has every route of the server, with the scope that it needs, and no other', () => {
    const { paths } = openApi('1.0.0') as { paths: Record<string, Record<string, Record<string, unknown>>> };
    const told = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => {
        const open = Array.isArray(operation['security']) && operation['security'].length === 0;
        return { method: method.toUpperCase(), path, scope: open ? null : operation['x-scope'] };
      }),
    );
    const byPath = (a: { path: string }, b: { path: string }): number => (a.path < b.path ? -1 : 1);
    expect(told.sort(byPath)).toEqual(ROUTES.map(({ method, path, scope }) => ({ method, path, scope })).sort(byPath));
  });

  it('is served to everybody who may ask at all, and names every error code', async () => {
    await using served = await serve();
    const reply = await ask(served.port, 'GET', '/openapi.json');
    expect([reply.status, reply.headers['content-type']]).toEqual([200, 'application/json']);
    expect(JSON.parse(reply.text)).toEqual(JSON.parse(JSON.stringify(openApi('0.0.0-test'))));
    for (const code of Object.keys(ERRORS)) expect(reply.text).toContain(`"${code}"`);
  });
});
