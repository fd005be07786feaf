/**
 * The registers that decide how a processor translates addresses, and what its model leaves open.
 *
 * A plain record: which cells of the tape hold it is the caller's. {@link REGISTERS} lists them for whoever shows or stores
 * them, with the names of their bits.
 *
 * Source: SDM vol. 3A 2.5 (CR0..CR4), 2.2.1 (IA32_EFER), 4.1.1 (the paging mode they select), 12.12 (IA32_PAT); Linux 6.1
 * arch/x86/include/uapi/asm/processor-flags.h for the names.
 */

export interface MachineRegisters {
  readonly cr0: number;
  /** The address of the last page fault, as a VirtAddr. */
  readonly cr2: number;
  readonly cr3: number;
  readonly cr4: number;
  readonly efer: number;
  readonly eflags: number;
  /** Eight memory types of a byte each. */
  readonly pat: bigint;
}

interface RegisterBit {
  readonly name: string;
  readonly bit: number;
  readonly meaning: string;
}

export interface RegisterDescription {
  readonly name: keyof MachineRegisters;
  /** 32-bit words it takes on the tape, low word first. */
  readonly nrWords: 1 | 2;
  readonly meaning: string;
  readonly bits: readonly RegisterBit[];
}

export const REGISTERS: readonly RegisterDescription[] = [
  {
    name: 'cr0',
    nrWords: 1,
    meaning: 'control register 0',
    bits: [
      { name: 'PE', bit: 0, meaning: 'protected mode' },
      { name: 'MP', bit: 1, meaning: 'monitor coprocessor' },
      { name: 'EM', bit: 2, meaning: 'floating point emulated' },
      { name: 'TS', bit: 3, meaning: 'task switched' },
      { name: 'ET', bit: 4, meaning: 'always 1' },
      { name: 'NE', bit: 5, meaning: 'floating-point errors as exceptions' },
      { name: 'WP', bit: 16, meaning: 'RW = 0 applies to the kernel too' },
      { name: 'AM', bit: 18, meaning: 'alignment checks' },
      { name: 'NW', bit: 29, meaning: 'not write-through' },
      { name: 'CD', bit: 30, meaning: 'caches disabled' },
      { name: 'PG', bit: 31, meaning: 'paging' },
    ],
  },
  { name: 'cr2', nrWords: 2, meaning: 'address of the last page fault', bits: [] },
  {
    name: 'cr3',
    nrWords: 2,
    meaning: 'physical address of the top-level page table; its PCID while CR4.PCIDE is 1',
    bits: [
      { name: 'PWT', bit: 3, meaning: 'the top-level table is write-through' },
      { name: 'PCD', bit: 4, meaning: 'the top-level table is not cached' },
    ],
  },
  {
    name: 'cr4',
    nrWords: 1,
    meaning: 'control register 4',
    bits: [
      { name: 'PSE', bit: 4, meaning: '4 MiB pages' },
      { name: 'PAE', bit: 5, meaning: 'entries of 8 bytes' },
      { name: 'PGE', bit: 7, meaning: 'global pages' },
      { name: 'OSFXSR', bit: 9, meaning: 'FXSAVE, FXRSTOR' },
      { name: 'OSXMMEXCPT', bit: 10, meaning: 'SIMD floating-point exceptions' },
      { name: 'UMIP', bit: 11, meaning: 'only the kernel may use SGDT and the like' },
      { name: 'LA57', bit: 12, meaning: '5 levels' },
      { name: 'PCIDE', bit: 17, meaning: 'the TLB distinguishes address spaces' },
      { name: 'SMEP', bit: 20, meaning: 'the kernel may not execute user pages' },
      {
        name: 'SMAP',
        bit: 21,
        meaning: 'the kernel may not access user pages while EFLAGS.AC is 0',
      },
      { name: 'PKE', bit: 22, meaning: 'protection keys for user pages' },
    ],
  },
  {
    name: 'efer',
    nrWords: 1,
    meaning: 'extended feature enable register',
    bits: [
      { name: 'SCE', bit: 0, meaning: 'SYSCALL' },
      { name: 'LME', bit: 8, meaning: '64-bit mode enabled' },
      { name: 'LMA', bit: 10, meaning: '64-bit mode active' },
      { name: 'NXE', bit: 11, meaning: 'bit 63 of an entry is NX' },
    ],
  },
  {
    name: 'eflags',
    nrWords: 1,
    meaning: 'flags',
    bits: [
      { name: 'IF', bit: 9, meaning: 'interrupts enabled' },
      { name: 'AC', bit: 18, meaning: 'the kernel accesses user pages on purpose (stac)' },
    ],
  },
  { name: 'pat', nrWords: 2, meaning: 'page attribute table: eight memory types', bits: [] },
];

/** Whether a bit is set, by the names of {@link REGISTERS}. */
export function registerBit(
  registers: MachineRegisters,
  register: 'cr0' | 'cr4' | 'efer' | 'eflags',
  name: string,
): boolean {
  const bit = bitNumbers.get(`${register}.${name}`);
  if (bit === undefined) throw new Error(`${register} has no bit ${name}`);
  return ((registers[register] >>> bit) & 1) !== 0;
}

const bitNumbers = new Map(
  REGISTERS.flatMap(({ name, bits }) => bits.map((each) => [`${name}.${each.name}`, each.bit])),
);

/** `PE MP ET NE WP AM PG`: the bits of a register that are set, by name. */
export function registerText(description: RegisterDescription, value: number): string {
  return description.bits
    .filter(({ bit }) => ((value >>> bit) & 1) !== 0)
    .map(({ name }) => name)
    .join(' ');
}

/** What CPUID reports about the model. */
export interface CpuFeatures {
  /** MAXPHYADDR: bits of a physical address. */
  readonly maxPhyAddr: number;
  /** 4 MiB pages may lie above 4 GiB. */
  readonly pse36: boolean;
  /** 1 GiB pages. */
  readonly pdpe1gb: boolean;
  /**
   * Sets A in the entries of PAE's top level, as QEMU without KVM does. Processors reserve that bit, and 8..6 and 2..1,
   * there: {@link INTEL_CPU}.
   */
  readonly accessedInPaeTop: boolean;
}

/** QEMU's default without KVM: the machine that the profiles and recordings come from. */
export const QEMU_CPU: CpuFeatures = {
  maxPhyAddr: 40,
  pse36: true,
  pdpe1gb: true,
  accessedInPaeTop: true,
};

/** As the SDM has it. */
export const INTEL_CPU: CpuFeatures = { ...QEMU_CPU, maxPhyAddr: 46, accessedInPaeTop: false };

export type MemoryType = 'UC' | 'WC' | 'WT' | 'WP' | 'WB' | 'UC-';
const MEMORY_TYPES: Readonly<Record<number, MemoryType>> = {
  0: 'UC',
  1: 'WC',
  4: 'WT',
  5: 'WP',
  6: 'WB',
  7: 'UC-',
};

/** What Linux makes of IA32_PAT on every processor without a PAT erratum (arch/x86/mm/pat/memtype.c, pat_bp_init). */
export const LINUX_PAT = 0x0407_0506_0007_0106n;

/** The type that an entry asks for; the MTRRs, which may narrow it, are not modelled. Undefined: a reserved encoding. */
export const memoryType = (pat: bigint, index: number): MemoryType | undefined =>
  MEMORY_TYPES[Number((pat >> BigInt(index * 8)) & 7n)];
