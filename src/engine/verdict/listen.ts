/** Recording attempts while the instrumented kernel runs. */
import { listenTo, type LocalsThunk, type ProbeListener } from '../probe.js';
import { kernelCall } from '../entry/kernelCall.js';
import type { AttemptRecorder } from './recorder.js';

interface Active {
  readonly functionId: number;
  locals: LocalsThunk | undefined;
}

/** What hears the instrumented kernel for a recorder. */
export function attemptListener(recorder: AttemptRecorder): ProbeListener {
  const stack: Active[] = [];
  return {
    enter: (functionId: number) => void stack.push({ functionId, locals: undefined }),
    at: (_statementId: number, locals: LocalsThunk) => {
      const top = stack.at(-1);
      if (top === undefined) return;
      const isEntry = top.locals === undefined;
      top.locals = locals;
      if (isEntry) recorder.entered(kernelCall(top.functionId, () => top.locals?.()));
    },
    leave: () => {
      // A function without statements was never entered.
      if (stack.pop()?.locals !== undefined) recorder.left();
    },
  };
}

/** Runs something that calls the instrumented kernel; the recorder holds its attempts to allocate afterwards. */
export function recordAttempts<T>(recorder: AttemptRecorder, run: () => T): T {
  try {
    return listenTo(attemptListener(recorder), run);
  } finally {
    recorder.end();
  }
}
