/**
 * What the window Memory and the extension say to each other. Every message is one row of a union. The window asks by number and
 * is answered once; a window that was hidden asks again when it is shown.
 */
import type { FrameBody } from '../src/engine/view/map.js';
import type { ViewRequest, ViewRequests } from '../src/engine/view/viewRequests.js';

/** The session on show. */
export interface MapSession {
  readonly id: string;
  readonly name: string;
  /** `split-a-block.mms`; of a machine that is only looked into, its file. */
  readonly subject: string;
  readonly stopped: boolean;
  /** Grows with every stop and edit; what was asked in another epoch is stale. */
  readonly epoch: number;
  /** Grows with every stop. */
  readonly stop: number;
  /** Other sessions run at the same time: the window says whose machine it shows. */
  readonly isOneOfMany?: boolean;
}

/** What the extension can do for a view. */
export type Act =
  /** Adds the frame's struct page to the watches. */
  | { readonly action: 'watch'; readonly expression: string }
  /** Shows bytes: in the hex editor where there is one, else as text. */
  | {
      readonly action: 'bytes';
      readonly frame: Pick<FrameBody, 'pfn' | 'phys' | 'memoryReference'>;
    }
  | { readonly action: 'copy'; readonly text: string }
  /** Asks for a file, and writes it. `data` is text, or base64 with `binary`. */
  | {
      readonly action: 'save';
      readonly name: string;
      readonly data: string;
      readonly binary?: boolean;
    }
  /** Sets what an expression denotes, as the Variables view does. */
  | { readonly action: 'set'; readonly expression: string; readonly value: string }
  /** Shows the expression in the debug console, evaluated. */
  | { readonly action: 'evaluate'; readonly expression: string }
  /** Starts the session again that has ended. */
  | { readonly action: 'startAgain' };

/** From the window to the extension. */
export type FromMap =
  | { readonly type: 'ready' }
  | {
      readonly type: 'ask';
      readonly id: number;
      readonly request: ViewRequest;
      readonly args: ViewRequests[ViewRequest]['arguments'];
    }
  | { readonly type: 'act'; readonly act: Act };

/** From the extension to the window. */
export type ToMap =
  | { readonly type: 'session'; readonly session: MapSession | undefined }
  | { readonly type: 'answer'; readonly id: number; readonly body: unknown }
  | { readonly type: 'failed'; readonly id: number; readonly message: string }
  | { readonly type: 'reveal'; readonly pfn: number };
