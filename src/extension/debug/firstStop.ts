/**
 * What is in sight when a session starts: the Run and Debug view, whose Variables, Breakpoints and Call Stack the scenarios speak
 * of; and the debug console not before something is printed to it. The focus ends up in the editor.
 *
 * VS Code's own settings come first: `debug.openDebug` "neverOpen", and any `internalConsoleOptions` that the user chose.
 */
import {
  commands,
  debug,
  DebugStackFrame,
  Disposable,
  workspace,
  type DebugConfiguration,
  type DebugSession,
} from 'vscode';
import { MMSCOPE } from '../identity.js';
import { isLaunch } from './sessionMessages.js';
import type { SessionMessage, Sessions } from './sessions.js';

const SHOW_VARIABLES = 'workbench.debug.action.focusVariablesView';
const SHOW_RUN_VIEW = 'workbench.view.debug';
const SHOW_CONSOLE = 'workbench.panel.repl.view.focus';
/** Marks a configuration whose console this file opens. */
const OPENS_CONSOLE = '__mmscopeOpensConsole';
/** Output that is not for people to read. */
const SILENT = new Set(['telemetry']);

/** Keeps the console closed at the start of a session, unless the user has said when it is to open. */
export function withQuietConsole(config: DebugConfiguration): DebugConfiguration {
  const isChosen = 'internalConsoleOptions' in config || isSet('internalConsoleOptions');
  if (isChosen || config['noDebug'] === true) return config;
  return { ...config, internalConsoleOptions: 'neverOpen', [OPENS_CONSOLE]: true };
}

export function registerFirstStop(sessions: Sessions): Disposable {
  /** Sessions that have stopped once. */
  const seen = new Set<string>();
  /** Sessions whose console has been opened, or was not ours to open. */
  const heard = new Set<string>();
  const opensRunView = ({ type, configuration }: DebugSession): boolean =>
    type === MMSCOPE &&
    configuration['noDebug'] !== true &&
    workspace.getConfiguration('debug').get('openDebug') !== 'neverOpen';
  const showVariables = (session: DebugSession): void => {
    if (seen.has(session.id)) return;
    seen.add(session.id);
    if (opensRunView(session)) show(SHOW_VARIABLES);
  };
  const openConsole = ({ session }: SessionMessage): void => {
    if (heard.has(session.id)) return;
    heard.add(session.id);
    if (session.configuration[OPENS_CONSOLE] === true) show(SHOW_CONSOLE);
  };
  return Disposable.from(
    // Before it shows a frame, VS Code has no Variables view to open.
    debug.onDidChangeActiveStackItem((item) => {
      if (item instanceof DebugStackFrame) showVariables(item.session);
    }),
    sessions.onDidSend((told) => {
      const { type, event, body } = told.message;
      // What is in sight at a stop shows the locals; the stop itself takes the focus back to the editor.
      if (isLaunch(told.message) && opensRunView(told.session))
        void commands.executeCommand(SHOW_RUN_VIEW);
      if (type === 'event' && event === 'output' && !SILENT.has(body?.category ?? 'console'))
        openConsole(told);
    }),
  );
}

const show = (view: string): void => void commands.executeCommand(view, { preserveFocus: true });

function isSet(setting: string): boolean {
  const found = workspace.getConfiguration('debug').inspect(setting);
  const chosen = [found?.globalValue, found?.workspaceValue, found?.workspaceFolderValue];
  return chosen.some((value) => value !== undefined);
}
