import { base64 } from 'multiformats/bases/base64';
import { NiagaError } from '../errors.js';
import type { Verify } from '../record.js';
import { decodeUtf8, encodeUtf8 } from '../utf8.js';
import { verifyEvidence, type EvidenceReport } from './evidence.js';
import { evidencePage } from './evidence-page.js';
import { PAGE_LANGUAGES, PAGE_WORDS, type PageLanguage } from './evidence-words.js';

/**
 * One file for people and machines: a page that any browser shows, and in it the signed bytes. The page is made from the bytes, so
 * whoever checks the file makes it again: a page that says something else is found out.
 */

const BEGIN = '<script type="application/vnd.niaga.evidence">';
const END = '</script>\n</body>\n</html>\n';
const DOCTYPE = '<!doctype html>\n';

/** Nothing is loaded, nothing runs. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'";
const STYLE = [
  'body{font:16px/1.5 system-ui,sans-serif;color:#111;background:#fff;max-width:56rem;margin:2rem auto;padding:0 1rem}',
  'h1,h2{line-height:1.25}h2{margin-top:2rem}',
  'table{border-collapse:collapse;width:100%;margin:1rem 0}',
  // Words are broken only where a column would else be wider than the page.
  'th,td{border-bottom:1px solid #bbb;padding:.4rem .6rem;text-align:left;vertical-align:top;overflow-wrap:break-word}',
  'thead th{border-bottom:2px solid #555}.facts th{width:12rem}',
  '.number{text-align:right;white-space:nowrap}.time{white-space:nowrap}',
  'code{font-size:.85em;overflow-wrap:anywhere}',
  // On a phone each row is a block of its own, and each cell says what it is.
  '@media screen and (max-width:40rem){',
  'table,tbody,tr,th,td{display:block;width:auto}thead,td:empty{display:none}',
  'tr{border-bottom:1px solid #999;padding:.4rem 0}th,td,.facts th,.number{border:0;padding:.1rem 0;width:auto;text-align:left}',
  'td[data-name]::before{content:attr(data-name) ": ";color:#555}}',
  '@media print{body{margin:0;max-width:none;font-size:10pt}h2{break-after:avoid}tr{break-inside:avoid}',
  'thead{display:table-header-group}}',
].join('\n');

/** @param bytes a signed record of kind evidence */
export function writeEvidenceFile(
  bytes: Uint8Array,
  language: PageLanguage,
  options: { verify?: Verify } = {},
): Uint8Array {
  return encodeUtf8(fileOf(bytes, language, verifyEvidence(bytes, options)));
}

function fileOf(bytes: Uint8Array, language: PageLanguage, report: EvidenceReport): string {
  return [
    `${DOCTYPE}<html lang="${language}">`,
    '<head>',
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${POLICY}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${PAGE_WORDS[language].title}</title>`,
    `<style>\n${STYLE}\n</style>`,
    '</head>',
    '<body>',
    evidencePage(report, language),
    `${BEGIN}${base64.baseEncode(bytes)}${END}`,
  ].join('\n');
}

/** What a file says and whether it holds: a page with the bytes in it, or the bytes alone. Never throws. */
export function verifyEvidenceFile(file: Uint8Array, options: { verify?: Verify } = {}): EvidenceReport {
  const text = isPage(file) ? textOf(file) : undefined;
  if (text === undefined) return verifyEvidence(file, options);
  const language = PAGE_LANGUAGES.find((one) => text.startsWith(`${DOCTYPE}<html lang="${one}">`));
  const begin = text.lastIndexOf(BEGIN);
  const bytes = begin === -1 ? undefined : bytesIn(text.slice(begin + BEGIN.length).split('<', 1)[0] ?? '');
  const report = verifyEvidence(bytes ?? new Uint8Array(), options);
  const isSame = bytes !== undefined && language !== undefined && isEqualText(file, pageOf(bytes, language, report));
  if (isSame || !report.valid) return report;
  const message =
    'The page for people is not the one that the signed bytes make: trust what is said here, not the page.';
  const problem = new NiagaError('EVIDENCE_INVALID', message).toJSON();
  return { ...report, valid: false, problems: [...report.problems, { ...problem, where: 'page' }] };
}

/** The whole file again; of bytes of strangers none may be possible. */
function pageOf(bytes: Uint8Array, language: PageLanguage, report: EvidenceReport): string {
  try {
    return fileOf(bytes, language, report);
  } catch {
    return '';
  }
}

/** By the bytes: decoding would let two files pass for one. */
function isEqualText(file: Uint8Array, text: string): boolean {
  const bytes = encodeUtf8(text);
  return bytes.length === file.length && bytes.every((byte, at) => byte === file[at]);
}

function isPage(file: Uint8Array): boolean {
  return file[0] === '<'.charCodeAt(0);
}

function textOf(file: Uint8Array): string | undefined {
  try {
    return decodeUtf8(file);
  } catch {
    return undefined;
  }
}

function bytesIn(text: string): Uint8Array | undefined {
  try {
    return base64.baseDecode(text);
  } catch {
    return undefined;
  }
}
