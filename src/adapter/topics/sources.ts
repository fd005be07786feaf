/** DAP source, loadedSources: the scenario, and the engine's kernel by reference. */
import { isHeader } from '../../scenario/index.js';
import { errors } from '../protocol/errors.js';
import type { Dap } from '../protocol/dap.js';
import type { Session } from '../session.js';
import { kernelFileOf, kernelFiles, kernelSource, kernelText } from '../debuggee/kernelSources.js';
import { isMachineSource, machineText } from '../debuggee/machineSource.js';
import { withChecksum } from './checksums.js';
import { typeSourceText } from '../debuggee/typeSources.js';
import type { Handlers } from './table.js';

const kernelFileSource = (file: string): Dap.Source =>
  withChecksum(kernelSource(file), kernelText(file).content);

export const sourceHandlers = (session: Session): Handlers<'source' | 'loadedSources'> => ({
  source({ source, sourceReference }) {
    const file = kernelFileOf(source ?? { sourceReference });
    if (file !== undefined) return kernelText(file);
    const image = session.live?.target.image;
    if (image !== undefined && isMachineSource(source ?? { sourceReference }))
      return { content: machineText(image), mimeType: 'text/plain' };
    const program = session.live?.target.scenario?.program;
    const own = program?.files.find(({ path }) => path === source?.path);
    if (own !== undefined) return { content: own.text, mimeType: 'text/x-mmscope' };
    const types = session.live?.target.image.profile;
    const type = types && typeSourceText(types, source ?? { sourceReference });
    if (type !== undefined) return { content: type, mimeType: 'text/x-c' };
    throw errors.noSuchSource(source?.path ?? source?.name ?? `reference ${sourceReference}`);
  },

  loadedSources() {
    const target = session.live?.target;
    // The kernel in the dump is not mmscope's.
    if (target?.image.dumped !== undefined) return { sources: [] };
    const program = target?.scenario?.program;
    const own =
      program?.files
        .filter((file) => !isHeader(file))
        .map(({ name, path, text }) => withChecksum({ name, path }, text)) ?? [];
    return { sources: [...own, ...kernelFiles(session.kernelLanguage).map(kernelFileSource)] };
  },
});
