// The frame of every benchmark: its options, what it needs, and that nothing it started is left behind.
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { machine, machineLine, progress } from './report.mjs';
import { endResults, saveTo } from './results.mjs';

export { progress };

/** What is to be ended when the benchmark ends, however it does; the last first. */
const endings = [];

/** Has `end` called, with no time to wait for anything, when the process ends: by itself, by Ctrl-C, by a failure. */
export function atExit(end) {
  endings.push(end);
}

/** Load average for each core above which the machine counts as busy before anything was begun. */
const BUSY_SHARE = 0.5;

/** Where a machine has other things to do, times say little. */
function warnOfLoad() {
  const [load] = loadavg();
  if (load > BUSY_SHARE * cpus().length)
    console.log(
      `\nThe machine is busy with other things (load average ${load.toFixed(1)}): times and processor times are too long.`,
    );
}

function endAll() {
  for (let end = endings.pop(); end !== undefined; end = endings.pop()) {
    try {
      end();
    } catch (error) {
      console.error(error);
    }
  }
}
process.once('exit', endAll);
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };
for (const [signal, code] of Object.entries(SIGNALS)) process.once(signal, () => process.exit(code));

let folder;
/** A folder of this run that is removed at its end. */
export function temporaryFolder() {
  if (folder === undefined) {
    folder = mkdtempSync(join(tmpdir(), 'niaga-bench-'));
    // First in the list, so last to be done: nobody writes there any more by then.
    endings.unshift(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  }
  return folder;
}

/** Says why nothing is measured and ends the process, successfully: a machine without the data is no failure. */
export function skip(why) {
  console.log(`skipped: ${why}`);
  process.exit(0);
}

/**
 * Runs a benchmark: reads the options, measures, prints, saves, and ends what was started.
 * @param {object} bench
 * @param {string} bench.name
 * @param {string} bench.about what it measures, for --help
 * @param {Record<string, {value: number | string, quick?: number | string, about: string}>} bench.options with defaults;
 *   `quick` is the default with --quick
 * @param {(options: Record<string, unknown>) => Promise<Record<string, unknown>>} bench.measure gives what goes into the JSON;
 *   `failed: true` in it makes the process end with 1
 */
export async function runBench({ name, about, options: known, measure }) {
  const own = Object.fromEntries(Object.keys(known).map((key) => [key, { type: 'string' }]));
  let values;
  try {
    const shared = { json: { type: 'string' }, quick: { type: 'boolean' }, help: { type: 'boolean' } };
    values = parseArgs({ options: { ...own, ...shared } }).values;
  } catch (error) {
    console.error(`${error.message}\n\nSee: node bench/${name}.mjs --help`);
    process.exit(2);
  }
  if (values.help) {
    console.log(`${about}\n\n  node bench/${name}.mjs [--quick] [--json FILE]\n`);
    for (const [key, { value, quick, about: text }] of Object.entries(known))
      console.log(`  --${key.padEnd(16)} ${text} (${value}${quick === undefined ? '' : `, quick ${quick}`})`);
    process.exit(0);
  }
  const options = { quick: values.quick ?? false };
  for (const [key, { value, quick }] of Object.entries(known)) {
    const fallback = options.quick && quick !== undefined ? quick : value;
    const given = values[key] ?? fallback;
    options[key] = typeof value === 'number' ? Number(given) : given;
    if (typeof value === 'number' && !Number.isFinite(options[key])) {
      console.error(`--${key} takes a number, not "${given}".`);
      process.exit(2);
    }
  }
  const begun = performance.now();
  console.log(
    `# ${name}\n\n${machineLine(machine())}\n${Object.entries(options)
      .map(([key, value]) => `${key} ${value}`)
      .join(', ')}`,
  );
  warnOfLoad();
  const seconds = () => Math.round((performance.now() - begun) / 100) / 10;
  let ended = false;
  if (values.json !== undefined) saveTo(values.json, () => ({ bench: name, options, ended, seconds: seconds() }));
  atExit(() => ended || (endResults(), console.log(`\nnot ended: broken off after ${seconds()} s`)));
  let failed = false;
  try {
    const results = await measure(options);
    failed = results.failed === true;
    ended = true;
    endResults(results);
    console.log(`\n${seconds()} s in all`);
    if (values.json !== undefined) progress(`written: ${values.json}`);
  } catch (error) {
    console.error(error);
    failed = true;
  }
  // Children may still hold the event loop; they are ended here.
  process.exit(failed ? 1 : 0);
}
