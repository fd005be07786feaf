/**
 * What was read of a vmlinux once, by build id: whoever runs the engine keeps it, so that a dump of a kernel that was met before
 * needs no file beside it.
 */
import { BtfError, readBtf, type BtfTypes } from '../../types/btf.js';
import { readSystemMap, writeSystemMap } from '../dump/symbols.js';
import type { Kallsym } from '../dump/kallsyms.js';

export interface KeptKernels {
  /** Raw BTF, or the text of a System.map; undefined where it is not kept. */
  read(buildId: string, kind: 'btf' | 'map'): Uint8Array | undefined;
  write(buildId: string, kind: 'btf' | 'map', bytes: Uint8Array): void;
}

/** Types that are kept for a build; undefined where there are none, or they are damaged. */
export function keptTypes(
  kept: KeptKernels | undefined,
  buildId: string | undefined,
): BtfTypes | undefined {
  const btf = buildId === undefined ? undefined : kept?.read(buildId, 'btf');
  if (btf === undefined) return undefined;
  try {
    return readBtf(btf);
  } catch (error) {
    if (error instanceof BtfError) return undefined;
    throw error;
  }
}

/** Symbols that are kept for a build, as linked. */
export function keptSymbols(
  kept: KeptKernels | undefined,
  buildId: string | undefined,
  pointerSize: 4 | 8,
): readonly Kallsym[] | undefined {
  const text = buildId === undefined ? undefined : kept?.read(buildId, 'map');
  return text && readSystemMap(text, pointerSize);
}

export function keepSymbols(
  kept: KeptKernels | undefined,
  buildId: string | undefined,
  symbols: readonly Kallsym[],
): void {
  if (buildId !== undefined) kept?.write(buildId, 'map', writeSystemMap(symbols));
}
