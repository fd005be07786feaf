/**
 * The names that a scenario may use without declaring them: what each is, for completion, hovers and signatures. From the tables
 * that the checker reads, so an editor offers what will compile. Loaded with the engine, at the first question.
 */
import { flattenMembers } from '../../engine/types/members.js';
import { stripTypedefs } from '../../engine/types/layout.js';
import { parseCType } from '../../engine/types/declaration.js';
import { typeName } from '../../engine/types/typeName.js';
import type { CType } from '../../engine/types/model.js';
import { profileWith } from '../../engine/types/bundled.js';
import type { Profile } from '../../engine/types/profile.js';
import {
  allBuiltins,
  defaultMachine,
  describedMachine,
  forms,
  preludeDocs,
  readScenario,
} from '../../scenario/index.js';

export interface KernelWord {
  readonly name: string;
  readonly kind: 'function' | 'macro' | 'constant' | 'variable' | 'struct';
  /** A prototype, a macro's head, or a type. */
  readonly signature: string;
  readonly doc: string;
  /** `mm/page_alloc.c`; '' for what only scenarios have. */
  readonly source: string;
}

/** Functions, forms and macros, whatever the machine. */
const callables: ReadonlyMap<string, KernelWord> = new Map(
  [
    ...preludeDocs().map((macro): KernelWord => ({ ...macro, kind: 'macro' })),
    ...forms.map((form): KernelWord => ({ ...form, kind: 'macro' })),
    ...allBuiltins.map(({ name, signature, doc, source }): KernelWord => ({
      name,
      kind: 'function',
      signature,
      doc,
      source,
    })),
  ].map((word) => [word.name, word]),
);

/** The kernel build of the machine that a scenario's pragma names. */
export function profileOf(text: string): Profile {
  const { profile, compound } = describedMachine(readScenario(text).machine) ?? defaultMachine;
  return profileWith(profile, { compound });
}

export function* kernelWords(profile: Profile): Iterable<KernelWord> {
  yield* callables.values();
  const plain = { doc: '', source: '' };
  for (const name of new Set(profile.constantNames()))
    if (!callables.has(name)) yield { name, kind: 'constant', signature: '', ...plain };
  for (const name of profile.types.names().structs)
    yield { name: `struct ${name}`, kind: 'struct', signature: '', ...plain };
  for (const name of profile.symbolNames()) {
    const type = profile.symbol(name)?.type;
    if (type !== undefined && type.kind !== 'function' && !callables.has(name))
      yield { name, kind: 'variable', signature: typeName(type, name), ...plain };
  }
}

/** One of them, by its name; undefined for other words. */
export function kernelWord(profile: Profile, name: string): KernelWord | undefined {
  const callable = callables.get(name);
  if (callable !== undefined) return callable;
  const constant = profile.findConstant(name);
  if (constant !== undefined) {
    const value = constant < 0 || constant > 9 ? hex(constant, profile.pointerSize) : constant;
    return { name, kind: 'constant', signature: `${name} = ${value}`, doc: '', source: '' };
  }
  const type = profile.symbol(name)?.type;
  if (type === undefined || type.kind === 'function') return undefined;
  return { name, kind: 'variable', signature: typeName(type, name), doc: '', source: '' };
}

function hex(value: number, pointerSize: 4 | 8): string {
  const unsigned = BigInt.asUintN(pointerSize * 8, BigInt(value));
  return `0x${unsigned.toString(16)}`;
}

export interface MemberWord {
  readonly name: string;
  readonly type: string;
}

/**
 * The members of what an object expression denotes: `page`, `zone->free_area[2]`.
 * @param declared the type that the scenario declares for a name, as C spells it
 */
export function membersOf(
  profile: Profile,
  object: string,
  declared: (name: string) => string | undefined,
): readonly MemberWord[] {
  const [root = '', ...path] = object.match(/[A-Za-z_]\w*|\[/g) ?? [];
  const spelled = declared(root);
  let type: CType | undefined =
    spelled === undefined ? profile.symbol(root)?.type : parseCType(spelled, profile.types);
  for (const step of path) type = type && stepInto(type, step);
  const struct = type && structOf(type);
  return struct === undefined
    ? []
    : flattenMembers(struct).map(({ name, type: of }) => ({ name, type: typeName(of) }));
}

/** Of a member by its name, or of an element. */
function stepInto(type: CType, step: string): CType | undefined {
  const bare = stripTypedefs(type);
  if (step === '[')
    return bare.kind === 'array' ? bare.element : bare.kind === 'pointer' ? bare.target : undefined;
  const struct = structOf(type);
  return struct && flattenMembers(struct).find(({ name }) => name === step)?.type;
}

function structOf(type: CType) {
  const bare = stripTypedefs(type);
  const object = bare.kind === 'pointer' ? stripTypedefs(bare.target) : bare;
  return object.kind === 'struct' || object.kind === 'union' ? object : undefined;
}
