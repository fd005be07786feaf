/**
 * What is in sight when a session starts: the Run and Debug view, whose Variables, Breakpoints and Call Stack the scenarios speak
 * of; and the debug console not before something is printed to it. Neither takes the focus from the editor.
 *
 * VS Code's own settings come first: `debug.openDebug` "neverOpen", and any `internalConsoleOptions` that the user chose.
 */
import { commands, workspace, type DebugConfiguration, type Disposable } from 'vscode';
import type { SessionMessage, Sessions } from './sessions.js';
import { isLaunch } from './sessionMessages.js';

const VARIABLES_VIEW = 'workbench.debug.variablesView';
const CONSOLE_VIEW = 'workbench.panel.repl.view';
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
  /** Sessions whose console has been opened, or was not ours to open. */
  const heard = new Set<string>();
  const openRunView = ({ session }: SessionMessage): void => {
    if (session.configuration['noDebug'] === true) return;
    if (workspace.getConfiguration('debug').get('openDebug') === 'neverOpen') return;
    open(VARIABLES_VIEW);
  };
  const openConsole = ({ session }: SessionMessage): void => {
    if (heard.has(session.id)) return;
    heard.add(session.id);
    if (session.configuration[OPENS_CONSOLE] === true) open(CONSOLE_VIEW);
  };
  return sessions.onDidSend((told) => {
    const { type, event, body } = told.message;
    if (isLaunch(told.message)) openRunView(told);
    else if (type === 'event' && event === 'output' && !SILENT.has(body?.category ?? 'console'))
      openConsole(told);
  });
}

const open = (view: string): void =>
  void commands.executeCommand(`${view}.focus`, { preserveFocus: true });

function isSet(setting: string): boolean {
  const found = workspace.getConfiguration('debug').inspect(setting);
  const chosen = [found?.globalValue, found?.workspaceValue, found?.workspaceFolderValue];
  return chosen.some((value) => value !== undefined);
}
