/**
 * DAP initialize, launch, configurationDone, restart, terminate, disconnect, cancel.
 */
import { CAPABILITIES, clientTraits } from '../protocol/capabilities.js';
import { errors } from '../protocol/errors.js';
import type { LaunchArguments } from '../protocol/dap.js';
import { LinuxSource } from '../debuggee/linuxSource.js';
import type { Session } from '../session.js';
import type { Handlers } from './table.js';

export const lifecycleHandlers = (
  session: Session,
): Handlers<
  'initialize' | 'launch' | 'configurationDone' | 'restart' | 'terminate' | 'disconnect' | 'cancel'
> => ({
  initialize(args, { afterResponse }) {
    const { pathFormat = 'path' } = args;
    if (pathFormat !== 'path')
      throw errors.badArguments(
        `Paths must be file paths: pathFormat '${pathFormat}' is not supported.`,
      );
    session.traits = clientTraits(args);
    session.counting.adopt(args);
    afterResponse(() => session.connection.event('initialized'));
    return CAPABILITIES;
  },

  async launch(args, { afterResponse }) {
    if (session.launchArguments !== undefined) throw errors.alreadyLaunched();
    session.launchArguments = args;
    const loading = open(session, args);
    session.loading = loading.catch(() => undefined);
    try {
      await loading;
    } catch (error) {
      session.launchArguments = undefined;
      throw error;
    }
    afterResponse(() => session.startWhenReady());
    return undefined;
  },

  configurationDone(_args, { afterResponse }) {
    afterResponse(() => session.configurationDone());
    return undefined;
  },

  /** Loads the scenario anew: it may have been edited meanwhile. Same seed, same run. */
  async restart(args, { afterResponse }) {
    const given = (args as { readonly arguments?: LaunchArguments } | undefined)?.arguments;
    const next = given ?? session.launchArguments ?? {};
    session.unload();
    session.launchArguments = next;
    const loading = open(session, next);
    session.loading = loading.catch(() => undefined);
    await loading;
    afterResponse(() => session.startWhenReady());
    return undefined;
  },

  terminate(_args, { afterResponse }) {
    afterResponse(() => {
      session.unload();
      session.connection.event('terminated');
    });
    return undefined;
  },

  disconnect(_args, { afterResponse }) {
    afterResponse(() => session.hangUp());
    return undefined;
  },

  cancel({ requestId }) {
    if (requestId !== undefined) session.connection.cancel(requestId);
    return undefined;
  },
});

async function open(session: Session, args: LaunchArguments): Promise<void> {
  const { program, core, state, kernelSource } = args;
  if ([program, core, state].every((path) => path === undefined || path === ''))
    throw errors.nothingToDebug();
  if (kernelSource === 'typescript') session.kernelLanguage = kernelSource;
  else if (kernelSource !== undefined && kernelSource !== '' && kernelSource !== 'c')
    session.linuxSource = new LinuxSource(session.host, session.host.resolvePath(kernelSource));
  await session.load(args);
}
