import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Whether a module is the program that was started, and not imported by another. */
export function isMain(moduleUrl) {
  return process.argv[1] !== undefined && moduleUrl === pathToFileURL(process.argv[1]).href;
}

/**
 * Writes generated files and takes away what stands beside them in the folders that hold nothing else.
 * @param files path from the root of the repository → content
 * @param owned folders whose every file is generated
 */
export async function writeFiles(files, owned) {
  for (const folder of owned) {
    for (const path of await filesIn(folder)) if (!files.has(path)) await rm(join(ROOT, path));
  }
  let written = 0;
  for (const [path, content] of files) {
    const target = join(ROOT, path);
    if ((await readFile(target, 'utf8').catch(() => undefined)) === content) continue;
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, content);
    written++;
  }
  console.log(`${files.size} files, ${written} of them changed: ${owned.join(', ')}`);
}

/** The files of a generated folder, as paths from the root of the repository. */
export async function filesIn(folder) {
  const entries = await readdir(join(ROOT, folder), { withFileTypes: true, recursive: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).replaceAll('\\', '/'));
}
