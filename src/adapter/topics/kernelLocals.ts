/**
 * Setting a local of a kernel function: a variable of the instrumented kernel, in no memory. The rest of the statement runs with the
 * new value, from this microstep on, in every replay.
 */
import type { Kernel } from '../../engine/machine/kernel.js';
import { PteWords, toPteWords } from '../../engine/machine/pteWords.js';
import { asVirt } from '../../engine/memory/address.js';
import { toAddress, type ScalarValue } from '../../engine/types/access.js';
import { sizeOf, stripTypedefs } from '../../engine/types/layout.js';
import type { CType } from '../../engine/types/model.js';
import { kernelNames } from '../evaluation/kernelNames.js';
import { memberParts } from '../evaluation/memberNames.js';
import type { KernelLocal } from '../present/shown.js';
import { errors } from '../protocol/errors.js';
import type { Session } from '../session.js';
import { scalarFor } from './editing.js';

/** @throws AdapterError with the reason where the value cannot be had */
export function assignLocal(
  session: Session,
  name: string,
  { index, type }: KernelLocal,
  expression: string,
): void {
  const { target } = session.current;
  const { timeline } = target;
  const frame = session.current.frames
    .of(target.currentTask())
    .find(({ view }) => view.kind === 'kernel' && view.index === index);
  const written = scalarFor(session, type, expression, frame?.id);
  const before = target.capturedLocals()[index]?.locals[name];
  timeline.editLocal({ index, name, value: asEngine(target.image.mm, type, written, before) });
  session.forgetFuture();
}

/** The local that an expression names in a kernel frame; undefined where it names none. */
export function kernelLocalNamed(
  session: Session,
  expression: string,
  frameId: number | undefined,
): KernelLocal | undefined {
  const view = frameId === undefined ? undefined : session.current.frames.get(frameId);
  if (view?.kind !== 'kernel') return undefined;
  const { target } = session.current;
  const captured = target.capturedLocals()[view.index];
  if (captured === undefined) return undefined;
  const { functionId, locals } = captured;
  const name = expression.trim();
  // Members of structures that are in no memory are not set.
  if (memberParts(name) !== undefined) return undefined;
  const found = kernelNames(target.image.mm, functionId, locals).find((one) => one.name === name);
  return found && { index: view.index, type: found.type };
}

/** The value as the engine keeps it: pointers as cells, truth as booleans where it has them. */
function asEngine(k: Kernel, type: CType, value: ScalarValue, before: unknown): unknown {
  const bare = stripTypedefs(type);
  if (typeof before === 'boolean') return Number(value) !== 0;
  if (bare.kind === 'pointer') {
    const address = toAddress(value, k.profile.pointerSize);
    if (address === undefined) throw errors.cannotAssign(`${value} is not an address.`);
    if (address === 0) return 0;
    if (k.phys_of(address) === undefined)
      throw errors.cannotAssign('Nothing is mapped there: mmscope keeps pointers to memory only.');
    return k.cell_of(asVirt(address));
  }
  const bits = sizeOf(bare, k.profile.pointerSize) * 8;
  const isSigned = (bare.kind === 'int' || bare.kind === 'enum') && bare.signed;
  const exact = isSigned ? BigInt.asIntN(bits, BigInt(value)) : BigInt.asUintN(bits, BigInt(value));
  if (before instanceof PteWords) return toPteWords(exact);
  return typeof before === 'bigint' ? exact : Number(exact);
}
