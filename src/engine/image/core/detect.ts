/**
 * Which kernel a core is of: the one profile whose symbols and types make sense of its memory. Nothing is believed that
 * the memory does not confirm.
 *
 * The banner must be at `linux_banner` and name the release; the node at `contig_page_data` must hold the zones of this
 * build, each with its own name behind `name` and pointing back to its node.
 */
import { asVirt } from '../../memory/address.js';
import type { Profile } from '../../types/profile.js';
import { ImageError } from '../kernelImage.js';
import type { FileMemory } from './fileMemory.js';
import { KernelView } from './kernelView.js';
import type { CpuState, Vmcoreinfo } from './notes.js';
import { translate } from './coreTables.js';

export interface Evidence {
  /** Whether the machine is x86-64; undefined: the dump does not say. */
  readonly wide: boolean | undefined;
  readonly memory: FileMemory;
  readonly cpus: readonly CpuState[];
  readonly vmcoreinfo: Vmcoreinfo | undefined;
}

/** The view of the kernel through the one profile that fits. @throws ImageError when none or several do */
export function detectKernel(evidence: Evidence, profiles: readonly Profile[]): KernelView {
  const { wide, vmcoreinfo } = evidence;
  const candidates = profiles.filter(
    (profile) => wide === undefined || (profile.pointerSize === 8) === wide,
  );
  const refused: string[] = [];
  const fitting: KernelView[] = [];
  for (const profile of candidates) {
    const view = new KernelView(profile, evidence.memory, physBaseOf(profile, evidence));
    const objection = objectionTo(view);
    if (objection === undefined) fitting.push(view);
    else refused.push(`${profile.name}: ${objection}`);
  }
  const [view] = fitting;
  if (view !== undefined && fitting.length === 1) return view;
  if (fitting.length > 1)
    throw new ImageError(
      `The core fits several kernels: ${fitting.map((each) => each.profile.name).join(', ')}. Set 'profile' to the right one.`,
    );
  const release = vmcoreinfo?.release;
  const what = release === undefined ? 'The core' : `The core, of Linux ${release},`;
  const tried =
    refused.length === 0
      ? `there is no profile for ${wide === false ? 'i386' : 'x86_64'}`
      : `of those tried, ${refused.join('; ')}`;
  throw new ImageError(
    `${what} does not match a kernel that mmscope knows: ${tried}. mmscope opens only cores of the kernels that it ships with.`,
  );
}

/** How far the kernel was loaded from where it was linked to lie. Tells the note; else the CPU's own page tables do. */
function physBaseOf(profile: Profile, { memory, cpus, vmcoreinfo }: Evidence): number {
  if (profile.arch !== 'x86_64') return 0;
  if (vmcoreinfo?.physBase !== undefined) return vmcoreinfo.physBase;
  const banner = profile.symbol('linux_banner');
  const startKernelMap = profile.constant('__START_KERNEL_map');
  if (banner !== undefined)
    for (const { cr3 } of cpus) {
      const phys = translate(memory, cr3, banner.address);
      if (phys !== undefined) return phys - (banner.address - startKernelMap);
    }
  return 0;
}

/** Why a kernel's memory cannot be what the core holds; undefined when all agrees. */
function objectionTo(view: KernelView): string | undefined {
  const { profile } = view;
  const banner = view.textAt(view.address('linux_banner'), 256);
  if (!banner.startsWith('Linux version ')) return 'no banner where its linux_banner lies';
  const release = banner.slice('Linux version '.length).split(' ')[0] ?? '';
  if (release !== profile.release && !release.startsWith(`${profile.release}-`))
    return `the banner says ${release}`;

  const node = view.address('contig_page_data');
  const sizeofZone = view.sizeof('zone');
  const names = ['DMA', 'DMA32', 'Normal', 'HighMem', 'Movable', 'Device'];
  for (let zone = 0; zone < profile.constant('MAX_NR_ZONES'); zone++) {
    const at = asVirt(node + view.offset('pglist_data', 'node_zones') + zone * sizeofZone);
    const expected = names.find((name) => profile.findConstant(zoneTypeOf(name)) === zone);
    const name = view.textAt(view.pointerAt(at + view.offset('zone', 'name')), 16);
    if (name !== expected)
      return `zone ${zone} of its contig_page_data is named ${JSON.stringify(name)}, not ${JSON.stringify(expected)}`;
    if (view.pointerAt(at + view.offset('zone', 'zone_pgdat')) !== node)
      return `zone ${name} does not point back to its contig_page_data`;
  }
  return undefined;
}

const zoneTypeOf = (name: string): string => `ZONE_${name.toUpperCase()}`;
