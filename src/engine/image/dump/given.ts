/** What the user's files tell of a dumped kernel, and what is kept of its vmlinux from before. */
import type { BtfTypes } from '../../types/btf.js';
import type { RandomAccess } from '../core/randomAccess.js';
import { ImageError } from '../kernelImage.js';
import { keptSymbols, keptTypes } from '../vmlinux/kept.js';
import { openVmlinux, typesIn, type Vmlinux, type VmlinuxHost } from '../vmlinux/vmlinux.js';
import type { OtherSymbols } from './kernelSymbols.js';
import type { OtherTypes } from './kernelTypes.js';
import { readSystemMap } from './symbols.js';
import type { WantedKernel } from './wanted.js';

/** Files that tell what the dump does not. */
export interface GivenFiles {
  /** With the kernel's symbols, and its types as BTF or DWARF. */
  readonly vmlinux?: RandomAccess | undefined;
  readonly systemMap?: RandomAccess | undefined;
  /** Raw BTF, or an ELF file that has it. */
  readonly btf?: RandomAccess | undefined;
}

export interface GivenFacts {
  readonly symbols: OtherSymbols;
  readonly types: OtherTypes;
}

export const NOTHING_GIVEN: GivenFacts = {
  symbols: { systemMap: undefined, vmlinux: undefined },
  types: { given: undefined, kept: () => undefined },
};

/** @throws ImageError */
export async function givenFacts(
  { vmlinux, systemMap, btf }: GivenFiles,
  kernel: WantedKernel,
  host: VmlinuxHost,
): Promise<GivenFacts> {
  const { buildId } = kernel;
  const elf = vmlinux && openVmlinux(vmlinux, host);
  refuseOtherBuild(elf, kernel);
  const given = btf === undefined ? await elf?.types() : await typesOfBtf(btf, host);
  return {
    symbols: {
      systemMap:
        systemMap &&
        ((pointerSize) => readSystemMap(systemMap.read(0, systemMap.size), pointerSize)),
      vmlinux: (pointerSize) => elf?.symbols() ?? keptSymbols(host.kept, buildId, pointerSize),
    },
    types: { given, kept: () => keptTypes(host.kept, buildId) },
  };
}

function refuseOtherBuild(elf: Vmlinux | undefined, { release, buildId }: WantedKernel): void {
  if (elf?.buildId === undefined || buildId === undefined || elf.buildId === buildId) return;
  throw new ImageError(
    `The vmlinux given is of another build, ${elf.buildId}. The dump is of Linux ${release}, build id ${buildId}.`,
  );
}

const ELF_MAGIC = 0x7f;

async function typesOfBtf(btf: RandomAccess, host: VmlinuxHost): Promise<BtfTypes> {
  if (btf.read(0, 1)[0] !== ELF_MAGIC) return typesIn(btf.read(0, btf.size));
  const types = await openVmlinux(btf, host).types();
  if (types === undefined)
    throw new ImageError('The file given as BTF is ELF, and has neither a section .BTF nor DWARF.');
  return types;
}
