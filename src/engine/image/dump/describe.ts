/**
 * A dump describes itself: VMCOREINFO leads to the kernel's page tables and to kallsyms, kallsyms to BTF, and these to
 * everything else. Nothing is believed of one build that another need not have; what is missing can be given.
 *
 * Source: Linux 6.1 kernel/crash_core.c, arch/x86/kernel/crash_core_64.c, crash_core_32.c, kernel/bpf/sysfs_btf.c.
 */
import { asVirt, formatAddress, type VirtAddr } from '../../memory/address.js';
import type { TypeTable } from '../../types/model.js';
import type { Arch } from '../../types/profile.js';
import { parseVmcoreinfo, type Vmcoreinfo } from '../core/notes.js';
import { ImageError } from '../kernelImage.js';
import type { Container } from './containers/container.js';
import { findVmcoreinfo } from './findVmcoreinfo.js';
import { NOTHING_GIVEN, type GivenFacts } from './given.js';
import { KernelSpace, NotInDump, pagingFor, type PagingKind } from './kernelSpace.js';
import { kernelSymbols } from './kernelSymbols.js';
import { kernelTypes } from './kernelTypes.js';
import { Symbols } from './symbols.js';
import type { WantedKernel } from './wanted.js';

/** VMCOREINFO of a dump, and which kernel it names. */
export interface KernelNote extends WantedKernel {
  readonly text: string;
  readonly info: Vmcoreinfo;
}

export interface DumpKernel {
  /** `ELF core`, `kdump-compressed, version 6`: for people. */
  readonly form: string;
  /** What is missing of the file, for people; undefined when it is whole. */
  readonly cutOff: string | undefined;
  /** Undefined for a machine that is not a dump. */
  readonly vmcoreinfo: Vmcoreinfo | undefined;
  /** Its text. */
  readonly vmcoreinfoText: string | undefined;
  /** `6.1.0-57-amd64`. */
  readonly release: string;
  /** Of its vmlinux; undefined before 5.13 (0935288c6e00). */
  readonly buildId: string | undefined;
  readonly arch: Arch;
  readonly paging: PagingKind;
  readonly space: KernelSpace;
  readonly symbols: Symbols;
  readonly types: TypeTable;
  /** Virtual address of physical 0 in the direct map. */
  readonly pageOffset: VirtAddr;
  readonly physBase: number;
  /** How far KASLR moved the kernel; undefined where it does not say (32 bit). */
  readonly kernelOffset: number | undefined;
}

/** Nothing in the dump says which kernel it is of. */
export class NoVmcoreinfo extends ImageError {}

/** __START_KERNEL_map of x86_64: the same in every build and layout. */
const START_KERNEL_MAP = -0x8000_0000;

/** @throws NoVmcoreinfo */
export function kernelNote(container: Container): KernelNote {
  const text = container.vmcoreinfo ?? findVmcoreinfo(container.memory);
  if (text === undefined)
    throw new NoVmcoreinfo(
      `The dump (${container.form}) has no VMCOREINFO, neither as a note nor in its memory: it cannot be told which kernel it is of.`,
    );
  const info = parseVmcoreinfo(text);
  const buildId = text.match(/^BUILD-ID=([0-9a-f]+)$/m)?.[1];
  return { text, info, release: info.release ?? 'unknown', buildId };
}

/** @throws ImageError */
export function describeKernel(
  container: Container,
  note: KernelNote = kernelNote(container),
  given: GivenFacts = NOTHING_GIVEN,
): DumpKernel {
  const { text, info, release, buildId } = note;
  try {
    const { arch, paging, physBase, space } = openSpace(container, info, text);
    const symbols = new Symbols(kernelSymbols(space, info, given.symbols, note));
    const pageOffset = pageOffsetOf(space, symbols, arch, info);
    declareLinearMaps(space, symbols, arch, pageOffset);
    return {
      form: container.form,
      cutOff: container.cutOff,
      vmcoreinfo: info,
      vmcoreinfoText: text,
      release,
      buildId,
      arch,
      paging,
      space,
      symbols,
      types: kernelTypes(space, symbols, info, given.types, note),
      pageOffset,
      physBase,
      kernelOffset: arch === 'x86_64' ? info.kernelOffset : undefined,
    };
  } catch (error) {
    if (error instanceof NotInDump)
      throw new ImageError(`The dump, of Linux ${release}, cannot be read: ${error.message}.`);
    throw error;
  }
}

interface Opened {
  readonly arch: Arch;
  readonly paging: PagingKind;
  readonly physBase: number;
  readonly space: KernelSpace;
}

function openSpace(container: Container, info: Vmcoreinfo, text: string): Opened {
  const root = info.symbol('swapper_pg_dir');
  if (root === undefined)
    throw new ImageError('VMCOREINFO of the dump does not say where swapper_pg_dir lies.');
  const physBase = info.physBase;
  // Not what the container says: QEMU's of a 32-bit guest is ELF64, as if it were of an x86-64 machine.
  if (physBase !== undefined) {
    const paging = info.fiveLevel ? '5-level' : '4-level';
    const space = new KernelSpace(
      container.memory,
      pagingFor(paging, root - START_KERNEL_MAP + physBase),
    );
    return { arch: 'x86_64', paging, physBase, space };
  }
  const paging = /^CONFIG_X86_PAE=y$/m.test(text) ? 'pae' : '2-level';
  const stext = info.symbol('_stext') ?? root;
  for (const pageOffset of PAGE_OFFSETS_32) {
    if (root < pageOffset) continue;
    const space = new KernelSpace(container.memory, pagingFor(paging, root - pageOffset));
    if (space.walk(stext).page?.phys === stext - pageOffset)
      return { arch: paging === 'pae' ? 'i386-pae' : 'i386', paging, physBase: 0, space };
  }
  throw new ImageError(
    `The page tables of the dump do not lead to its kernel, whose text begins at ${formatAddress(stext, 4)}.`,
  );
}

/** CONFIG_PAGE_OFFSET of i386, by CONFIG_VMSPLIT_*. */
const PAGE_OFFSETS_32 = [0xc000_0000, 0xb000_0000, 0x8000_0000, 0x7800_0000, 0x4000_0000] as const;

/** page_offset_base where the layout is decided at boot (CONFIG_DYNAMIC_MEMORY_LAYOUT), else what the levels fix. */
function pageOffsetOf(
  space: KernelSpace,
  symbols: Symbols,
  arch: Arch,
  info: Vmcoreinfo,
): VirtAddr {
  if (arch !== 'x86_64') {
    const root = info.symbol('swapper_pg_dir') ?? asVirt(0);
    return asVirt(root - space.paging.rootPhys);
  }
  const base = symbols.address('page_offset_base');
  if (base !== undefined) return space.pointer(base);
  return asVirt(info.fiveLevel ? -0xef_0000_0000_0000 : -0x7780_0000_0000);
}

/** The direct map reaches to max_pfn, on 32 bit to max_low_pfn; ram behind holes is mapped, too. */
function declareLinearMaps(
  space: KernelSpace,
  symbols: Symbols,
  arch: Arch,
  pageOffset: VirtAddr,
): void {
  const end = symbols.address(arch === 'x86_64' ? 'max_pfn' : 'max_low_pfn');
  if (end === undefined) return;
  const sizeBytes = Math.min(space.ulong(end), space.memory.endFrame) * 4096;
  space.setLinearMaps([{ start: pageOffset, sizeBytes, startPhys: 0 }]);
}
