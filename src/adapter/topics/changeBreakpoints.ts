/** The custom request about the data breakpoints of the window Memory (src/engine/view/changeBreakpoints.ts). */
import type {
  ChangeBreakpoint,
  ChangeBreakpointsArguments,
} from '../../engine/view/changeBreakpoints.js';
import { parseDataId, watchedWords, type DataTarget } from '../breakpoints/dataTarget.js';
import type { OwnBreakpoint } from '../breakpoints/store.js';
import { fact, formatOf, group, type Shown } from '../present/shown.js';
import { showPlace } from '../present/typedValue.js';
import { errors } from '../protocol/errors.js';
import type { Session } from '../session.js';
import { findTarget } from './dataBreakpoints.js';
import type { Handlers } from './table.js';

export const changeBreakpointHandlers = (
  session: Session,
): Handlers<'mmscope/changeBreakpoints'> => ({
  'mmscope/changeBreakpoints'(args = {}) {
    const { breakpoints } = session;
    const wanted = wantedTarget(session, args);
    if (wanted !== undefined) {
      session.dataTargets.set(wanted.dataId, wanted);
      breakpoints.addOwn(wanted.dataId);
    }
    if (args.remove !== undefined && !breakpoints.removeOwn(args.remove))
      throw errors.badArguments(`There is no breakpoint ${args.remove} of the window Memory.`);
    session.arm();
    return { breakpoints: changeBreakpoints(session) };
  },
});

/** @throws AdapterError where there is nothing to watch */
function wantedTarget(
  session: Session,
  { add, frameId, address, bytes }: ChangeBreakpointsArguments,
): DataTarget | undefined {
  if (add === undefined && address === undefined) return undefined;
  const found = findTarget(session, {
    name: add ?? address ?? '',
    ...(frameId !== undefined && { frameId }),
    ...(add === undefined && { asAddress: true, bytes: bytes ?? 1 }),
  });
  if (typeof found === 'string') throw errors.badArguments(found);
  if (watchedWords(session.current.target.image, found.place) === undefined)
    throw errors.badArguments(`There is no memory at ${found.label}.`);
  return found;
}

const changeBreakpoints = (session: Session): ChangeBreakpoint[] =>
  session.breakpoints.ownData.map((own) => {
    const { id, dataId, problem } = own;
    const found = targetOfOwn(session, own);
    return {
      id,
      label: found?.label ?? dataId,
      ...(found !== undefined && { value: valueOf(session, found) }),
      ...(problem !== undefined && { problem }),
    };
  });

function valueOf({ current, numberFormat }: Session, { label, place }: DataTarget): string {
  const format = formatOf(undefined, numberFormat);
  return showPlace(current.target.context, label, place, undefined, format).value;
}

const targetOfOwn = (session: Session, { dataId }: OwnBreakpoint): DataTarget | undefined =>
  session.dataTargets.get(dataId) ?? parseDataId(session.current.target.context, dataId);

/** Under Machine, while there are any: what stops the machine that no list of the client names. */
export function showChangeBreakpoints(session: Session): readonly Shown[] {
  const { ownData } = session.breakpoints;
  if (ownData.length === 0) return [];
  return [
    group('stops on change', `${ownData.length}, set in the window Memory`, {
      named: () =>
        changeBreakpoints(session).map(({ label, value, problem }) =>
          fact(label, problem ?? value ?? ''),
        ),
    }),
  ];
}
