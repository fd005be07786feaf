/**
 * An address of the machine that a scenario names, before anything runs: its kind, the linear translation and the verdicts.
 * Loaded at the first hover that asks.
 */
import { asVirt, parseAddress } from '../../engine/memory/address.js';
import { setup_arch } from '../../engine/image/boot/setupArch.js';
import type { BootSpec } from '../../engine/image/machineSpec.js';
import { loadProfile } from '../../engine/types/bundled.js';
import type { AddressWorld } from '../../engine/view/addressKind.js';
import { addressMarkdown } from '../../engine/view/addressMarkdown.js';
import { layoutReport } from '../../engine/view/addressReport.js';
import { isAddressUse } from '../../engine/view/addressVerdict.js';
import { AddressSpace } from '../../engine/x86/addressSpace.js';
import { describedMachine, readScenario } from '../../scenario/index.js';
import type { AddressSpan } from './addressAt.js';

const NOTE =
  'For the machine that the pragma names, before it runs. In a session, the hover also shows page tables and where the page is.';
const NOTE_OF_FILE =
  'The machine is in a file: this uses only the kernel and the size in its name. Start a session for the exact answer.';

/** @param text the scenario; undefined for an expression that is not a number */
export function staticMarkdown(text: string, span: AddressSpan): string | undefined {
  const { machine } = readScenario(text);
  const described = describedMachine(machine);
  const world = described && worldOf(described);
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

let known: { readonly key: string; readonly world: AddressWorld | undefined } | undefined;

function worldOf(machine: BootSpec): AddressWorld | undefined {
  const key = JSON.stringify(machine);
  if (known?.key !== key) known = { key, world: made(machine) };
  return known.world;
}

/** What boot decides before it writes anything. Undefined for a machine that cannot boot. */
function made({
  profile: name,
  ramBytes,
  cmaBytes,
  cpus,
  busOffset,
}: BootSpec): AddressWorld | undefined {
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
