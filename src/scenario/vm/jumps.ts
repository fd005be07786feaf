/**
 * setjmp() and longjmp(): a place in a function that is active, and the way back to it.
 *
 *     jmp_buf   [0] pc behind the call   [1] bytes of stack   [2] words of shadow in use   [3] values at hand, then these
 *
 * What a jmp_buf says is held against the frames that there are: a program may write over it, and return from the function.
 * Differs: glibc keeps registers there, and hides two of them. Source: C11 7.13; glibc's setjmp.h and __longjmp_chk().
 */
import type { Value } from '../semantics/arithmetic.js';
import { low32 } from '../semantics/arithmetic.js';
import { OPCODES } from '../compile/opcodes.js';
import { boundaryBefore } from './frames.js';
import type { Machine } from './machine.js';
import { TaskBug } from './signals.js';
import { behindTheKernel, isToTheKernel } from './taskStack.js';

const PC = 0;
const BYTES = 4;
const SHADOW = 8;
const NR_VALUES = 12;
const VALUES = 16;
/** How much of __jmpbuf there is: the registers that a build keeps. */
const bufferBytes = (m: Machine): number => (m.call.k.wide ? 64 : 24);

/** The builtin that remembers a place: a jump leads behind its call. */
const SETJMP = '__sigsetjmp';

/** A jump that is under way. */
export class TaskJump extends Error {
  constructor(
    readonly env: Value,
    readonly value: number,
    /** Calls by the kernel that it leaves. */
    public crossed: number,
  ) {
    super('jump');
    this.name = 'TaskJump';
  }
}

const at = (m: Machine, env: Value, offset: number): Value => m.call.offset(env, offset);
const word = (m: Machine, env: Value, offset: number): number =>
  low32(m.memory.load(at(m, env, offset), 4));

/** The builtin that runs is setjmp(): where it is. */
export function setJump(m: Machine, env: Value): void {
  const { values, stack } = m;
  if (VALUES + values.length * 8 > bufferBytes(m))
    throw new TaskBug(
      'BUG: setjmp() can stand alone, in a comparison or a condition only (C11 7.13.1.1)',
    );
  const { bytes, shadow } = stack.use;
  [m.pc, bytes, shadow, values.length].forEach((value, i) => {
    m.memory.store(at(m, env, i * 4), 4, value);
  });
  values.forEach((value, i) => {
    m.memory.store(at(m, env, VALUES + i * 8), 8, value);
  });
}

/** The builtin that runs is longjmp(). */
export function jump(m: Machine, env: Value, value: number): never {
  const crossed = callsBetween(m, env);
  if (crossed === undefined)
    m.call.abort(
      'glibc says: *** longjmp causes uninitialized stack frame ***: the function that called setjmp() is not active any more',
    );
  throw new TaskJump(env, value, crossed);
}

/** How many calls by the kernel lie between a place and the running function; undefined: the place is not in an active function. */
function callsBetween(m: Machine, env: Value): number | undefined {
  const pc = word(m, env, PC);
  if (!isBehindSetjmp(m, pc)) return undefined;
  const { boundaries } = m.program;
  const functionAt = (where: number): number | undefined =>
    boundaries[boundaryBefore(m.program, where)]?.function;
  const { stack } = m;
  const { use } = stack;
  const wanted = { bytes: word(m, env, BYTES), shadow: word(m, env, SHADOW) };
  let where = m.pc;
  let crossed = 0;
  let isFound: boolean;
  for (;;) {
    const { bytes, shadow } = stack.use;
    isFound = bytes === wanted.bytes && shadow === wanted.shadow;
    if (isFound || !stack.hasCaller) break;
    const returnPc = stack.pop();
    if (isToTheKernel(returnPc)) crossed++;
    where = behindTheKernel(returnPc) - 1;
  }
  stack.use = use;
  return isFound && functionAt(where) === functionAt(pc) ? crossed : undefined;
}

/** BUILTIN number, count and whether the result is wanted, site */
function isBehindSetjmp({ text: { code, builtins } }: Machine, pc: number): boolean {
  return code[pc - 4] === OPCODES.BUILTIN && builtins[code[pc - 3] as number]?.name === SETJMP;
}

/** The jump comes out of an instruction. False: the place is farther out. */
export function land(m: Machine, { env, value, crossed }: TaskJump): boolean {
  if (crossed > 0) return false;
  const { stack } = m;
  const wanted = word(m, env, SHADOW);
  while (stack.use.shadow !== wanted) {
    stack.pop();
    m.depth--;
    if (m.calledBack.isActive) m.calledBack.leave();
  }
  m.shallowest = Math.min(m.shallowest, m.depth);
  m.inBuiltin = false;
  m.pc = word(m, env, PC);
  m.values.length = 0;
  for (let i = 0; i < word(m, env, NR_VALUES); i++)
    m.push(m.memory.load(at(m, env, VALUES + i * 8), 8));
  if (((m.text.code[m.pc - 2] as number) & 1) === 1) m.push(value === 0 ? 1 : value);
  return true;
}
