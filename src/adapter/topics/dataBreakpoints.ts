/** DAP dataBreakpointInfo, setDataBreakpoints. */
import { bytesTarget, targetOf, watchedWords, type DataTarget } from '../breakpoints/dataTarget.js';
import { BREAKPOINT_MODES, withMode } from '../breakpoints/breakpointModes.js';
import { ACCESSES } from '../breakpoints/dataWatch.js';
import { childNamed } from '../present/shown.js';
import { AdapterError, errors } from '../protocol/errors.js';
import type { Dap } from '../protocol/dap.js';
import type { Session } from '../session.js';
import { bitDenoted } from '../evaluation/bitExpression.js';
import { addressIn } from '../evaluation/addressText.js';
import { parseReference } from '../debuggee/memoryReference.js';
import { viewpointOf } from './viewpoint.js';
import { settled } from './breakpoints.js';
import type { Handlers } from './table.js';

export const dataBreakpointHandlers = (
  session: Session,
): Handlers<'dataBreakpointInfo' | 'setDataBreakpoints'> => ({
  dataBreakpointInfo(args) {
    const { target } = session.current;
    if (args.mode !== undefined && !BREAKPOINT_MODES.some(({ mode }) => mode === args.mode))
      throw errors.badArguments(
        `'${args.mode}' is not a mode of data breakpoints: ${BREAKPOINT_MODES.map(({ mode }) => mode).join(', ')}.`,
      );
    const found = findTarget(session, args);
    if (typeof found === 'string') return { dataId: null, description: found };
    if (watchedWords(target.image, found.place) === undefined)
      return { dataId: null, description: `There is no memory at ${found.label}.` };
    session.dataTargets.set(found.dataId, found);
    return {
      dataId: withMode(found.dataId, args.mode),
      description: args.mode === 'before' ? `${found.label}, before the line` : found.label,
      accessTypes: [...ACCESSES],
      canPersist: true,
    };
  },

  async setDataBreakpoints({ breakpoints }) {
    await session.loading;
    session.breakpoints.setData(breakpoints);
    return { breakpoints: settled(session, () => session.breakpoints.answersOfData()) };
  },
});

/** What is to be watched, or the reason why nothing can be. */
export function findTarget(
  session: Session,
  args: Dap.DataBreakpointInfoArguments,
): DataTarget | string {
  const { target, variables } = session.current;
  const { name, variablesReference, bytes } = args;
  if (args.asAddress === true) return byAddress(session, name, bytes ?? 1);
  if (variablesReference !== undefined && variablesReference > 0) {
    const child = childNamed(variables.get(variablesReference), name);
    if (child === undefined) throw errors.noSuchVariable(name);
    if (child.place === undefined)
      return `'${name}' is computed from other values and has no memory of its own.`;
    return targetOf(target.context, child.place, child.watchName ?? name);
  }
  return byExpression(session, name, args.frameId, bytes);
}

/** `page->flags` watches the object; `&page->flags`, being a pointer that is in no memory, what it points to. */
function byExpression(
  session: Session,
  expression: string,
  frameId: number | undefined,
  bytes: number | undefined,
): DataTarget | string {
  const { target } = session.current;
  try {
    const at = viewpointOf(session, frameId);
    const { place, type, value } = target.evaluator.evaluate(expression, at);
    const bit = bitDenoted(target.evaluator, target.image.profile.pointerSize, expression, at);
    if (bit !== undefined) return targetOf(target.context, bit, expression);
    const address = addressIn(target.image.profile, type, value);
    if (place !== undefined) {
      return bytes === undefined
        ? targetOf(target.context, place, expression)
        : bytesTarget(target.context, place.address, bytes);
    }
    if (address === undefined) return `'${expression}' has no memory of its own.`;
    return bytes === undefined && address.pointee !== undefined
      ? targetOf(target.context, address.pointee, `*${expression}`)
      : bytesTarget(target.context, address.va, bytes ?? 1);
  } catch (error) {
    if (error instanceof AdapterError) return error.message;
    throw error;
  }
}

function byAddress(session: Session, text: string, bytes: number): DataTarget | string {
  const { target } = session.current;
  const address = parseReference(target.image, text);
  if (address === undefined) throw errors.badAddress(text);
  if (bytes < 1 || bytes > 4096) return `A data breakpoint watches 1 to 4096 bytes, not ${bytes}.`;
  return bytesTarget(target.context, address, bytes);
}
