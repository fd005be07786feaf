/**
 * Where things are: this folder, and the one folder that everything made goes into (build/oracle, which git ignores, or what
 * MMSCOPE_ORACLE names): `source/` the kernel's source, `objects/` what is compiled, `kernels/` and `guests/` what runs,
 * `recordings/` what was recorded.
 */
import path from 'node:path';

export const here = path.dirname(import.meta.dirname);
export const project = path.dirname(here);
const output = path.resolve(process.env.MMSCOPE_ORACLE || path.join(project, 'build', 'oracle'));

export const inOutput = (...parts) => path.join(output, ...parts);

/** As a person would write it: relative to where the command was given, if that is shorter. */
export function shown(file) {
  const relative = path.relative(process.cwd(), file);
  return relative !== '' && !relative.startsWith('..') ? relative : file;
}
