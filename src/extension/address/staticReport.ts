/**
 * An address of the machine that a scenario names, before anything runs: its kind, the linear translation and the verdicts.
 * Loaded at the first hover that asks.
 */
import { asVirt, parseAddress } from '../../engine/memory/address.js';
import { setup_arch } from '../../engine/image/boot/setupArch.js';
import { loadProfile, PROFILE_NAMES } from '../../engine/types/bundled.js';
import type { ProfileName } from '../../engine/types/profile.js';
import type { AddressWorld } from '../../engine/view/addressKind.js';
import { addressMarkdown } from '../../engine/view/addressMarkdown.js';
import { layoutReport } from '../../engine/view/addressReport.js';
import { isAddressUse } from '../../engine/view/addressVerdict.js';
import { AddressSpace } from '../../engine/x86/addressSpace.js';
import { readMachine, scanPragmas, type MachineSpec } from '../../scenario/index.js';
import type { AddressSpan } from './addressAt.js';

interface Layout {
  readonly profile: ProfileName;
  readonly ramBytes: number;
  readonly cmaBytes: number;
  readonly cpus: number;
  readonly busOffset: number;
}

const GiB = 1 << 30;
const NOTE =
  'For the machine that the pragma names, before it runs. In a session, the hover also shows page tables and where the page is.';
const NOTE_OF_FILE =
  'The machine is in a file: this uses only the kernel and the size in its name. Start a session for the exact answer.';

/** @param text the scenario; undefined for an expression that is no number */
export function staticMarkdown(text: string, span: AddressSpan): string | undefined {
  const { machine } = readMachine(scanPragmas(text));
  const layout = layoutOf(machine);
  const world = layout && worldOf(layout);
  if (world === undefined) return undefined;
  const bare = /^[0-9a-f]{8,16}$/i.test(span.expression) ? `0x${span.expression}` : span.expression;
  const number = /^(?:\([\w\s*]+\)\s*)?(0x[0-9a-f]+|\d+)[uUlL]*$/i.exec(bare)?.[1];
  const value = number === undefined ? undefined : parseAddress(number, world.profile.pointerSize);
  if (value === undefined) return undefined;
  const { use, meant = 'virtual' } = span;
  const asked = { value, meant, use: use !== undefined && isAddressUse(use) ? use : undefined };
  const note = machine.kind === 'machine' ? NOTE : NOTE_OF_FILE;
  return addressMarkdown({ ...layoutReport(world, asked), note });
}

/** The kernel and the size that a machine has, or that the name of its file says. */
function layoutOf(machine: MachineSpec): Layout | undefined {
  if (machine.kind === 'machine') return machine;
  const profile = [...PROFILE_NAMES]
    .sort((a, b) => b.length - a.length)
    .find((name) => machine.path.includes(name));
  if (profile === undefined) return undefined;
  const size = /-(\d+)([MG])\b/.exec(machine.path);
  const ramBytes = size === null ? GiB : Number(size[1]) * (size[2] === 'G' ? GiB : 1 << 20);
  return { profile, ramBytes, cmaBytes: 0, cpus: 1, busOffset: 0 };
}

let known: { readonly key: string; readonly world: AddressWorld | undefined } | undefined;

function worldOf(layout: Layout): AddressWorld | undefined {
  const key = JSON.stringify([
    layout.profile,
    layout.ramBytes,
    layout.cmaBytes,
    layout.cpus,
    layout.busOffset,
  ]);
  if (known?.key !== key) known = { key, world: made(layout) };
  return known.world;
}

/** What boot decides before it writes anything. Undefined for a machine that cannot boot. */
function made({
  profile: name,
  ramBytes,
  cmaBytes,
  cpus,
  busOffset,
}: Layout): AddressWorld | undefined {
  const linked = loadProfile(name);
  try {
    const options = { ramBytes, cmaBytes, highmemBytes: 0, initrdBytes: 0, commandLine: '' };
    const { kernel, maxPfn, maxLowPfn, memmap } = setup_arch(linked, { ...options, nrCpus: cpus });
    const { profile } = kernel;
    const startKernelMap = asVirt(profile.constant('__START_KERNEL_map'));
    const physBase = profile.arch === 'x86_64' ? kernel.phys(startKernelMap) : 0;
    const { base, sizeofPage, endPfn } = memmap;
    return {
      profile,
      space: new AddressSpace(profile, { maxPfn, maxLowPfn, physBase }),
      maxPfn,
      busOffset,
      memmap: { base, sizeofPage, endPfn },
    };
  } catch {
    return undefined; // The pragma's own diagnostic says why.
  }
}
