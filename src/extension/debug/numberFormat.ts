/**
 * `mmscope: Toggle Hexadecimal Numbers`: how numbers are shown, for the session at hand and, as the setting
 * `mmscope.numberFormat`, for those to come. "auto" is hexadecimal for addresses, page frame numbers, flags and masks.
 */
import { commands, Disposable, l10n, window, workspace } from 'vscode';
import { MMSCOPE, settings, type NumberFormat } from '../identity.js';
import { messageOf } from './customRequest.js';
import type { Sessions } from './sessions.js';

const NUMBER_FORMAT_REQUEST = 'mmscope/numberFormat';

export function registerNumberFormat(sessions: Sessions): Disposable {
  const apply = async (): Promise<void> => {
    const format = settings().numberFormat;
    try {
      await sessions.current?.session.customRequest(NUMBER_FORMAT_REQUEST, { format });
    } catch (error) {
      void window.showErrorMessage(messageOf(error));
    }
  };
  return Disposable.from(
    commands.registerCommand('mmscope.toggleHex', async () => {
      const format: NumberFormat = settings().numberFormat === 'hex' ? 'auto' : 'hex';
      await workspace.getConfiguration(MMSCOPE).update('numberFormat', format, true);
      // Said when it is so: the session has answered by then.
      await apply();
      window.setStatusBarMessage(
        format === 'hex'
          ? l10n.t('All numbers are hexadecimal')
          : l10n.t('Addresses, frames and flags are hexadecimal, counts decimal'),
        4000,
      );
    }),
    workspace.onDidChangeConfiguration((change) => {
      if (change.affectsConfiguration(`${MMSCOPE}.numberFormat`)) void apply();
    }),
  );
}
