/** What a session debugs, with everything that dies with it. */
import type { Frames } from './debuggee/frames.js';
import type { Target } from './debuggee/target.js';
import type { Ending } from './ending.js';
import type { VariableStore } from './present/variableStore.js';
import type { Reporter } from './reporter.js';
import type { ReverseProgress } from './reverseProgress.js';
import type { ThreadEvents } from './threadEvents.js';
import type { RunControl, Stopped } from './time/runControl.js';

export interface Live {
  readonly target: Target;
  readonly run: RunControl;
  readonly reporter: Reporter;
  readonly frames: Frames;
  readonly variables: VariableStore;
  readonly threads: ThreadEvents;
  readonly ending: Ending;
  readonly reverse: ReverseProgress;
  /** The stop the client was last told of. */
  stop: Stopped | undefined;
}
