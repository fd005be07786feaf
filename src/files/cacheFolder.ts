/**
 * Where what is made again at any time is kept.
 *
 *     $XDG_CACHE_HOME or ~/.cache, ~/Library/Caches, %LOCALAPPDATA%    /mmscope
 */
import { homedir } from 'node:os';
import path from 'node:path';

export function cacheFolder(env = process.env, platform: string = process.platform): string {
  const home = homedir();
  const base =
    platform === 'win32'
      ? (env['LOCALAPPDATA'] ?? path.join(home, 'AppData', 'Local'))
      : platform === 'darwin'
        ? path.join(home, 'Library', 'Caches')
        : env['XDG_CACHE_HOME'] || path.join(home, '.cache');
  return path.join(base, 'mmscope');
}
