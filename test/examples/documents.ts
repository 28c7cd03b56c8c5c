import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export function readDocument(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** What a fence of a document holds, with the words after its three backticks: `sh seller`. */
interface Block {
  readonly language: string;
  readonly who: string;
  readonly text: string;
}

export function blocksOf(document: string): Block[] {
  return [...document.matchAll(/^```(\w*)(?: (\w+))?\n([^]*?)^```$/gm)].map(
    ([, language = '', who = '', text = '']) => ({ language, who, text }),
  );
}
