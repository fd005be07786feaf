/** What a custom request to the adapter needs and what a failed one says. */
import { debug, DebugStackFrame } from 'vscode';

/** The frame that the user looks at. */
export function focusedFrameId(): number | undefined {
  const item = debug.activeStackItem;
  return item instanceof DebugStackFrame ? item.frameId : undefined;
}

export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

/** A variable of the variables view, as its context menu hands it over. */
export interface VariableContext {
  readonly container?: { readonly variablesReference?: number };
  readonly variable?: {
    readonly name?: string;
    readonly evaluateName?: string;
    readonly memoryReference?: string;
  };
}
