/**
 * The symbols of a dumped kernel: of its kallsyms, or of what the user gives, moved to where KASLR had the kernel run.
 *
 * kallsyms has variables only with CONFIG_KALLSYMS_ALL (Debian's amd64 kernels have it, its i386 ones do not): functions alone
 * tell too little.
 */
import { asVirt, type VirtAddr } from '../../memory/address.js';
import type { Vmcoreinfo } from '../core/notes.js';
import { ImageError } from '../kernelImage.js';
import { readKallsyms, type Kallsym, type KallsymsPlaces, type SymbolList } from './kallsyms.js';
import type { KernelSpace } from './kernelSpace.js';
import { WantsVmlinux, type WantedKernel } from './wanted.js';

/** Where else symbols may come from, in the order in which they are asked; undefined: it has none. */
export interface OtherSymbols {
  /** Of a System.map that the user gives: goes before the dump's own. */
  readonly systemMap: ((pointerSize: 4 | 8) => readonly Kallsym[]) | undefined;
  /** Of a vmlinux, now or formerly. */
  readonly vmlinux: ((pointerSize: 4 | 8) => readonly Kallsym[] | undefined) | undefined;
}

/** @throws ImageError, NotInDump */
export function kernelSymbols(
  space: KernelSpace,
  info: Vmcoreinfo,
  other: OtherSymbols,
  kernel: WantedKernel,
): readonly Kallsym[] | SymbolList {
  const map = other.systemMap?.(space.pointerSize);
  if (map !== undefined) return moved(map, info, 'System.map');
  const places = kallsymsIn(info);
  const own = places && readKallsyms(space, places);
  if (own !== undefined && hasVariables(own)) return own;
  const linked = other.vmlinux?.(space.pointerSize);
  if (linked !== undefined) return moved(linked, info, 'vmlinux');
  throw new WantsVmlinux(
    kernel,
    own === undefined
      ? 'does not say where its kallsyms lies (kernels before 6.0 do not). Give its vmlinux, or its System.map'
      : 'has a kallsyms without variables (CONFIG_KALLSYMS_ALL is not set). Give its vmlinux, or its System.map',
  );
}

const hasVariables = (symbols: SymbolList): boolean => symbols.indicesOf('init_task').length > 0;

/** What VMCOREINFO says of symbols by their addresses; not those that it has by their contents. */
const ANCHORS = ['_stext', 'swapper_pg_dir', 'init_uts_ns', 'node_online_map', 'vmap_area_list'];

/** To where the kernel ran: what the anchors are off, all are but the per-CPU ones of x86_64, which are offsets. */
function moved(
  symbols: readonly Kallsym[],
  info: Vmcoreinfo,
  what: 'System.map' | 'vmlinux',
): readonly Kallsym[] {
  const linked = new Map(
    symbols.filter(({ name }) => ANCHORS.includes(name)).map((each) => [each.name, each.address]),
  );
  const offsets = ANCHORS.flatMap((name) => {
    const [there, here] = [info.symbol(name), linked.get(name)];
    return there === undefined || here === undefined ? [] : [there - here];
  });
  const [offset] = offsets;
  if (offset === undefined)
    throw new ImageError(`The ${what} given is not whole: it has none of ${ANCHORS.join(', ')}.`);
  if (offsets.some((each) => each !== offset))
    throw new ImageError(
      `The ${what} given is of another kernel: its symbols lie otherwise than those that VMCOREINFO of the dump names.`,
    );
  if (offset === 0) return symbols;
  const isWide = (linked.get('_stext') ?? asVirt(0)) < 0;
  return symbols.map((symbol) =>
    isWide && symbol.address >= 0
      ? symbol
      : { ...symbol, address: asVirt(symbol.address + offset) },
  );
}

function kallsymsIn(info: Vmcoreinfo): KallsymsPlaces | undefined {
  const at = (name: string): VirtAddr | undefined => info.symbol(`kallsyms_${name}`);
  const [names, numSyms, tokenTable, tokenIndex] = [
    at('names'),
    at('num_syms'),
    at('token_table'),
    at('token_index'),
  ];
  if (
    names === undefined ||
    numSyms === undefined ||
    tokenTable === undefined ||
    tokenIndex === undefined
  )
    return undefined;
  return {
    names,
    numSyms,
    tokenTable,
    tokenIndex,
    offsets: at('offsets'),
    relativeBase: at('relative_base'),
    addresses: at('addresses'),
  };
}
