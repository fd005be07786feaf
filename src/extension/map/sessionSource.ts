/** The session on show as a map's machine: its questions go to the adapter as custom requests. */
import path from 'node:path';
import type { DebugSession } from 'vscode';
import { focusedFrameId } from '../debug/customRequest.js';
import type { Sessions } from '../debug/sessions.js';
import { perform } from './acts.js';
import type { MapSource } from './mapView.js';

export const sessionSource = (sessions: Sessions): MapSource => ({
  get session() {
    const state = sessions.current;
    return (
      state && {
        id: state.session.id,
        name: state.session.name,
        subject: subjectOf(state.session),
        stopped: state.stopped,
        epoch: state.epoch,
        stop: state.stop,
        isOneOfMany: sessions.count > 1,
      }
    );
  },
  onDidChange: (listener) => sessions.onDidChange(() => listener()),
  async answer(request, args) {
    const session = sessions.current?.session;
    if (session === undefined) throw new Error('no session');
    return (await session.customRequest(request, seenFrom(request, args))) as unknown;
  },
  perform: (act) => perform(act, sessions.current?.session),
});

/** The file that a session is about: its scenario, else its machine's. */
function subjectOf({ configuration }: DebugSession): string {
  const given = [configuration['program'], configuration['core'], configuration['state']];
  const file = given.find((value) => typeof value === 'string' && value !== '') as
    string | undefined;
  return file === undefined ? '' : path.basename(file);
}

/** What a user types to be found is meant in the frame that is looked at. */
function seenFrom(request: string, args: unknown): unknown {
  const isTyped = request === 'mmscope/locate' && (args as { text?: string }).text !== undefined;
  return isTyped ? { frameId: focusedFrameId(), ...(args as object) } : args;
}
