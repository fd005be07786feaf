/** An expression that a command of the palette is about: what is selected in the editor, edited by the user. */
import { l10n, window } from 'vscode';

const LONGEST = 100;

/** Undefined when the user gives none. */
export async function askedExpression(
  placeHolder: string,
  prompt = l10n.t('An expression of C'),
): Promise<string | undefined> {
  const editor = window.activeTextEditor;
  const selected = editor?.document.getText(
    editor.selection.isEmpty
      ? editor.document.getWordRangeAtPosition(editor.selection.active)
      : editor.selection,
  );
  const isOneLine = selected !== undefined && !selected.includes('\n') && selected.length < LONGEST;
  const typed = await window.showInputBox({
    prompt,
    placeHolder,
    ...(isOneLine && { value: selected }),
  });
  return typed === undefined || typed.trim() === '' ? undefined : typed;
}
