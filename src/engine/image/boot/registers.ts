/**
 * The registers of a CPU that runs a kernel of this build, by the names of their bits, on the processor of the reference
 * machines, which has neither SMEP nor SMAP.
 *
 * Source: Linux 6.1 arch/x86/kernel/head_32.S, head_64.S (CR0_STATE, EFER); arch/x86/mm/init.c: probe_page_size_mask();
 * arch/x86/kernel/fpu/init.c.
 */
import type { PhysAddr } from '../../memory/address.js';
import type { Arch } from '../../types/profile.js';
import { LINUX_PAT, REGISTERS, type MachineRegisters } from '../../x86/registers.js';

const CR0_STATE = 'PE MP ET NE WP AM PG';
const CR4_STATE = 'PSE PGE OSFXSR OSXMMEXCPT';
const STATE: Readonly<Record<Arch, { readonly cr4: string; readonly efer: string }>> = {
  i386: { cr4: CR4_STATE, efer: '' },
  'i386-pae': { cr4: `${CR4_STATE} PAE`, efer: 'NXE' },
  x86_64: { cr4: `${CR4_STATE} PAE`, efer: 'SCE LME LMA NXE' },
};

/** @param cr3 where the top-level table lies; 0 when nobody knows */
export function kernelRegisters(arch: Arch, cr3: PhysAddr): MachineRegisters {
  const { cr4, efer } = STATE[arch];
  return {
    cr0: bits('cr0', CR0_STATE),
    cr2: 0,
    cr3,
    cr4: bits('cr4', cr4),
    efer: bits('efer', efer),
    // Bit 1 is always set.
    eflags: bits('eflags', 'IF') | 2,
    pat: LINUX_PAT,
  };
}

function bits(register: 'cr0' | 'cr4' | 'efer' | 'eflags', names: string): number {
  const known = REGISTERS.find(({ name }) => name === register)?.bits ?? [];
  return names
    .split(' ')
    .filter((name) => name !== '')
    .reduce((sum, name) => sum + 2 ** (known.find((each) => each.name === name)?.bit ?? NaN), 0);
}
