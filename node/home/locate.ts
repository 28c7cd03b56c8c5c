import { homedir as ownHomedir } from 'node:os';
import { posix, resolve, win32 } from 'node:path';

/** What a process is told by its environment. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The folder in which this platform keeps a program's data: `$XDG_DATA_HOME/niaga` or `~/.local/share/niaga`,
 * `~/Library/Application Support/Niaga`, `%LOCALAPPDATA%\Niaga`.
 *
 * The XDG specification has relative values of its variables ignored, and so are they here.
 */
export function platformDataFolder(env: Environment, platform: NodeJS.Platform, homedir: string): string {
  switch (platform) {
    case 'win32':
      return win32.join(env['LOCALAPPDATA'] || win32.join(homedir, 'AppData', 'Local'), 'Niaga');
    case 'darwin':
      return posix.join(homedir, 'Library', 'Application Support', 'Niaga');
    default: {
      const data = env['XDG_DATA_HOME'] ?? '';
      return posix.join(posix.isAbsolute(data) ? data : posix.join(homedir, '.local', 'share'), 'niaga');
    }
  }
}

export interface ResolveHomeOptions {
  /** The value of `--home`; relative to the working folder. */
  readonly home?: string | undefined;
  /** Default: the environment of this process. */
  readonly env?: Environment | undefined;
}

/** The absolute path of the home: the flag, else `NIAGA_HOME`, else the platform's data folder. Nothing is created. */
export function resolveHome({ home, env = process.env }: ResolveHomeOptions = {}): string {
  // An empty variable is how shells write "not set".
  const chosen = home || env['NIAGA_HOME'];
  return resolve(chosen || platformDataFolder(env, process.platform, ownHomedir()));
}
