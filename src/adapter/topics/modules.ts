/**
 * DAP modules: the kernel build whose layouts, constants and symbols the machine has, and the scenario. The columns are what a user
 * has to know of a kernel that is debugged: which build, how true it is, where its memory came from.
 */
import { counted } from '../../engine/view/counted.js';
import type { Dap } from '../protocol/dap.js';
import { formatAddress } from '../../engine/memory/address.js';
import type { KernelImage } from '../../engine/image/kernelImage.js';
import type { Session } from '../session.js';
import type { Handlers } from './table.js';

export const KERNEL_MODULE = 'kernel';
export const SCENARIO_MODULE = 'scenario';

/** What a module has besides the protocol's own attributes. */
export const MODULE_COLUMNS: readonly Dap.ColumnDescriptor[] = [
  { attributeName: 'profile', label: 'Profile', type: 'string' },
  { attributeName: 'fidelity', label: 'Fidelity', type: 'string', width: 40 },
  { attributeName: 'origin', label: 'Where From', type: 'string', width: 30 },
];

type ColumnValues = Readonly<Record<'profile' | 'fidelity' | 'origin', string>>;

export const moduleHandlers = (session: Session): Handlers<'modules'> => ({
  modules({ startModule = 0, moduleCount = 0 }) {
    const { image, scenario } = session.current.target;
    const program = scenario?.program;
    const all = [
      kernelModule(image),
      ...(program === undefined
        ? []
        : [
            {
              id: SCENARIO_MODULE,
              name: program.name,
              path: program.path,
              isUserCode: true,
              symbolStatus: 'Compiled from its source',
              profile: image.profile.name,
              fidelity: 'runs as it is written',
              origin: 'file',
            },
          ]),
    ];
    const modules = all.slice(startModule, moduleCount > 0 ? startModule + moduleCount : undefined);
    return { modules, totalModules: all.length };
  },
});

function kernelModule(image: KernelImage): Dap.Module & ColumnValues {
  const { profile, mm } = image;
  const names = profile.symbolNames();
  const { kernelMap, pageOffset } = mm.linear;
  const start = kernelMap?.start ?? pageOffset;
  const frames =
    kernelMap === undefined
      ? mm.linear.directMapEndFrame
      : kernelMap.endFrame - kernelMap.startFrame;
  const address = (va: number): string => formatAddress(va, profile.pointerSize);
  return {
    id: KERNEL_MODULE,
    name: `Linux ${profile.release} ${profile.arch}`,
    version: profile.release,
    isUserCode: false,
    isOptimized: false,
    symbolStatus: `${counted(names.length, 'symbol')} and the types of the build`,
    addressRange: `${address(start)}-${address(start + frames * 4096 - 1)}`,
    profile: profile.name,
    fidelity: 'layouts, constants and symbols exact; each function as docs/fidelity.md says',
    origin: image.origin,
  };
}
