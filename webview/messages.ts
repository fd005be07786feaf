/**
 * What the map and the extension say to each other. Every message is one row of a union; binary data travels as typed
 * arrays. The map asks by number and is answered once; a map that was hidden asks again when it is shown.
 */
import type { FrameBody, MapArguments, MapBody, VerdictBody } from '../src/engine/view/map.js';

/** A slice of the machine, its states decoded. */
export interface MapSlice extends Omit<MapBody, 'states'> {
  readonly states: Uint8Array;
}

/** The session on show. */
export interface MapSession {
  readonly id: string;
  readonly name: string;
  /** `split-a-block.mms`; of a machine that is only looked into, its file. */
  readonly subject: string;
  readonly stopped: boolean;
  /** Grows with every stop and edit; slices of another epoch are stale. */
  readonly epoch: number;
  /** Grows with every stop. */
  readonly stop: number;
}

export interface Questions {
  readonly map: { readonly asks: MapArguments; readonly answer: MapSlice };
  readonly frame: { readonly asks: { readonly pfn: number }; readonly answer: FrameBody };
  readonly verdict: { readonly asks: Record<string, never>; readonly answer: VerdictBody };
}
export type Question = keyof Questions;

/** What a user can do with a selected frame. */
export type FrameAction = 'watch' | 'bytes' | 'copy';

/** From the map to the extension. */
export type FromMap =
  | { readonly type: 'ready' }
  | {
      readonly [Q in Question]: {
        readonly type: 'ask';
        readonly id: number;
        readonly question: Q;
        readonly asks: Questions[Q]['asks'];
      };
    }[Question]
  | { readonly type: 'act'; readonly action: FrameAction; readonly frame: FrameBody };

/** From the extension to the map. */
export type ToMap =
  | { readonly type: 'session'; readonly session: MapSession | undefined }
  | { readonly type: 'answer'; readonly id: number; readonly answer: Questions[Question]['answer'] }
  | { readonly type: 'failed'; readonly id: number; readonly message: string }
  | { readonly type: 'reveal'; readonly pfn: number };
