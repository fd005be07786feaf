/** Opens a dump of any x86 kernel to look into: from its own words, or with what the user gives. */
import { Inspected } from '../../inspect/inspected.js';
import { BtfError, readBtf } from '../../types/btf.js';
import type { TypeTable } from '../../types/model.js';
import { asciiz, type RandomAccess } from '../core/randomAccess.js';
import { ImageError } from '../kernelImage.js';
import { openVmlinux, type VmlinuxHost } from '../vmlinux/vmlinux.js';
import type { Container } from './containers/container.js';
import { describeKernel, NoTypes, type GivenFacts } from './describe.js';
import { readSystemMap } from './symbols.js';

/** Files that tell what the dump does not. */
export interface GivenFiles {
  /** Asked only for what the dump lacks: symbols, and types of BTF or DWARF. */
  readonly vmlinux?: RandomAccess | undefined;
  readonly systemMap?: RandomAccess | undefined;
  /** Raw BTF. */
  readonly btf?: RandomAccess | undefined;
}

/** @throws ImageError */
export async function describedBy(
  container: Container,
  { vmlinux, systemMap, btf }: GivenFiles,
  host: VmlinuxHost | undefined,
): Promise<Inspected> {
  if (vmlinux !== undefined && host === undefined)
    throw new ImageError('A vmlinux cannot be read here.');
  const elf = vmlinux && host && openVmlinux(vmlinux, host);
  const facts: GivenFacts = {
    symbols:
      systemMap &&
      ((pointerSize) => readSystemMap(asciiz(systemMap.read(0, systemMap.size)), pointerSize)),
    types: btf && readTypes(btf),
    missingSymbols: elf?.symbols,
    buildId: elf?.buildId,
  };
  try {
    return new Inspected(describeKernel(container, facts));
  } catch (error) {
    if (!(error instanceof NoTypes) || elf === undefined) throw error;
    const types = await elf.types();
    if (types === undefined)
      throw new ImageError('The vmlinux given has no types: neither BTF nor DWARF.');
    return new Inspected(describeKernel(container, { ...facts, types }));
  }
}

function readTypes(btf: RandomAccess): TypeTable {
  try {
    return readBtf(btf.read(0, btf.size));
  } catch (error) {
    if (error instanceof BtfError)
      throw new ImageError(`The BTF given is damaged: ${error.message}.`);
    throw error;
  }
}
