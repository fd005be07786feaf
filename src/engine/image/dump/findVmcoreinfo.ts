/**
 * VMCOREINFO where the dump has no note of it: found by its text in memory. The kernel keeps it in a page of its own, and
 * once more behind the header of its note.
 *
 * Source: Linux 6.1 kernel/crash_core.c: crash_save_vmcoreinfo_init(), update_vmcoreinfo_note().
 */
import { asciiz } from '../core/randomAccess.js';
import type { DumpMemory } from './dumpMemory.js';

const BEGINNING = 'OSRELEASE=';
/** Where in a page: at its start, or behind the header (12 bytes) and the padded name of a note. */
const OFFSETS = [0, 24] as const;

/** The text; undefined when no page begins with it. */
export function findVmcoreinfo(memory: DumpMemory): string | undefined {
  for (let frame = 0; frame < memory.endFrame; frame++) {
    if (!memory.hasFrame(frame)) continue;
    const start = memory.read(frame * 4096, OFFSETS[1] + BEGINNING.length);
    for (const offset of OFFSETS)
      if (start[offset] === 0x4f && matches(start, offset)) {
        const text = asciiz(memory.read(frame * 4096 + offset, 4096 - offset));
        // A program that looks for the text has it, too: the kernel's goes on.
        if (text.includes('\nPAGESIZE=') && text.includes('SYMBOL(swapper_pg_dir)=')) return text;
      }
  }
  return undefined;
}

function matches(bytes: Uint8Array, offset: number): boolean {
  for (let i = 0; i < BEGINNING.length; i++)
    if (bytes[offset + i] !== BEGINNING.charCodeAt(i)) return false;
  return true;
}
