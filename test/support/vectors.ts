import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CID } from 'multiformats/cid';

/** The published vectors, read as somebody would who has nothing but their page. */

const FOLDER = fileURLToPath(new URL('../../protocol/vectors/', import.meta.url));

/** Hex, or parts of it one after the other. */
export type Hex = string | readonly (string | { readonly repeat: string; readonly times: number })[];

export interface Case {
  readonly description: string;
  readonly valid: boolean;
  readonly code?: string;
}

export interface EnvelopeCase extends Case {
  readonly bytes: Hex;
  readonly id?: string;
  readonly payload?: unknown;
}

/** A file of envelopes, all of one kind. */
export interface RecordFile {
  readonly about: string;
  readonly network: string;
  readonly now: number;
  readonly delegations: Readonly<Record<string, string>>;
  readonly cases: readonly EnvelopeCase[];
}

export const VECTOR_FILES = readdirSync(FOLDER).filter((name) => name.endsWith('.json'));

/** A file by its name, as the type that its page describes. */
export function vectors<File extends { readonly cases: readonly Case[] }>(name: string): File {
  return JSON.parse(readFileSync(`${FOLDER}${name}.json`, 'utf8')) as File;
}

export function bytesOf(hex: Hex): Uint8Array {
  if (typeof hex === 'string') return Uint8Array.from(Buffer.from(hex, 'hex'));
  const parts = hex.map((part) => {
    return typeof part === 'string'
      ? Buffer.from(part, 'hex')
      : Buffer.alloc(part.times * (part.repeat.length / 2), part.repeat, 'hex');
  });
  return new Uint8Array(Buffer.concat(parts));
}

/** The value that DAG-JSON says. */
export function fromDagJson(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(fromDagJson);
  if (typeof json !== 'object' || json === null) return json;
  const special = Object.keys(json).length === 1 && '/' in json ? json['/'] : undefined;
  if (typeof special === 'string') return CID.parse(special);
  if (typeof special === 'object' && special !== null && 'bytes' in special) {
    return Uint8Array.from(Buffer.from(String(special.bytes), 'base64'));
  }
  return Object.fromEntries(Object.entries(json).map(([name, field]) => [name, fromDagJson(field)]));
}
