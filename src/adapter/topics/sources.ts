/** DAP source, loadedSources: the scenario, and the engine's kernel by reference. */
import { tables } from '../../engine/entry/instrumented.js';
import { errors } from '../protocol/errors.js';
import type { Session } from '../session.js';
import { KERNEL_FILES, kernelFileOf, kernelSource } from '../debuggee/kernelSources.js';
import type { Handlers } from './table.js';

export const sourceHandlers = (session: Session): Handlers<'source' | 'loadedSources'> => ({
  source({ source, sourceReference }) {
    const file = kernelFileOf(source ?? { sourceReference });
    if (file !== undefined)
      return { content: tables.sources[file] ?? '', mimeType: 'text/x-typescript' };
    const program = session.live?.target.scenario?.program;
    if (program !== undefined && source?.path === program.path)
      return { content: program.text, mimeType: 'text/x-mmscope' };
    throw errors.noSuchSource(source?.path ?? source?.name ?? `reference ${sourceReference}`);
  },

  loadedSources() {
    const program = session.live?.target.scenario?.program;
    const own = program === undefined ? [] : [{ name: program.name, path: program.path }];
    return { sources: [...own, ...KERNEL_FILES.map(kernelSource)] };
  },
});
