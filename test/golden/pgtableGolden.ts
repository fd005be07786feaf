/** Recorded machines for the page-table tests: their memory, registers and dumps. */
import { PhysicalMemory } from '../../src/engine/memory/physical.js';
import { LINUX_PAT, type MachineRegisters } from '../../src/engine/x86/registers.js';
import { recordedBytes, recordedFiles, recordedMachines } from '../recordings.js';

/** The lines between `%NAME ARGS` and `%end`, for each such block. */
export function blocksOf(
  text: string,
  name: string,
): readonly { readonly args: readonly string[]; readonly lines: readonly string[] }[] {
  return [...text.matchAll(new RegExp(`^%${name} (.*)\\n((?:(?!%end).*\\n)*)%end`, 'gm'))].map(
    ([, args = '', body = '']) => ({
      args: args.split(' '),
      lines: body.split('\n').filter((line) => line !== ''),
    }),
  );
}

/** Memory of an ELF core: a rule for each PT_LOAD, so that a frame that is looked at shows as touched or not. */
export function coreMemory(...names: string[]): PhysicalMemory {
  const core = recordedBytes(...names);
  const u64 = (at: number): number => Number(core.readBigUInt64LE(at));
  if (core.readUInt32BE(0) !== 0x7f454c46 || core[4] !== 2) throw new Error('not an ELF64 file');
  const segments = [];
  for (let i = 0; i < core.readUInt16LE(56); i++) {
    const header = u64(32) + i * core.readUInt16LE(54);
    if (core.readUInt32LE(header) !== 1) continue;
    segments.push({ offset: u64(header + 8), phys: u64(header + 24), size: u64(header + 32) });
  }
  const nrFrames = Math.max(...segments.map(({ phys, size }) => (phys + size) / 4096));
  const memory = new PhysicalMemory(nrFrames);
  for (const { offset, phys, size } of segments) {
    const startFrame = phys / 4096;
    memory.addRule({
      startFrame,
      endFrame: startFrame + size / 4096,
      fill: (frame, words, cell) => {
        const at = offset + (frame - startFrame) * 4096;
        for (let i = 0; i < 1024; i++) words[cell + i] = core.readInt32LE(at + i * 4);
      },
    });
  }
  return memory;
}

/** From the text of QEMU's `info registers`. */
export function registersOf(text: string): MachineRegisters {
  const value = (name: string): number => {
    const found = new RegExp(`\\b${name}=([0-9a-f]+)`).exec(text)?.[1];
    if (found === undefined) throw new Error(`no ${name} among the registers`);
    return parseInt(found, 16);
  };
  return {
    cr0: value('CR0'),
    cr2: value('CR2'),
    cr3: value('CR3'),
    cr4: value('CR4'),
    efer: value('EFER'),
    eflags: value('(?:EFL|RFL)'),
    pat: LINUX_PAT,
  };
}

/** The ranges of QEMU's `info mem`, without the prompt and the echo of the command around them. */
export const infoMemOf = (text: string): readonly string[] =>
  text
    .split('\n')
    .flatMap((line) => /[0-9a-f]{16}-[0-9a-f]{16} [0-9a-f]{16} ...$/.exec(line.trim()) ?? []);

/** Machines whose page tables were dumped. */
export const machinesWithTables = (): readonly string[] =>
  recordedMachines('.', /^(i386|x86_64)/).filter(
    (machine) => recordedFiles(machine, /^pgtable-s113\.trace\.gz$/).length > 0,
  );
