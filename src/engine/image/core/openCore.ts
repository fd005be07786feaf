/**
 * Opens an ELF core of a machine's memory as a kernel image: finds out which kernel it is of and where things lie. Frames
 * are read from the file at their first touch.
 */
import { bindZones } from '../../machine/kernel.js';
import { asPhys, PAGE_SIZE } from '../../memory/address.js';
import { PhysicalMemory } from '../../memory/physical.js';
import type { TapeOptions } from '../../memory/tape.js';
import { loadProfile, PROFILE_NAMES } from '../../types/bundled.js';
import type { Profile } from '../../types/profile.js';
import { kernelRegisters } from '../boot/registers.js';
import { ROOT_SYMBOL } from '../boot/tables/bootTables.js';
import { assembleImage, placeObject } from '../assemble.js';
import { ImageError, type KernelImage } from '../kernelImage.js';
import { relocated } from '../relocated.js';
import { detectKernel } from './detect.js';
import { openContainer, type Container } from '../dump/containers/container.js';
import type { Codecs } from '../dump/dumpMemory.js';
import { FileMemory } from './fileMemory.js';
import type { KernelView } from './kernelView.js';
import { locate, nrCpusOf } from './locate.js';
import { cpuStates, parseVmcoreinfo, type CpuState } from './notes.js';
import type { RandomAccess } from './randomAccess.js';

export interface CoreOptions {
  /** Kernels the core may be of; the bundled ones when absent. */
  readonly profiles?: readonly Profile[];
  /** For people: the file's name. */
  readonly name?: string;
  readonly tapeOptions?: TapeOptions;
  readonly codecs?: Codecs;
}

/** @throws ImageError when the file is not such a core, or no known kernel fits it */
export function openCore(file: RandomAccess, options: CoreOptions = {}): KernelImage {
  return openKnownKernel(openContainer(file, options.codecs ?? {}), options);
}

/** As {@link openCore}, of a dump whose form is known. */
export function openKnownKernel(container: Container, options: CoreOptions = {}): KernelImage {
  const { cutOff } = container;
  if (cutOff !== undefined) throw new ImageError(`The core is incomplete: ${cutOff}.`);
  const vmcoreinfo =
    container.vmcoreinfo === undefined ? undefined : parseVmcoreinfo(container.vmcoreinfo);
  if (vmcoreinfo?.fiveLevel)
    throw new ImageError(
      'The core is from a kernel with 5-level page tables, which mmscope does not read yet.',
    );
  const contents = new FileMemory(container.memory);
  const view = detectKernel(
    { wide: container.wide, memory: contents, cpus: cpuStates(container), vmcoreinfo },
    (options.profiles ?? PROFILE_NAMES.map(loadProfile)).map((profile) =>
      relocated(profile, vmcoreinfo?.kernelOffset ?? 0),
    ),
  );
  const { memmap, linear, maxPfn } = locate(view);
  // Beyond RAM and the first 4 GiB there are at most devices, which the kernel's memory management does not manage.
  const nrFrames = Math.max(maxPfn, Math.min(contents.endFrame, 0x100000));
  const memory = new PhysicalMemory(nrFrames);
  memory.addRule(contents.rule());
  const image = assembleImage({
    profile: view.profile,
    memory,
    memmap,
    linear,
    origin: `${options.name ?? 'core'}: ${view.profile.name}, ${Math.round((maxPfn * PAGE_SIZE) / 2 ** 20)} MiB`,
    source: 'core',
    maxPfn,
    nrCpus: nrCpusOf(view),
    ...(options.tapeOptions && { tapeOptions: options.tapeOptions }),
  });
  placePerCpuObjects(image, view);
  placeSectionUsage(image, view);
  bindZones(image.mm);
  setRegisters(image, view, cpuStates(container));
  return image;
}

/**
 * What the CPUs' notes say; a CPU without a note (kdump writes none) walks the kernel's own tables. No note has EFER: it is
 * what a kernel of this build sets.
 */
function setRegisters(image: KernelImage, view: KernelView, states: readonly CpuState[]): void {
  const { mm, profile, tape } = image;
  const root = asPhys(view.phys(view.address(ROOT_SYMBOL[profile.arch])));
  const registers = kernelRegisters(profile.arch, root);
  tape.setRecording(false);
  for (let cpu = 0; cpu < image.nrCpus; cpu++) {
    mm.machine.processor(cpu).setRegisters({ ...registers, ...states[cpu] });
  }
  tape.setRecording(true);
}

/** The page sets and statistics of each CPU, which zones and the node point to. */
function placePerCpuObjects(image: KernelImage, view: KernelView): void {
  const { profile, nrCpus } = image;
  const node = view.address('contig_page_data');
  const offsets = Array.from({ length: nrCpus }, (_, cpu) =>
    view.has('__per_cpu_offset')
      ? view.pointerAt(view.address('__per_cpu_offset') + cpu * profile.pointerSize)
      : 0,
  );
  const place = (pointerAt: number, tag: string): void => {
    const pointer = view.pointerAt(pointerAt);
    for (const offset of offsets)
      if (pointer !== 0) placeObject(image, (pointer + offset) as typeof pointer, view.sizeof(tag));
  };
  place(node + view.offset('pglist_data', 'per_cpu_nodestats'), 'per_cpu_nodestat');
  for (let zone = 0; zone < profile.constant('MAX_NR_ZONES'); zone++) {
    const at = node + view.offset('pglist_data', `node_zones[${zone}]`);
    place(at + view.offset('zone', 'per_cpu_pageset'), 'per_cpu_pages');
    place(at + view.offset('zone', 'per_cpu_zonestats'), 'per_cpu_zonestat');
  }
  for (const name of profile.symbolNames()) {
    const symbol = profile.symbol(name);
    if (symbol?.perCpu === true && symbol.sizeBytes > 1)
      for (const offset of offsets)
        placeObject(image, (symbol.address + offset) as typeof symbol.address, symbol.sizeBytes);
  }
}

/** SPARSEMEM: the roots of mem_section and the pageblock words of each section present. */
function placeSectionUsage(image: KernelImage, view: KernelView): void {
  const { profile } = image;
  if (profile.constant('CONFIG_SPARSEMEM') !== 1) return;
  const sizeofSection = view.sizeof('mem_section');
  const perRoot = PAGE_SIZE / sizeofSection;
  const nrSections = Math.ceil(image.maxPfn / profile.constant('PAGES_PER_SECTION'));
  const usageBytes =
    view.sizeof('mem_section_usage') +
    ((profile.constant('PAGES_PER_SECTION') / profile.constant('pageblock_nr_pages')) * 4) / 8;
  const roots = view.pointer('mem_section');
  placeObject(image, roots, (profile.constant('NR_MEM_SECTIONS') / perRoot) * profile.pointerSize);
  for (let section = 0; section < nrSections; section++) {
    const root = view.pointerAt(roots + Math.floor(section / perRoot) * profile.pointerSize);
    if (root === 0) continue;
    const usage = view.pointerAt(
      root + (section % perRoot) * sizeofSection + view.offset('mem_section', 'usage'),
    );
    if (usage !== 0) placeObject(image, usage, usageBytes);
  }
}
