/**
 * From a request's name to its handler: the one table of the adapter, in front of it what every request is checked for.
 */
import { heeded } from './heeded.js';
import { checkArguments } from './protocol/arguments.js';
import type { Dispatch, RequestContext } from './protocol/connection.js';
import type { Command } from './protocol/dap.js';
import { errors } from './protocol/errors.js';
import type { Session } from './session.js';
import { addressHandlers } from './topics/address.js';
import { allocatorHandlers } from './topics/allocators.js';
import { breakpointHandlers } from './topics/breakpoints.js';
import { dataBreakpointHandlers } from './topics/dataBreakpoints.js';
import { evaluateHandlers } from './topics/evaluate.js';
import { exportHandlers } from './topics/export.js';
import { exceptionHandlers } from './topics/exceptions.js';
import { frameChangesHandlers } from './topics/frameChanges.js';
import { frameValuesHandlers } from './topics/frameValues.js';
import { gotoHandlers } from './topics/gotoTargets.js';
import { restartFrameHandlers } from './topics/restartFrame.js';
import { stepInTargetHandlers } from './topics/stepInTargets.js';
import { moduleHandlers } from './topics/modules.js';
import { disassemblyHandlers } from './topics/disassembly.js';
import { historyHandlers } from './topics/history.js';
import { lifecycleHandlers } from './topics/lifecycle.js';
import { locateHandlers } from './topics/locate.js';
import { locationHandlers } from './topics/locations.js';
import { mapHandlers } from './topics/map.js';
import { memoryHandlers } from './topics/memory.js';
import { numberFormatHandlers } from './topics/numberFormat.js';
import { sourceHandlers } from './topics/sources.js';
import { stackHandlers } from './topics/stack.js';
import { steppingHandlers } from './topics/stepping.js';
import { timelineHandlers } from './topics/timeline.js';
import { LOOKS, NEEDS, type Handlers, type Needs } from './topics/table.js';
import { variableHandlers } from './topics/variables.js';
import { changeBreakpointHandlers } from './topics/changeBreakpoints.js';
import { virtualHandlers } from './topics/virtual.js';

export function dispatcher(session: Session): Dispatch {
  const handlers: Handlers = {
    ...lifecycleHandlers(session),
    ...breakpointHandlers(session),
    ...dataBreakpointHandlers(session),
    ...changeBreakpointHandlers(session),
    ...steppingHandlers(session),
    ...stackHandlers(session),
    ...variableHandlers(session),
    ...evaluateHandlers(session),
    ...exceptionHandlers(session),
    ...memoryHandlers(session),
    ...exportHandlers(session),
    ...sourceHandlers(session),
    ...mapHandlers(session),
    ...locateHandlers(session),
    ...frameChangesHandlers(session),
    ...frameValuesHandlers(session),
    ...timelineHandlers(session),
    ...addressHandlers(session),
    ...historyHandlers(session),
    ...moduleHandlers(session),
    ...disassemblyHandlers(session),
    ...stepInTargetHandlers(session),
    ...gotoHandlers(session),
    ...restartFrameHandlers(session),
    ...locationHandlers(session),
    ...numberFormatHandlers(session),
    ...virtualHandlers(session),
    ...allocatorHandlers(session),
  };
  return (request, context) => {
    const { command } = request;
    if (!Object.hasOwn(handlers, command)) throw errors.unknownRequest(command);
    const known = command as Command;
    const answer = (): unknown => {
      require(session, NEEDS[known], command);
      const args = checkArguments(known, request.arguments);
      const handle = (): unknown => handlers[known](args as never, context);
      return LOOKS.has(known) ? heeded(session, context, handle) : handle();
    };
    return NEEDS[known] === 'stop' && session.occupied !== undefined
      ? whenFree(session, context, answer)
      : answer();
  };
}

/** Behind the answer that is being worked out, and those that wait already. */
async function whenFree(
  session: Session,
  { cancelled }: RequestContext,
  answer: () => unknown,
): Promise<unknown> {
  while (session.occupied !== undefined) await session.occupied;
  if (cancelled()) throw errors.cancelled();
  return answer();
}

/** @throws AdapterError when the session is not as far as the request needs it */
function require({ traits, live }: Session, needs: Needs, command: string): void {
  if (needs === 'nothing') return;
  if (needs === 'no client') {
    if (traits !== undefined) throw errors.alreadyInitialized();
    return;
  }
  if (traits === undefined) throw errors.notInitialized(command);
  if (needs === 'client') return;
  if (live === undefined) throw errors.notLaunched(command);
  if (needs === 'stop' && live.ending.isOver) throw errors.ended();
  if (needs === 'stop' && (live.run.running || live.stop === undefined)) throw errors.running();
}
