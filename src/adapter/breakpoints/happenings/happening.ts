/**
 * What happens inside the allocator that a user may want to stop at: a block is split, two buddies join, a pageblock
 * changes its type. The kernel reports none of it, for it happens all the time. It is looked for while somebody has asked
 * for it: where the instrumented kernel enters a function, or in what a statement wrote.
 */
import type { Kernel } from '../../../engine/machine/kernel.js';
import { zoneName } from '../../../engine/machine/zoneNames.js';
import { zone_idx } from '../../../engine/kernel/include/linux/mmzone.h.js';
import type { ListenedFunction } from '../../../engine/entry/kernelCall.js';
import type { KernelLocals } from '../../../engine/entry/kernelLocals/kernelLocals.js';
import type { Zone } from '../../../engine/machine/ctypes.js';
import type { BlockReason, MachineEvent } from '../../../scenario/index.js';
import { asVirt, formatAddress, type Cell, type VirtAddr } from '../../../engine/memory/address.js';
import { cacheName } from '../../../engine/proc/slabCaches.js';
import type { CType } from '../../../engine/types/model.js';
import type { Profile } from '../../../engine/types/profile.js';
import { parseCType } from '../../../engine/types/declaration.js';
import { enumName, migratetypeName } from '../../../engine/types/enumName.js';
import type { ExtraName } from '../../evaluation/evaluator.js';

/** What is known of a happening, by the names that conditions use. */
export type Facts = Readonly<Record<string, number>>;

/** What happens in one call: nothing worth a stop, once, or several times at the same place. */
export type FoundFacts = Facts | readonly Facts[] | undefined;

/** Where a kernel function is entered. */
export interface EntryWatch {
  readonly at: 'entry';
  readonly fn: ListenedFunction;
  /** Only when this function calls it. */
  readonly calledBy?: ListenedFunction;
  /** The stop is at the call, not behind it. */
  readonly stopIn?: 'caller';
  /** Memory is as it was there. */
  readonly facts: (k: Kernel, locals: unknown, caller: unknown, around: Around) => FoundFacts;
}

/** Locals of the innermost active function of a name; undefined where none is active. */
export type Around = <F extends ListenedFunction>(fn: F) => KernelLocals[F] | undefined;

/** Where a kernel function has done everything and is about to return. */
export interface LeavingWatch {
  readonly at: 'leaving';
  readonly fn: ListenedFunction;
  /** Memory is as it was there; locals are those in view of the function's last line. */
  readonly facts: (k: Kernel, locals: unknown) => FoundFacts;
}

/** An entry of `fn`, from `calledBy` if that is given, with the locals that these functions have. */
export function entryOf<F extends ListenedFunction, C extends ListenedFunction = never>(
  watch: Omit<EntryWatch, 'at' | 'fn' | 'calledBy' | 'facts'> & {
    readonly fn: F;
    readonly calledBy?: C;
    readonly facts: (
      k: Kernel,
      locals: KernelLocals[F],
      caller: KernelLocals[C],
      around: Around,
    ) => FoundFacts;
  },
): EntryWatch {
  return { ...watch, at: 'entry', facts: watch.facts as EntryWatch['facts'] };
}

/** The end of a call of `fn`, with the locals that it has. */
export const leavingOf = <F extends ListenedFunction>({
  fn,
  facts,
}: {
  readonly fn: F;
  readonly facts: (k: Kernel, locals: KernelLocals[F]) => FoundFacts;
}): LeavingWatch => ({ at: 'leaving', fn, facts: facts as LeavingWatch['facts'] });

/** Where a task has to wait: in front of the statement that is undone for it. */
interface WaitWatch {
  readonly at: 'waiting';
  readonly kind: BlockReason['kind'];
  /** @param address of what is waited for */
  readonly facts: (k: Kernel, address: VirtAddr) => Facts;
}

/** Where the kernel tells of it: a mark of the tape. */
interface ToldWatch {
  readonly at: 'told';
  readonly kind: MachineEvent['kind'];
  readonly facts: (k: Kernel, event: MachineEvent) => Facts | undefined;
}

/** Where a line has written something. */
export interface WriteWatch {
  readonly at: 'write';
  /** The zone's number or the pfn that an entry of the tape may concern; undefined for nearly all of them. */
  subjects(k: Kernel): (cell: Cell, before: number, after: number) => number | undefined;
  /** What matters of the subject, read before and after the line. */
  look(k: Kernel, subject: number): readonly number[];
  facts(
    k: Kernel,
    subject: number,
    before: readonly number[],
    after: readonly number[],
  ): readonly Facts[];
}

export interface Happening {
  readonly id: string;
  readonly label: string;
  readonly description: string;
  /** Names of its facts. */
  readonly knows: string;
  /** A condition on them. */
  readonly example: string;
  /** Each is another way in which it happens. */
  readonly watches: readonly (EntryWatch | LeavingWatch | WaitWatch | ToldWatch | WriteWatch)[];
  /** The facts in one sentence. */
  sentence(k: Kernel, facts: Facts): string;
}

// --- facts as C values -----------------------------------------------------------------------------------------------

/** C types of facts that are not plain ints. */
const TYPES: Readonly<Record<string, string>> = {
  gfp: 'unsigned int',
  address: 'unsigned long',
  pfn: 'unsigned long',
  to: 'unsigned long',
  buddy_pfn: 'unsigned long',
  cache: 'struct kmem_cache *',
  object: 'void *',
  size: 'size_t',
  pages: 'unsigned long',
  lock: 'unsigned long',
  free: 'unsigned long',
  old_free: 'unsigned long',
  zone: 'enum zone_type',
  migratetype: 'enum migratetype',
  old_migratetype: 'enum migratetype',
  start_migratetype: 'enum migratetype',
  fallback_migratetype: 'enum migratetype',
  mark: 'enum zone_watermarks',
};

const typesOf = new WeakMap<Profile, Map<string, CType | undefined>>();

/** Asked for each fact of each hit. */
function typeOfFact(profile: Profile, spelled: string): CType | undefined {
  const known = typesOf.get(profile) ?? new Map<string, CType | undefined>();
  typesOf.set(profile, known);
  if (!known.has(spelled)) known.set(spelled, parseCType(spelled, profile.types));
  return known.get(spelled);
}

/** The facts as names of an expression. */
export function factNames({ profile }: Kernel, facts: Facts): readonly ExtraName[] {
  return Object.entries(facts).flatMap(([name, value]) => {
    const type = typeOfFact(profile, TYPES[name] ?? 'int');
    return type === undefined ? [] : [{ name, type, value }];
  });
}

/** How conditions on the group of all call it: `block_split`. */
export const nameOfHappening = ({ id }: Happening): string => id.replaceAll('-', '_');

// --- facts as words --------------------------------------------------------------------------------------------------

/** `kmalloc-64` */
export const cacheText = (k: Kernel, cache: number | undefined): string => {
  const s = k.cell_of(asVirt(cache ?? 0));
  return s === 0 ? 'no cache' : cacheName(k, s);
};

/** `0xffff888001234000` */
export const addressText = (k: Kernel, address: number | undefined): string =>
  formatAddress(address ?? 0, k.profile.pointerSize);

export const hex = (value: number | undefined): string => `0x${(value ?? 0).toString(16)}`;

/** `MIGRATE_MOVABLE` */
export const typeText = (k: Kernel, migratetype: number | undefined): string =>
  migratetypeName(k.profile, migratetype ?? -1);

/** `WMARK_LOW` */
export const markText = (k: Kernel, mark: number | undefined): string =>
  enumName(k.profile, 'zone_watermarks', mark ?? -1);

/** `zone Normal` */
export function zoneText(k: Kernel, index: number | undefined): string {
  const zone = k.zones[index ?? -1];
  return zone === undefined ? 'no zone' : `zone ${zoneName(k, zone)}`;
}

// --- locals ----------------------------------------------------------------------------------------------------------

export const zoneOf = (k: Kernel, { zone }: { readonly zone: Zone }): number => zone_idx(k, zone);
