/**
 * An address of the machine that a scenario names, before anything runs: its kind, the linear translation and the verdicts. Of a
 * machine in a file, only the kernel build is known: what is said of an address then holds whatever memory the machine has.
 * Loaded at the first hover that asks.
 */
import { asVirt, parseAddress } from '../../engine/memory/address.js';
import { setup_arch } from '../../engine/image/boot/setupArch.js';
import type { BootSpec } from '../../engine/image/machineSpec.js';
import { loadProfile } from '../../engine/types/bundled.js';
import type { AddressReport } from '../../engine/view/address.js';
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
  'The machine is in a file: this holds whatever memory it has. Start a session for the rest.';

/** @param text the scenario; undefined for an expression that is not a number */
export function staticMarkdown(text: string, span: AddressSpan): string | undefined {
  const { machine } = readScenario(text);
  const described = describedMachine(machine);
  const worlds = described === undefined ? [] : worldsOf(described, machine.kind === 'machine');
  const [world] = worlds;
  if (world === undefined) return undefined;
  const bare = /^[0-9a-f]{8,16}$/i.test(span.expression) ? `0x${span.expression}` : span.expression;
  const number = /^(?:\([\w\s*]+\)\s*)?(0x[0-9a-f]+|\d+)[uUlL]*$/i.exec(bare)?.[1];
  const value = number === undefined ? undefined : parseAddress(number, world.profile.pointerSize);
  if (value === undefined) return undefined;
  const { use, meant = 'virtual' } = span;
  const asked = { value, meant, use: use !== undefined && isAddressUse(use) ? use : undefined };
  const note = machine.kind === 'machine' ? NOTE : NOTE_OF_FILE;
  const [first, ...others] = worlds.map((each) => layoutReport(each, asked));
  return first && addressMarkdown({ ...others.reduce(common, first), note });
}

/** What two machines say alike of an address. */
function common(one: AddressReport, other: AddressReport): AddressReport {
  const same = <T>(a: T, b: T): T | undefined =>
    JSON.stringify(a) === JSON.stringify(b) ? a : undefined;
  const { address, otherwise } = one;
  const kind =
    one.kind === other.kind
      ? { kind: one.kind, title: one.title, meaning: one.meaning }
      : {
          kind: one.kind,
          title: `${one.title}, or ${other.title}`,
          meaning: 'Which one it is depends on how much memory the machine has.',
        };
  const facts = {
    symbol: same(one.symbol, other.symbol),
    phys: same(one.phys, other.phys),
    pfn: same(one.pfn, other.pfn),
    page: same(one.page, other.page),
    logical: same(one.logical, other.logical),
  };
  return {
    address,
    ...kind,
    ...(Object.fromEntries(
      Object.entries(facts).filter(([, fact]) => fact !== undefined),
    ) as Partial<AddressReport>),
    verdicts: one.verdicts.filter((verdict) =>
      other.verdicts.some((another) => same(verdict, another) !== undefined),
    ),
    otherwise: same(otherwise, other.otherwise) ?? [],
  };
}

let known: { readonly key: string; readonly worlds: readonly AddressWorld[] } | undefined;

/** The machine as it is described; where its size is not known, the smallest and the largest that the kernel runs on. */
function worldsOf(machine: BootSpec, isKnown: boolean): readonly AddressWorld[] {
  const key = JSON.stringify([machine, isKnown]);
  if (known?.key !== key) {
    const sizes = isKnown ? [machine.ramBytes] : [SMALLEST, LARGEST[machine.arch]];
    const worlds = sizes.map((ramBytes) => made({ ...machine, ramBytes }));
    known = { key, worlds: worlds.filter((world) => world !== undefined) };
  }
  return known.worlds;
}

/** The kernel's own image reaches past 16 MiB. */
const SMALLEST = 32 * 2 ** 20;
const LARGEST = { i386: 4 * 2 ** 30, 'i386-pae': 64 * 2 ** 30, x86_64: 64 * 2 ** 30 } as const;

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
