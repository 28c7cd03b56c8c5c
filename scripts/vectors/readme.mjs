import { deviceToPeerId, KINDS, traderToText } from '../../dist/protocol/index.js';
import { hex } from '../lib/bytes.mjs';
import { KEYS, NETWORK, NOW } from './keys.mjs';

/** The page beside the vectors. */
export function vectorsReadme() {
  return `# Test vectors

For whoever writes a node in another language: bytes, and what must be said to them. A node that gives the stated verdict
for every case here reads and writes what all others read and write. The files are made by \`npm run docs\` and checked by
the tests; nothing in them is random.

## Forms

* Every file has \`about\` and \`cases\`; every case \`description\` and \`valid\`. Where \`valid\` is false, \`code\` is the code of the
  refusal ([errors](../../docs/reference/errors.md)); signatures and places of postings are only right or wrong. A case breaks
  one rule only, as far as that can be, so that another order of checks finds the same code.
* Bytes are hex. Where a byte is repeated very often they are a list instead, of hex and \`{repeat, times}\`: write the parts one
  after the other, \`repeat\` so many \`times\`.
* \`payload\` is the decoded record in DAG-JSON: ids as \`{"/": "bafy…"}\`, bytes as \`{"/": {"bytes": base64 without padding}}\`.
* Times are milliseconds since 1970 UTC.

## Records: ${Object.keys(KINDS).length} files, one a kind

\`${Object.keys(KINDS).join('`, `')}\`. Read \`bytes\` as an envelope, as a node would on \`network\` with its clock at \`now\`, expecting
the kind that \`about\` names, and knowing the delegations in \`delegations\` (envelopes, by the name of the device).

* \`valid: true\`: the envelope is taken; \`id\` is the record's id, \`payload\` what it says (left out where it is mostly padding).
* \`valid: false\`: it is refused with \`code\`.

Size comes first, then the strict form, the header, kind, network, signature, delegation, critical fields, the kind's own fields,
and the reader's clock ([record.ts](../record.ts)). The index of a card is checked besides: \`search-terms.json\`.
\`evidence.json\` also has \`bundles\`: whole evidence files as \`niaga verify\` judges them, with the \`word\` for the trade's state
according to the file (null: it cannot be told) and the codes of all \`problems\` in order.

## The other files

| file | a case says |
| --- | --- |
| \`cbor.json\` | whether \`bytes\` are strict DAG-CBOR within \`limits\`, and what they say in CBOR's diagnostic notation (\`value\`) |
| \`ed25519.json\` | whether \`signature\` is \`publicKey\`'s of \`message\` by the one rule ([ed25519.ts](../ed25519.ts)) |
| \`envelope.json\` | as the files of records, with what has nothing to do with a kind; \`signed\` holds payloads and the bytes that are signed for them |
| \`money.json\` | what \`input\` means, where it names no currency in \`currency\`: \`money\` in minor units, and \`text\`, the usual form of it. \`exponents\`: decimals of every currency |
| \`search-terms.json\` | in \`texts\` the \`terms\` of a \`text\`, in \`items\` the \`index\` of an item within \`maxBytes\` (640 unless said) and the terms under which it is \`posted\`; in \`cases\` whether an \`index\` has the right form; in \`lies\` indexes of the right form that are not those of \`items[item]\` |
| \`merkle.json\` | whether \`proof\` and the known \`leaves\` (place and hash) of a tree of \`count\` leaves lead to \`root\`, as for a lease |
| \`posting-keys.json\` | whether a \`key\` stands at \`kadId\`, the hash of \`preimage\`; in \`shards\` where a \`listing\` stands under a key of so many \`bits\`, and the \`name\` it is asked for by |
| \`trade-states.json\` | what a list of \`messages\` (envelopes; \`ids\` beside them) comes to in each of \`orders\`: the same \`state\`, the same \`refused\` (place and code) and \`waiting\` (their past is not there). \`code\` is that of the one that is refused; one that waits counts as TRADE_HEADS. No clock counts: a log is judged by what its messages claim |

## Keys

Seeds of Ed25519 (RFC 8032). They are public: never use them. The network is \`${NETWORK}\`, the reader's clock ${NOW} (${new Date(NOW).toISOString()}).

| name | who | seed | public key | in text |
| --- | --- | --- | --- | --- |
${Object.values(KEYS)
  .map(({ name, what, seed, publicKey }) => {
    const text =
      name.endsWith('evice') || ['sariShop', 'budiPhone', 'till'].includes(name)
        ? deviceToPeerId(publicKey)
        : traderToText(publicKey);
    return `| \`${name}\` | ${what} | ${hex(seed.slice(0, 1))} × 32 | \`${hex(publicKey)}\` | \`${text}\` |`;
  })
  .join('\n')}
`;
}
