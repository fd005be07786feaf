/**
 * The walkthrough "First steps with mmscope", which is done by doing: each of its steps is ticked when its deed happens, however it
 * was brought about. The deeds are the context keys `mmscope.did.*`, which package.json's completion events name.
 *
 * It opens once by itself, beside the first scenario that is opened after the extension was installed, unless the setting
 * `workbench.welcomePage.walkthroughs.openOnInstall` is off.
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
import type { Sessions } from './debug/sessions.js';
import { MMSCOPE } from './identity.js';

const WALKTHROUGH = 'mmscope.mmscope#firstSteps';
const OPENED = 'mmscope.walkthroughOpened';

export function registerWalkthrough(
  { globalState }: ExtensionContext,
  sessions: Sessions,
): Disposable {
  const did = (deed: Deed): void =>
    void commands.executeCommand('setContext', `mmscope.did.${deed}`, true);
  const open = async (toSide: boolean): Promise<void> => {
    await globalState.update(OPENED, true);
    await commands.executeCommand('workbench.action.openWalkthrough', WALKTHROUGH, toSide);
  };
  const opened = ({ languageId, uri }: TextDocument): void => {
    if (languageId !== MMSCOPE || uri.scheme === 'git') return;
    did('open');
    if (globalState.get(OPENED) === true || !opensByItself()) return;
    // Beside, and the focus back where F5 means the scenario.
    void open(true).then(() => commands.executeCommand('workbench.action.focusFirstEditorGroup'));
  };
  const visible = (): void => {
    for (const { document } of window.visibleTextEditors) opened(document);
  };
  visible();
  return Disposable.from(
    window.onDidChangeVisibleTextEditors(visible),
    sessions.onDidSend(({ message }) => {
      for (const deed of deedsOf(message)) did(deed);
    }),
    commands.registerCommand('mmscope.openWalkthrough', () => open(false)),
  );
}

function opensByItself(): boolean {
  const section = workspace.getConfiguration('workbench.welcomePage.walkthroughs');
  return section.get<boolean>('openOnInstall', true);
}
