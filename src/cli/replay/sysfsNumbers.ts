/**
 * How many nodes sysfs has had when a trace began: no dump tells it, and it decides when the numbering of a new cache's files
 * takes another node of its tree (lib/idr.c). Every boot of a kernel makes the same ones before the recorder starts, so the
 * memory of a core of that kernel tells it: one that was recorded beside the trace's machine,
 * `cores/KERNEL-RAM/before.vmcore.gz`.
 */
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openCore } from '../../engine/image/core/openCore.js';
import { randomAccessOf } from '../../engine/image/core/randomAccess.js';
import { nextSysfsNode } from '../../engine/image/state/index.js';
import { fileExists, readBytes } from '../openFile.js';

/** By core: opening one takes as long as replaying a short trace. */
const known = new Map<string, number | undefined>();

/** Undefined where no core of the kernel was recorded. */
export function sysfsNumbers(trace: string, kernel: string): number | undefined {
  const core = coreOf(trace, kernel);
  if (core === undefined) return undefined;
  if (!known.has(core)) known.set(core, nextSysfsNode(openCore(randomAccessOf(readBytes(core)))));
  return known.get(core);
}

function coreOf(trace: string, kernel: string): string | undefined {
  const cores = join(dirname(dirname(trace)), 'cores');
  if (!fileExists(cores)) return undefined;
  return readdirSync(cores)
    .filter((name) => name.replace(/-\d+[MG]$/, '') === kernel)
    .map((name) => join(cores, name, 'before.vmcore.gz'))
    .find(fileExists);
}
