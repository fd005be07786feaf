/** Opens a dump of any x86 kernel to look into: from its own words, or with what the user gives. */
import { asciiz, type RandomAccess } from '../core/randomAccess.js';
import { Inspected } from '../../inspect/inspected.js';
import { readBtf, BtfError } from '../../types/btf.js';
import { ImageError } from '../kernelImage.js';
import type { Container } from './containers/container.js';
import { describeKernel, type GivenFacts } from './describe.js';
import { readSystemMap } from './symbols.js';
import { Vmlinux } from './vmlinux.js';

/** Files that tell what the dump does not. */
export interface GivenFiles {
  /** A vmlinux with its symbols and its BTF. */
  readonly vmlinux?: RandomAccess | undefined;
  readonly systemMap?: RandomAccess | undefined;
  /** Raw BTF. */
  readonly btf?: RandomAccess | undefined;
}

/** @throws ImageError */
export const describedBy = (container: Container, given: GivenFiles): Inspected =>
  new Inspected(describeKernel(container, factsOf(given)));

function factsOf({ vmlinux, systemMap, btf }: GivenFiles): GivenFacts {
  const elf = vmlinux && new Vmlinux(vmlinux);
  const types = typesOf(elf, btf);
  return {
    symbols:
      systemMap !== undefined
        ? (pointerSize) => readSystemMap(asciiz(systemMap.read(0, systemMap.size)), pointerSize)
        : elf && (() => elf.symbols()),
    types,
    buildId: elf?.buildId(),
  };
}

function typesOf(elf: Vmlinux | undefined, btf: RandomAccess | undefined): GivenFacts['types'] {
  if (btf !== undefined)
    return () => {
      try {
        return readBtf(btf.read(0, btf.size));
      } catch (error) {
        if (error instanceof BtfError)
          throw new ImageError(`The BTF given is damaged: ${error.message}.`);
        throw error;
      }
    };
  if (elf === undefined) return undefined;
  if (elf.section('.BTF') === undefined) return undefined;
  return () => elf.btf();
}
