/**
 * `debug_vm=on` on a command line: the kernel checks what a kernel with CONFIG_DEBUG_VM checks, and mmscope tells misuse of its
 * functions (scenario/builtins/misuse.ts).
 *
 * Differs: in Linux the option is one of the build, and the parameter only switches parts of it off
 * (Documentation/admin-guide/kernel-parameters.txt).
 */
import { readArguments } from './commandLine.js';

/** Whether a command line asks for it. The last one counts. */
export function debugVmIn(commandLine: string): boolean {
  const value = readArguments(commandLine).findLast(({ name }) => name === 'debug_vm')?.value;
  return value !== undefined && !/^(?:off|0|n|-)$/i.test(value);
}
