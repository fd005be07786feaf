/**
 * Launch configurations: F5 with no launch.json, the automatic ones of the debug view, and settings filled in.
 *
 * Invariant: what reaches the adapter names its inputs by absolute path, and carries the settings it needs.
 */
import path from 'node:path';
import {
  commands,
  debug,
  DebugConfigurationProviderTriggerKind,
  Disposable,
  l10n,
  TabInputText,
  Uri,
  window,
  workspace,
  type CancellationToken,
  type DebugConfiguration,
  type DebugConfigurationProvider,
  type WorkspaceFolder,
} from 'vscode';
import { MMSCOPE, settings } from '../identity.js';
import { showsError } from '../language/firstError.js';
import { withQuietConsole } from './firstStop.js';

/** Attributes that hold a path; `kernelSource` may name a language instead. */
const PATHS = new Set(['program', 'core', 'state', 'kernelSource']);
const LANGUAGES: readonly unknown[] = ['c', 'typescript'];
/** One of these says what to debug. */
const SUBJECTS = ['program', 'core', 'state'] as const;
const MOST_DYNAMIC = 50;

export function registerConfigurations(): Disposable {
  return Disposable.from(
    debug.registerDebugConfigurationProvider(MMSCOPE, new Resolver()),
    debug.registerDebugConfigurationProvider(
      MMSCOPE,
      { provideDebugConfigurations: automatic },
      DebugConfigurationProviderTriggerKind.Dynamic,
    ),
  );
}

/** The configuration that debugs one scenario. */
export const debugScenario = (program: string): DebugConfiguration => ({
  type: MMSCOPE,
  request: 'launch',
  name: l10n.t('Debug {0}', path.basename(program)),
  program,
  stopOnEntry: true,
});

class Resolver implements DebugConfigurationProvider {
  /** Before variables are replaced: an empty configuration is F5 without launch.json. */
  resolveDebugConfiguration(
    _folder: WorkspaceFolder | undefined,
    config: DebugConfiguration,
  ): DebugConfiguration | undefined {
    if (config.type === MMSCOPE && config.request === 'launch') return config;
    if (Object.keys(config).some((key) => key !== 'noDebug' && !key.startsWith('__')))
      return config;
    const scenario = activeScenario();
    if (scenario === undefined) {
      void offerExample();
      return undefined;
    }
    return { ...config, ...debugScenario(scenario.fsPath) };
  }

  /** After variables are replaced. */
  async resolveDebugConfigurationWithSubstitutedVariables(
    folder: WorkspaceFolder | undefined,
    config: DebugConfiguration,
    token?: CancellationToken,
  ): Promise<DebugConfiguration | undefined> {
    const { historyMiB, kernelSource, numberFormat, stopAtEnd } = settings();
    const isDebugged = config['noDebug'] !== true;
    const given: DebugConfiguration = {
      historyMiB,
      kernelSource,
      numberFormat,
      stopOnEntry: isDebugged,
      stopAtEnd: isDebugged && stopAtEnd,
      ...withQuietConsole(config),
    };
    const resolved = Object.fromEntries(
      Object.entries(given)
        .filter(([attribute, value]) => !PATHS.has(attribute) || isPath(value))
        .map(([attribute, value]: [string, unknown]) => [
          attribute,
          PATHS.has(attribute) && !LANGUAGES.includes(value)
            ? absolute(value as string, folder)
            : value,
        ]),
    ) as DebugConfiguration;
    if (!SUBJECTS.some((attribute) => attribute in resolved)) {
      void window.showErrorMessage(
        l10n.t('Set "program" (a scenario), "core" or "state" in launch.json.'),
      );
      return undefined;
    }
    const saved = await saveScenario(resolved['program'] as string | undefined);
    const isReady = saved && !(await hasErrors(resolved));
    return isReady && token?.isCancellationRequested !== true ? resolved : undefined;
  }
}

/** F5 with nothing to debug. */
async function offerExample(): Promise<void> {
  const openExample = l10n.t('Open Example...');
  const chosen = await window.showInformationMessage(
    l10n.t('Open a scenario (*.mms) to debug, or add a configuration to launch.json.'),
    openExample,
  );
  if (chosen === openExample) await commands.executeCommand('mmscope.openExample');
}

/** Shows the first error of a scenario at its line. Where launch attributes bring the machine, only the adapter can tell. */
async function hasErrors(config: DebugConfiguration): Promise<boolean> {
  const program = config['program'] as string | undefined;
  const bringsMachine = ['core', 'state', 'profile'].some((attribute) => attribute in config);
  if (program === undefined || bringsMachine) return false;
  try {
    return await showsError(Uri.file(program));
  } catch {
    return false; // No such file: the adapter says so.
  }
}

const isPath = (value: unknown): boolean => typeof value === 'string' && value !== '';

function absolute(value: string, folder: WorkspaceFolder | undefined): string {
  const base = (folder ?? workspace.workspaceFolders?.[0])?.uri.fsPath;
  return base === undefined ? value : path.resolve(base, value);
}

/** The adapter reads the file: what the user sees must be what is there. */
async function saveScenario(program: string | undefined): Promise<boolean> {
  const dirty = workspace.textDocuments.find((d) => d.isDirty && d.uri.fsPath === program);
  return dirty === undefined || (await dirty.save());
}

/** The scenario in the active editor, else one that is visible, else one whose tab is open (behind the walkthrough, say). */
export function activeScenario(): Uri | undefined {
  const editors = window.activeTextEditor
    ? [window.activeTextEditor, ...window.visibleTextEditors]
    : window.visibleTextEditors;
  const shown = editors.map(({ document }) => document).find((d) => d.languageId === MMSCOPE);
  if (shown !== undefined) return shown.uri;
  return window.tabGroups.all
    .flatMap(({ tabs }) => tabs)
    .flatMap(({ input }) => (input instanceof TabInputText ? [input.uri] : []))
    .find(({ path: file }) => file.endsWith('.mms'));
}

/** "Show all automatic debug configurations": one for each scenario of the workspace. */
async function automatic(folder: WorkspaceFolder | undefined): Promise<DebugConfiguration[]> {
  const files = await workspace.findFiles('**/*.mms', '**/node_modules/**', MOST_DYNAMIC);
  return files
    .filter((file) => folder === undefined || workspace.getWorkspaceFolder(file) === folder)
    .map((file) => file.fsPath)
    .sort()
    .map(debugScenario);
}
