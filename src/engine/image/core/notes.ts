/**
 * What the notes of a core tell beyond memory: control registers of the CPUs (QEMU), and VMCOREINFO, the text in which a
 * Linux kernel describes itself for exactly this purpose.
 *
 * Source: QEMU target/i386/arch_dump.c (QEMUCPUState), Linux 6.1 kernel/crash_core.c.
 */
import { asVirt, type VirtAddr } from '../../memory/address.js';
import type { Note } from './elf.js';
import { viewOf } from './randomAccess.js';

/** The control registers that say how a CPU translates. */
export interface CpuState {
  readonly cr0: number;
  /** A VirtAddr. */
  readonly cr2: number;
  readonly cr3: number;
  readonly cr4: number;
}

/** QEMUCPUState: version and size, 16 registers, rip, rflags, 10 segments of 24 bytes, cr0..cr4 (cr1 too), ... */
const CR0_OFFSET = 8 + 18 * 8 + 10 * 24;
const QEMU_STATE_BYTES = CR0_OFFSET + 5 * 8;

export function cpuStates({ notes }: { readonly notes: readonly Note[] }): readonly CpuState[] {
  return notes
    .filter((note) => note.owner === 'QEMU' && note.description.length >= QEMU_STATE_BYTES)
    .map(({ description }) => {
      const view = viewOf(description);
      const register = (number: number): number =>
        view.getUint32(CR0_OFFSET + number * 8, true) +
        view.getUint32(CR0_OFFSET + number * 8 + 4, true) * 0x1_0000_0000;
      return {
        cr0: register(0),
        cr2: Number(view.getBigInt64(CR0_OFFSET + 2 * 8, true)),
        cr3: register(3),
        cr4: register(4),
      };
    });
}

export interface Vmcoreinfo {
  /** `6.1.192`: uts release. */
  readonly release: string | undefined;
  /** How far KASLR moved the kernel's virtual addresses. */
  readonly kernelOffset: number;
  /** `NUMBER(phys_base)`. */
  readonly physBase: number | undefined;
  readonly fiveLevel: boolean;
  symbol(name: string): VirtAddr | undefined;
  size(tag: string): number | undefined;
  offset(member: string): number | undefined;
  number(name: string): number | undefined;
}

/** Reads lines `KEY=VALUE`: OSRELEASE=, SYMBOL(x)=hex, SIZE(x)=, OFFSET(a.b)=, NUMBER(x)= decimal, KERNELOFFSET=hex. */
export function parseVmcoreinfo(text: string): Vmcoreinfo {
  const lines = new Map<string, string>();
  for (const line of text.split('\n')) {
    const equals = line.indexOf('=');
    if (equals > 0) lines.set(line.slice(0, equals), line.slice(equals + 1).trim());
  }
  const decimal = (key: string): number | undefined => {
    const value = lines.get(key);
    return value !== undefined && /^-?[0-9]+$/.test(value) ? Number(value) : undefined;
  };
  const hex = (key: string): bigint | undefined => {
    const value = lines.get(key);
    return value !== undefined && /^[0-9a-f]+$/i.test(value) ? BigInt(`0x${value}`) : undefined;
  };
  return {
    release: lines.get('OSRELEASE'),
    kernelOffset: Number(hex('KERNELOFFSET') ?? 0n),
    physBase: decimal('NUMBER(phys_base)'),
    fiveLevel: decimal('NUMBER(pgtable_l5_enabled)') === 1,
    symbol: (name) => {
      const address = hex(`SYMBOL(${name})`);
      if (address === undefined) return undefined;
      return asVirt(Number(address >> 32n ? BigInt.asIntN(64, address) : address));
    },
    size: (tag) => decimal(`SIZE(${tag})`),
    offset: (member) => decimal(`OFFSET(${member})`),
    number: (name) => decimal(`NUMBER(${name})`),
  };
}
