/**
 * The walkthrough "First steps with mmscope", which is done by doing: each of its steps is ticked when its deed happens, however it
 * was brought about. The deeds are the context keys `mmscope.did.*`, which package.json's completion events name.
 *
 * It opens once by itself, in front of the first scenario that is opened after the extension was installed (beside it there is no
 * room for its pictures), unless the setting `workbench.welcomePage.walkthroughs.openOnInstall` is off.
 */
import {
  commands,
  Disposable,
  window,
  workspace,
  type ExtensionContext,
  type TextDocument,
} from 'vscode';
import { deedsOf, type Deed } from './deeds.js';
import { activeScenario } from './debug/configurations.js';
import type { Sessions } from './debug/sessions.js';
import { MMSCOPE } from './identity.js';

const WALKTHROUGH = 'mmscope.mmscope#firstSteps';
const OPENED = 'mmscope.walkthroughOpened';

export function registerWalkthrough(
  { globalState }: ExtensionContext,
  sessions: Sessions,
): Disposable {
  const done = new Set<Deed>();
  const tell = (deed: Deed, isDone: boolean): Thenable<unknown> =>
    commands.executeCommand('setContext', `mmscope.did.${deed}`, isDone);
  const did = (deed: Deed): void => {
    done.add(deed);
    void tell(deed, true);
  };
  const open = async (): Promise<void> => {
    await globalState.update(OPENED, true);
    // VS Code ticks a step when its key becomes true, and never if it is true when the walkthrough is first read.
    for (const deed of done) await tell(deed, false);
    await commands.executeCommand('workbench.action.openWalkthrough', WALKTHROUGH, false);
    // As a preview it would give way to the first file that is opened.
    await commands.executeCommand('workbench.action.keepEditor');
    for (const deed of done) await tell(deed, true);
  };
  const opened = ({ languageId, uri }: TextDocument): void => {
    if (languageId !== MMSCOPE || uri.scheme === 'git') return;
    did('open');
    if (globalState.get(OPENED) !== true && opensByItself()) void open();
  };
  const visible = (): void => {
    for (const { document } of window.visibleTextEditors) opened(document);
  };
  /** F5 in the walkthrough means the scenario behind it. */
  const tabsChanged = (): void =>
    void commands.executeCommand(
      'setContext',
      'mmscope.scenarioOpen',
      activeScenario() !== undefined,
    );
  visible();
  tabsChanged();
  return Disposable.from(
    window.onDidChangeVisibleTextEditors(visible),
    window.tabGroups.onDidChangeTabs(tabsChanged),
    sessions.onDidSend(({ message }) => {
      for (const deed of deedsOf(message)) did(deed);
    }),
    commands.registerCommand('mmscope.openWalkthrough', open),
  );
}

function opensByItself(): boolean {
  const section = workspace.getConfiguration('workbench.welcomePage.walkthroughs');
  return section.get<boolean>('openOnInstall', true);
}
