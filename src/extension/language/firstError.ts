/** A scenario that cannot run: its first error is shown where it is. */
import { commands, l10n, Range, window, workspace, type Uri } from 'vscode';
import { checkDocument } from './includedFiles.js';

/** Whether the scenario has an error; if so, its editor stands at the first, and a message says what it is. */
export async function showsError(uri: Uri): Promise<boolean> {
  const document = await workspace.openTextDocument(uri);
  const { diagnostics, sources } = await checkDocument(document);
  const errors = diagnostics.filter(
    ({ severity, span }) => severity === 'error' && sources.fileAt(span.start) === sources.main,
  );
  const [first] = errors;
  if (first === undefined) return false;
  const at = document.positionAt(first.span.start);
  const editor = await window.showTextDocument(document, { selection: new Range(at, at) });
  editor.revealRange(new Range(at, at));
  const showAll = l10n.t('Show Problems');
  const where = l10n.t('line {0}: {1}', at.line + 1, first.message);
  const told = errors.length === 1 ? where : l10n.t('{0} errors; {1}', errors.length, where);
  const actions = errors.length === 1 ? [] : [showAll];
  void window.showErrorMessage(told, ...actions).then((chosen) => {
    if (chosen === showAll) void commands.executeCommand('workbench.actions.view.problems');
  });
  return true;
}
