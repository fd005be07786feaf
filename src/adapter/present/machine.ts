/**
 * The scopes that belong to the machine and not to a frame: its zones, mem_map, counters, CPUs, and the kernel's globals.
 */
import type { KernelImage } from '../../engine/image/kernelImage.js';
import { counted } from '../../engine/view/counted.js';
import { populatedZones } from '../../engine/view/zones.js';
import type { Cell } from '../../engine/memory/address.js';
import { placeAt } from '../../engine/types/access.js';
import type { KernelSymbol } from '../../engine/types/profile.js';
import { buddyInfo } from './buddyInfo.js';
import { caches } from './caches.js';
import { cma } from './cma.js';
import type { MachineContext } from './context.js';
import { showEnumArray } from './enumArray.js';
import { fixmap, persistentKernelMaps } from './mapSlots.js';
import { showPage } from './page.js';
import { pageTables } from './pageTables.js';
import { perCpu } from './perCpu.js';
import { hugePages } from './hugePages.js';
import { pinnedPages } from './pinnedPages.js';
import { processes } from './processes.js';
import { fact, group, type Container, type Format, type Shown } from './shown.js';
import { showPlace, showValue } from './typedValue.js';
import { virtualAreas } from './virtualAreas.js';

export function machineScope(context: MachineContext, more: () => readonly Shown[]): Container {
  return {
    named: (format) =>
      [
        ...zones(context, format),
        group('buddyinfo', 'free blocks by order', { named: () => buddyInfo(context) }),
        globalArray(context, 'vm_zone_stat', 'zone_stat_item', format),
        memMap(context),
        processes(context),
        pinnedPages(context),
        pageTables(context),
        caches(context),
        virtualAreas(context),
        persistentKernelMaps(context),
        fixmap(context),
        perCpu(context),
        cma(context),
        hugePages(context),
        ...more(),
        fact('image', context.image.origin),
        madeAnew(context),
      ].filter((child) => child !== undefined),
  };
}

/** What the recorded state does not tell. */
function madeAnew({ image }: MachineContext): Shown | undefined {
  const made = image.unrecorded?.made ?? [];
  return made.length === 0 ? undefined : fact('made anew', `${made.join(', ')}: not recorded`);
}

function zones(context: MachineContext, format: Format): readonly Shown[] {
  const { image, profile } = context;
  const type = profile.types.struct('zone');
  if (type === undefined) return [];
  return populatedZones(image).map(({ index, zone, name }) => {
    const place = placeAt(image.mm.va_of(zone), type);
    const expression = `contig_page_data.node_zones[${index}]`;
    return showPlace(context, `zone ${name}`, place, expression, format);
  });
}

/** Every struct page there is, as the client asks for them. */
function memMap(context: MachineContext): Shown {
  const { maxPfn } = context.image;
  return {
    name: 'mem_map',
    value: counted(maxPfn, 'page frame'),
    kind: 'virtual',
    readOnly: true,
    memory: context.peek.addressOf(0),
    children: {
      nrIndexed: maxPfn,
      indexed: (start, count, format) =>
        Array.from({ length: count }, (_, i) =>
          showPage(context, `[${start + i}]`, start + i, format),
        ),
    },
  };
}

function globalArray(
  context: MachineContext,
  name: string,
  enumTag: string,
  format: Format,
): Shown | undefined {
  const symbol = context.profile.symbol(name);
  if (symbol?.type === undefined) return undefined;
  return showEnumArray(context, name, placeAt(symbol.address, symbol.type), name, enumTag, format);
}

/** The kernel's global variables that the profile has types for. */
export function globalsScope(context: MachineContext): Container {
  return {
    named: (format) =>
      globalsOf(context).flatMap((symbol) =>
        symbol.type === undefined
          ? []
          : [
              showPlace(
                context,
                symbol.name,
                placeAt(symbol.address, symbol.type),
                symbol.name,
                format,
              ),
            ],
      ),
  };
}

const globalsOfImage = new WeakMap<KernelImage, readonly KernelSymbol[]>();

/** By name; found once, for where a symbol lies does not change. */
function globalsOf({ profile, image }: MachineContext): readonly KernelSymbol[] {
  const known = globalsOfImage.get(image);
  if (known !== undefined) return known;
  const globals = profile
    .symbolNames()
    .map((name) => profile.symbol(name))
    .filter((symbol): symbol is KernelSymbol => symbol?.type !== undefined && !symbol.perCpu)
    .filter((symbol) => image.mm.phys_of(symbol.address) !== undefined)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  globalsOfImage.set(image, globals);
  return globals;
}

/** The processor that runs, and what it knows by itself. */
export function cpuScope(context: MachineContext): Container {
  const { image, profile } = context;
  const { mm } = image;
  const words = { cpu: mm.machine.register('cpu'), flags: mm.machine.register('current_flags') };
  const int = profile.types.base('unsigned int');
  return {
    named: (format) => {
      if (int?.kind !== 'int') return [];
      // Of the processor, in no memory.
      const register = (name: string, cell: Cell): Shown => ({
        ...showValue(context, name, int, (mm.words[cell] ?? 0) >>> 0, undefined, format),
        readOnly: true,
      });
      return [
        register('smp_processor_id', words.cpu),
        register('current->flags', words.flags),
        fact('online', counted(image.nrCpus, 'CPU')),
      ];
    },
  };
}
