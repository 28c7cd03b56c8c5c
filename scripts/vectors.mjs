#!/usr/bin/env node
// Writes protocol/vectors/: what a node in another language must read and write, byte by byte.
//
//   npm run build && node scripts/vectors.mjs
import { KINDS } from '../dist/protocol/index.js';
import { isMain, writeFiles } from './lib/files.mjs';
import { jsonText } from './lib/json-text.mjs';
import { cborVectors } from './vectors/cbor.mjs';
import { ed25519Vectors } from './vectors/ed25519.mjs';
import { envelopeVectors } from './vectors/envelope.mjs';
import { merkleVectors } from './vectors/merkle.mjs';
import { moneyVectors } from './vectors/money.mjs';
import { postingKeyVectors } from './vectors/posting-keys.mjs';
import { vectorsReadme } from './vectors/readme.mjs';
import { recordVectors } from './vectors/records.mjs';
import { searchTermVectors } from './vectors/search-terms.mjs';
import { tradeStates } from './vectors/trade-states.mjs';

export const FOLDER = 'protocol/vectors';

/** All vectors: path from the root of the repository → content. The same at every run. */
export function vectorFiles() {
  const others = [
    cborVectors(),
    ed25519Vectors(),
    envelopeVectors(),
    merkleVectors(),
    moneyVectors(),
    postingKeyVectors(),
    searchTermVectors(),
    tradeStates(),
  ];
  const records = Object.keys(KINDS).map(recordVectors);
  return new Map([
    [`${FOLDER}/README.md`, vectorsReadme()],
    ...[...others, ...records].map((file) => [`${FOLDER}/${file.about}.json`, jsonText(file)]),
  ]);
}

if (isMain(import.meta.url)) await writeFiles(vectorFiles(), [FOLDER]);
