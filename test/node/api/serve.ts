import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request as httpRequest, type Agent, type IncomingHttpHeaders } from 'node:http';
import { Agent as TlsAgent, request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { NiagaError } from '../../../protocol/errors.js';
import type { Handlers } from '../../../node/api/handlers.js';
import { createApi, type Api, type ApiOptions } from '../../../node/api/index.js';
import { OPERATIONS } from '../../../node/api/operations.js';
import { openCertificate, type Certificate } from '../../../node/tls/index.js';

/** Handlers of which only those given do anything: what is tested is the HTTP layer around them. */
function handlers(given: Partial<Handlers> = {}): Handlers {
  const refuse = () => {
    throw new NiagaError('INTERNAL', 'not part of this test');
  };
  const others = Object.fromEntries(Object.keys(OPERATIONS).map((key) => [key, refuse]));
  return { ...others, ...given } as Handlers;
}

export interface Served extends AsyncDisposable {
  readonly api: Api;
  readonly url: string;
  readonly port: number;
  readonly token: string;
  readonly folder: string;
  readonly apiFile: string;
}

/** A real server on a free port, its file in a folder of its own. */
export async function serve(given: Partial<Handlers> = {}, options: Partial<ApiOptions> = {}): Promise<Served> {
  const folder = await mkdtemp(join(tmpdir(), 'niaga-api-'));
  const apiFile = options.home?.apiFile ?? join(folder, 'api.json');
  const api = createApi({
    handlers: handlers(given),
    home: { apiFile },
    trader: 'z6MkTest',
    port: 0,
    logger: pino({ level: 'silent' }),
    version: '0.0.0-test',
    ...options,
  });
  await api.start();
  const { url, token } = JSON.parse(await readFile(apiFile, 'utf8')) as { url: string; token: string };
  return {
    api,
    url,
    token,
    folder,
    apiFile,
    port: Number(new URL(url).port),
    async [Symbol.asyncDispose]() {
      await api.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A listener for phones that only this machine reaches, with a certificate that was made once for all of a file's tests. */
export async function onLoopback(): Promise<NonNullable<ApiOptions['lan']>> {
  certificate ??= mkdtemp(join(tmpdir(), 'niaga-tls-')).then(async (folder) => {
    const made = await openCertificate({ folder, now: Date.now() });
    await rm(folder, { recursive: true });
    return made;
  });
  const current = await certificate;
  return { host: '127.0.0.1', port: 0, certificate: { current, onChange: () => () => undefined } };
}
let certificate: Promise<Certificate> | undefined;

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** One request with exactly these headers; `fetch` would not let Host and Origin be chosen. */
export function ask(
  port: number,
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body: string | Uint8Array = '',
  agent: Agent | false = false,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const asking = agent instanceof TlsAgent ? httpsRequest : httpRequest;
    const request = asking({ host: '127.0.0.1', port, method, path, headers, agent }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(chunks).toString(),
        });
      });
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}

export function problem(reply: Reply): Record<string, unknown> {
  return JSON.parse(reply.text) as Record<string, unknown>;
}

/** Lines of the text format: a comment, or a name with labels and a value. */
export const METRIC_LINE =
  /^(# (HELP|TYPE) [a-zA-Z_:][a-zA-Z0-9_:]* .+|[a-zA-Z_:][a-zA-Z0-9_:]*(\{([a-z_][a-z0-9_]*="([^"\\\n]|\\["\\n])*",?)+\})? -?[0-9.e+-]+)$/;
