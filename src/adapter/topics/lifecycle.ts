/**
 * DAP initialize, launch, configurationDone, restart, terminate, disconnect, cancel.
 */
import { CAPABILITIES, clientTraits } from '../protocol/capabilities.js';
import { errors } from '../protocol/errors.js';
import { PATH_FORMATS } from '../protocol/paths.js';
import type { LaunchArguments } from '../protocol/dap.js';
import type { RequestContext } from '../protocol/connection.js';
import type { Session } from '../session.js';
import type { Handlers } from './table.js';

export const lifecycleHandlers = (
  session: Session,
): Handlers<
  'initialize' | 'launch' | 'configurationDone' | 'restart' | 'terminate' | 'disconnect' | 'cancel'
> => ({
  initialize(args, { afterResponse }) {
    const { pathFormat = 'path' } = args;
    if (!PATH_FORMATS.some((format) => format === pathFormat))
      throw errors.badArguments(`'pathFormat' must be 'path' or 'uri', not '${pathFormat}'.`);
    session.traits = clientTraits(args);
    session.counting.adopt(args);
    session.connection.paths.adopt(args);
    afterResponse(() => session.connection.event('initialized'));
    return CAPABILITIES;
  },

  async launch(args, context) {
    if (session.isLaunched) throw errors.alreadyLaunched();
    // One that was cancelled is on its way out.
    await session.loading;
    await open(session, args, context);
    return undefined;
  },

  configurationDone(_args, { afterResponse }) {
    afterResponse(() => session.configurationDone());
    return undefined;
  },

  /** Loads the scenario anew: it may have been edited meanwhile. Same seed, same run. */
  async restart(args, context) {
    const given = (args as { readonly arguments?: LaunchArguments } | undefined)?.arguments;
    const next = given ?? session.launchArguments;
    if (next === undefined) throw errors.notLaunched('restart');
    // The client has the machine standing for as long as it is not told otherwise, and the old stop's reason with it.
    context.afterResponse(() =>
      session.connection.event('continued', { threadId: 1, allThreadsContinued: true }),
    );
    await open(session, next, context);
    return undefined;
  },

  terminate(_args, { afterResponse }) {
    session.cancelLoading();
    afterResponse(() => {
      session.unload();
      session.connection.event('terminated');
    });
    return undefined;
  },

  disconnect(_args, { seq, afterResponse }) {
    session.connection.cancelAllBut(seq);
    afterResponse(() => session.hangUp());
    return undefined;
  },

  cancel({ requestId, progressId }) {
    if (requestId !== undefined) session.connection.cancel(requestId);
    if (progressId !== undefined) session.progress.cancel(progressId);
    return undefined;
  },
});

/** A machine takes the place of the one that is there when it is loaded; until then, and if it cannot be, that one stays. */
async function open(
  session: Session,
  args: LaunchArguments,
  context: RequestContext,
): Promise<void> {
  const { program, core, state } = args;
  if ([program, core, state].every((path) => path === undefined || path === ''))
    throw errors.nothingToDebug();
  const loading = session.load(args, context);
  // What waits for it is answered behind it.
  const answered = new Promise<void>((resolve) => context.afterResponse(resolve));
  session.loading = loading.then(
    () => answered,
    () => undefined,
  );
  await loading;
  context.afterResponse(() => session.startWhenReady());
}
