/** What ends a statement before its end. Thrown inside the machine and caught in it; nobody outside sees one. */

import type { VirtAddr } from '../../engine/memory/address.js';
import type { BlockReason } from '../builtins/call.js';

/** A function that the kernel called has to wait: the statement is undone. */
export class TaskBlocked extends Error {
  constructor(
    readonly reason: BlockReason,
    /** What queues the task, once the statement is undone; undefined: it stands in no queue of the kernel's. */
    readonly again?: () => void,
  ) {
    super('blocked');
    this.name = 'TaskBlocked';
  }
}

/** BUG(): the task is over. */
export class TaskBug extends Error {
  constructor(readonly text: string) {
    super(text);
    this.name = 'TaskBug';
  }
}

/** What a process gets for an access that it may not make, or gives itself by abort(). */
export interface SignalInfo {
  readonly signal: 'SIGABRT' | 'SIGBUS' | 'SIGKILL' | 'SIGSEGV';
  /** si_code: `SEGV_MAPERR`, `SEGV_ACCERR`, `BUS_ADRERR`; of abort() `SI_TKILL`. */
  readonly code: string;
  /** 0 of abort(). */
  readonly va: VirtAddr;
  /** Of the page fault. */
  readonly errorCode: number;
  /** One sentence without a full stop. */
  readonly reason: string;
}

/** A signal that the process gets: it ends there, unless it has a handler. */
export class TaskSignal extends Error {
  constructor(readonly info: SignalInfo) {
    super(info.signal);
    this.name = 'TaskSignal';
  }
}

/** si_code. Source: Linux 6.1 include/uapi/asm-generic/siginfo.h. */
export const SIGNAL_CODES: Readonly<Record<string, number>> = {
  SEGV_MAPERR: 1,
  SEGV_ACCERR: 2,
  BUS_ADRERR: 2,
  SI_KERNEL: 0x80,
  SI_TKILL: -6,
};

/** Source: Linux 6.1 arch/x86/include/uapi/asm/signal.h. */
export const SIGNAL_NUMBERS: Readonly<Record<SignalInfo['signal'], number>> = {
  SIGABRT: 6,
  SIGBUS: 7,
  SIGKILL: 9,
  SIGSEGV: 11,
};
