import { blobId, keyPairFromSeed, recordId } from '../../dist/protocol/index.js';
import { changed, edit, without } from './edit.mjs';
import { budi, CREATED, day, KEYS, sari } from './keys.mjs';

/** What records about the delivery of letters say, rightly and wrongly. */

const bytes = (length, value = 7) => new Uint8Array(length).fill(value);
const MAILBOXES = ['12D3KooWGRcMYyFY6mJKzLqAbNU5TSLnbNHRZ2oVoRk2rpTZbfqm'];
const TOKEN = {
  id: bytes(16),
  key: keyPairFromSeed(bytes(32)).publicKey,
  expires: CREATED + 60 * day,
  quota: 2 * 1024 * 1024,
};
const parcel = (kind) => ({ kind, bytes: blobId(bytes(1)).bytes });

const FILE = { cid: blobId(bytes(1)), size: 1, name: 'bill.jpg' };
const CHAT = { to: KEYS.sari.publicKey, text: 'Is it still there?' };

export const MAIL_SAMPLES = {
  chat: {
    signer: budi,
    valid: [
      ['a question to a trader', CHAT],
      ['about a trade', { ...CHAT, trade: recordId(bytes(1)) }],
      ['a file alone', { ...CHAT, text: '', files: [FILE] }],
    ],
    invalid: changed([
      ['to nobody', without('to')],
      ['to a key of 31 bytes', edit('to', bytes(31))],
      ['4,001 characters', edit('text', 'x'.repeat(4_001))],
      ['text that turns the reading direction', edit('text', 'a\u202eb')],
      ['a list of no files', edit('files', [])],
      [
        'five files',
        edit(
          'files',
          Array.from({ length: 5 }, () => FILE),
        ),
      ],
      ['a file without bytes', edit('files', [{ ...FILE, size: 0 }])],
      ['a file of more than 1 MiB', edit('files', [{ ...FILE, size: 1024 * 1024 + 1 }])],
      ['a file with a path', edit('files', [{ ...FILE, name: '../bill.jpg' }])],
    ]),
  },
  letter: {
    signer: budi,
    valid: [
      ['a letter with one parcel', { to: KEYS.sari.publicKey, parcels: [parcel('heads')] }],
      [
        'a parcel of a later version: the reader says that it does not know it',
        { to: KEYS.sari.publicKey, parcels: [parcel('hologram')] },
      ],
      [
        'where and how its sender is answered',
        {
          to: KEYS.sari.publicKey,
          parcels: [],
          reply: { sealing: bytes(32), mailboxes: MAILBOXES, token: { record: bytes(64), seed: bytes(32) } },
        },
      ],
    ],
    invalid: changed([
      ['to nobody', without('to')],
      ['to a key of 31 bytes', edit('to', bytes(31))],
      [
        '65 parcels',
        edit(
          'parcels',
          Array.from({ length: 65 }, () => parcel('heads')),
        ),
      ],
      ['a parcel without a kind', edit('parcels', [{ bytes: bytes(1) }])],
      ['a parcel of a kind with capitals', edit('parcels', [{ kind: 'Heads', bytes: bytes(1) }])],
      ['a parcel of text', edit('parcels', [{ kind: 'heads', bytes: 'text' }])],
      ['17 mailboxes', edit('reply', { sealing: bytes(32), mailboxes: Array.from({ length: 17 }, () => 'x') })],
      ['mailboxes without a sealing key', edit('reply', { mailboxes: MAILBOXES })],
      ['a token without its seed', edit('reply', { sealing: bytes(32), mailboxes: [], token: { record: bytes(64) } })],
    ]),
  },
  'mailbox-token': {
    signer: sari,
    valid: [['a permission to leave letters', TOKEN]],
    invalid: changed([
      ['an id of 15 bytes', edit('id', bytes(15))],
      ['a key of 31 bytes', edit('key', bytes(31))],
      ['a quota below nothing', edit('quota', -1)],
      ['an end before 1970', edit('expires', -1)],
    ]),
  },
  'mailbox-request': {
    signer: sari,
    valid: [
      ['what is there, at once', { mailbox: MAILBOXES[0], drop: [], wait: 0 }],
      ['deletes one, and waits for another', { mailbox: MAILBOXES[0], drop: [bytes(32)], wait: 20_000 }],
      ['leaves one for another device', { mailbox: MAILBOXES[0], drop: [], leave: [bytes(32)], wait: 20_000 }],
    ],
    invalid: changed([
      ['at no mailbox', edit('mailbox', '')],
      ['a hash of 31 bytes to be left', edit('leave', [bytes(31)])],
      ['a hash of 31 bytes', edit('drop', [bytes(31)])],
      [
        '1,001 hashes',
        edit(
          'drop',
          Array.from({ length: 1_001 }, () => bytes(32)),
        ),
      ],
      ['to wait for longer than a minute', edit('wait', 60_001)],
    ]),
  },
};
