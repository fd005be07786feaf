/**
 * The kernel as builtins call it: every function of `src/engine/kernel` under its kernel name, `k: Kernel` first. The plain
 * compile and the instrumented one both fit, and a machine may change between them at any boundary.
 */
import type * as kernel from '../../engine/entry/functions.js';

export type KernelCalls = typeof kernel;
