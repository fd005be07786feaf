/** `oracle build [--later] [KERNEL...]` */
import { OracleError } from '../lib/commands.mjs';
import { buildKernel, KERNELS } from '../lib/kernels.mjs';

export function build(args) {
  const names = args.filter((arg) => arg !== '--later');
  for (const name of names)
    if (!Object.hasOwn(KERNELS, name))
      throw new OracleError(
        `There is no kernel "${name}"; write one of ${Object.keys(KERNELS).join(', ')}.`,
      );
  const generation = args.includes('--later') ? 'later' : 'first';
  for (const name of names.length > 0 ? names : Object.keys(KERNELS)) buildKernel(name, generation);
}
