/**
 * Calls of the kernel functions that are listened to. Their parameters and locals have the names and types that the functions
 * declare (kernelLocals/): what a listener reads is checked when it is compiled.
 */
import { tables } from './instrumented.js';
import type { KernelLocals } from './kernelLocals/kernelLocals.js';

export type ListenedFunction = keyof KernelLocals;

/** A call of a kernel function. Its locals are as they are when they are asked for. */
export interface KernelCall<Locals = unknown> {
  readonly name: string;
  readonly locals: () => Locals;
}

/** What to do at calls, by function. */
export type CallHandlers<Rest extends readonly unknown[]> = {
  readonly [F in ListenedFunction]?: (locals: KernelLocals[F], ...rest: Rest) => void;
};

/** A call of the instrumented kernel's function of that number. */
export const kernelCall = (functionId: number, locals: () => unknown): KernelCall => ({
  name: tables.functions[functionId]?.name ?? '?',
  locals,
});

/** The tables and KernelLocals are made from the same sources, so a function's name says what its locals are. */
export const isCallOf = <F extends ListenedFunction>(
  call: KernelCall | undefined,
  name: F,
): call is KernelCall<KernelLocals[F]> => call?.name === name;

/** Calls the handler of the function, if there is one. */
export function handleCall<Rest extends readonly unknown[]>(
  handlers: CallHandlers<Rest>,
  call: KernelCall,
  ...rest: Rest
): void {
  const handler = handlers[call.name as ListenedFunction] as
    ((locals: unknown, ...rest: Rest) => void) | undefined;
  handler?.(call.locals(), ...rest);
}
