/**
 * What a vmlinux told of a kernel, kept on disk by its build id, so that the next dump of that kernel opens at once and without
 * the file: types as raw BTF, which `bpftool btf dump file` reads, too, and symbols in the form of System.map. 3 and 5 MiB a
 * kernel; the folder may be deleted at any time.
 *
 *     mmscope/kernels-1/<build id>.btf, <build id>.map    in the user's folder for caches (cacheFolder.ts)
 *
 * Nothing of a dump is in it. What cannot be written is not kept.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { KeptKernels } from '../engine/image/vmlinux/kept.js';

/** Raised when what is written changes: older files are not looked at then. */
const FOLDER = 'kernels-1';

export function keptKernelsIn(cache: string): KeptKernels {
  const folder = path.join(cache, FOLDER);
  const fileOf = (buildId: string, kind: string): string => path.join(folder, `${buildId}.${kind}`);
  return {
    read(buildId, kind) {
      if (!isBuildId(buildId)) return undefined;
      try {
        return readFileSync(fileOf(buildId, kind));
      } catch {
        return undefined;
      }
    },
    write(buildId, kind, bytes) {
      if (!isBuildId(buildId)) return;
      const file = fileOf(buildId, kind);
      // Whole or not at all: another process may read it meanwhile.
      const part = `${file}.${process.pid}`;
      try {
        mkdirSync(folder, { recursive: true });
        writeFileSync(part, bytes);
        renameSync(part, file);
      } catch {
        rmSync(part, { force: true });
      }
    },
  };
}

/** It comes from a dump, and becomes the name of a file. */
const isBuildId = (text: string): boolean => /^[0-9a-f]{8,128}$/.test(text);
