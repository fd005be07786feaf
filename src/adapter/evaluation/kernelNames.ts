/**
 * The locals of a kernel function as C values. The engine's kernel holds pointers as cells; their C types come from the
 * instrumenter's tables. What Linux keeps in a structure on its stack is an object of the engine, in no memory: its members are names of
 * their own, `vmf->address`.
 */
import { tables } from '../../engine/entry/instrumented.js';
import type { Kernel } from '../../engine/machine/kernel.js';
import { fromPteWords, PteWords } from '../../engine/machine/pteWords.js';
import { asCell } from '../../engine/memory/address.js';
import type { ScalarValue } from '../../engine/types/access.js';
import { parseCType } from '../../engine/types/declaration.js';
import { stripTypedefs } from '../../engine/types/layout.js';
import type { CType, IntType } from '../../engine/types/model.js';
import type { ExtraName } from './evaluator.js';
import { memberName } from './memberNames.js';

/** Those of a function's locals that C can say, and the members of those that are structures. */
export function kernelNames(
  mm: Kernel,
  functionId: number,
  locals: Readonly<Record<string, unknown>>,
): readonly ExtraName[] {
  const fn = tables.functions[functionId];
  return Object.entries(locals).flatMap(([name, value]) => {
    const members = tables.structures[fn?.locals[name] ?? ''];
    if (members !== undefined) return membersOf(mm, name, members, value);
    const plain = typeOf(mm, fn?.locals[name]);
    const type = plain && isAreaFlags(name, fn?.name) ? areaFlagsOf(plain) : plain;
    const scalar = type && scalarOf(mm, type, value);
    return type === undefined || scalar === undefined ? [] : [{ name, type, value: scalar }];
  });
}

function membersOf(
  mm: Kernel,
  owner: string,
  members: Readonly<Record<string, string>>,
  value: unknown,
): readonly ExtraName[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(members).flatMap(([member, spelled]) => {
    const type = typeOf(mm, spelled);
    const scalar = type && scalarOf(mm, type, (value as Readonly<Record<string, unknown>>)[member]);
    if (type === undefined || scalar === undefined) return [];
    return [{ name: memberName(owner, member), type, value: scalar }];
  });
}

/** Those that C could say at some place of a function; the values do not matter. */
export function possibleNames(mm: Kernel, functionId: number): readonly ExtraName[] {
  const locals = tables.functions[functionId]?.locals ?? {};
  return kernelNames(
    mm,
    functionId,
    Object.fromEntries(
      Object.entries(locals).map(([name, spelled]) => {
        const members = Object.keys(tables.structures[spelled] ?? {});
        return [
          name,
          members.length === 0 ? 0 : Object.fromEntries(members.map((member) => [member, 0])),
        ];
      }),
    ),
  );
}

function typeOf(mm: Kernel, spelled: string | undefined): CType | undefined {
  if (spelled === undefined) return undefined;
  const known = parseCType(spelled, mm.profile.types);
  if (known !== undefined) return known;
  // `fpi_t` is a typedef of a .c file that profiles need not carry.
  return /^\w+_t$/.test(spelled) ? mm.profile.types.base('int') : undefined;
}

/** Flags of an area of a process, which the kernel has as plain integers; vmalloc has flags of another kind by the same name. */
const isAreaFlags = (name: string, fn = ''): boolean =>
  /^(?:vm_flags|newflags|oldflags)$/.test(name) && fn !== '__vmalloc_node_range';

const areaFlagsOf = (target: CType): CType =>
  target.kind === 'int' ? { kind: 'typedef', name: 'vm_flags_t', target } : target;

function scalarOf(mm: Kernel, type: CType, value: unknown): ScalarValue | undefined {
  if (typeof value === 'boolean') return value ? 1 : 0;
  const bare = stripTypedefs(type);
  if (bare.kind === 'int') return integerOf(bare, value);
  if (typeof value !== 'number' || !Number.isInteger(value)) return undefined;
  if (bare.kind === 'pointer') return value === 0 ? 0 : mm.va_of(asCell(value));
  return bare.kind === 'enum' ? value : undefined;
}

/** The engine's numbers have signs of their own: an address is negative, a mask that has bit 31 may be. */
function integerOf(type: IntType, value: unknown): ScalarValue | undefined {
  if (value instanceof PteWords) return integerOf(type, fromPteWords(value));
  if (typeof value !== 'bigint' && !Number.isInteger(value)) return undefined;
  const { sizeBytes, signed } = type;
  const bits = BigInt(value as number | bigint);
  const exact = signed ? BigInt.asIntN(sizeBytes * 8, bits) : BigInt.asUintN(sizeBytes * 8, bits);
  const number = Number(exact);
  return Number.isSafeInteger(number) ? number : exact;
}
