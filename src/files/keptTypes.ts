/**
 * Types that were read of a vmlinux's DWARF, kept on disk by the kernel's build id: a few MiB each, as raw BTF, which
 * `bpftool btf dump file` reads, too. The folder may be deleted at any time.
 *
 *     $XDG_CACHE_HOME or ~/.cache, ~/Library/Caches, %LOCALAPPDATA%    /mmscope/types-1/<build id>.btf
 *
 * Nothing of a dump is in it. What cannot be written is not kept.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import type { KeptTypes } from '../engine/image/vmlinux/vmlinux.js';

/** Raised when what is written changes: older files are not looked at then. */
const FOLDER = 'types-1';

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

export function keptTypesIn(cache: string): KeptTypes {
  const folder = path.join(cache, FOLDER);
  const fileOf = (buildId: string): string => path.join(folder, `${buildId}.btf`);
  return {
    read(buildId) {
      if (!isBuildId(buildId)) return undefined;
      try {
        return readFileSync(fileOf(buildId));
      } catch {
        return undefined;
      }
    },
    write(buildId, btf) {
      if (!isBuildId(buildId)) return;
      // Whole or not at all: another process may read it meanwhile.
      const part = `${fileOf(buildId)}.${process.pid}`;
      try {
        mkdirSync(folder, { recursive: true });
        writeFileSync(part, btf);
        renameSync(part, fileOf(buildId));
      } catch {
        rmSync(part, { force: true });
      }
    },
  };
}

/** It comes from a dump, and becomes the name of a file. */
const isBuildId = (text: string): boolean => /^[0-9a-f]{8,128}$/.test(text);
