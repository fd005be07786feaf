/** The status bar's clock: where the debugger's cursor stands on the tape of everything that happened. */
import { Disposable, l10n, StatusBarAlignment, window } from 'vscode';
import { CLOCK_REQUEST, type ClockBody } from '../../engine/view/map.js';
import type { Sessions, SessionState } from './sessions.js';

const PRIORITY = 50;

export function registerClock(sessions: Sessions): Disposable {
  const item = window.createStatusBarItem('mmscope.clock', StatusBarAlignment.Left, PRIORITY);
  item.name = l10n.t('mmscope clock');
  const show = async (state: SessionState | undefined): Promise<void> => {
    if (state === undefined) {
      item.hide();
      return;
    }
    if (!state.stopped) return;
    try {
      const clock = (await state.session.customRequest(CLOCK_REQUEST)) as ClockBody;
      if (sessions.current !== state) return;
      const behind = clock.end - clock.now;
      item.text = `$(history) t = ${clock.now.toLocaleString('en')}`;
      if (behind > 0) item.text += ` / ${clock.end.toLocaleString('en')}`;
      item.tooltip = l10n.t(
        'mmscope: {0} words of memory have been written since the machine started. {1} Step Back undoes those of a line, or of a kernel statement.',
        clock.now.toLocaleString('en'),
        behind > 0
          ? l10n.t(
              '{0} later ones are known: the debugger has been there, or ran the statement ahead to see what it does.',
              behind.toLocaleString('en'),
            )
          : '',
      );
      item.show();
    } catch {
      item.hide(); // The session ended meanwhile.
    }
  };
  return Disposable.from(
    item,
    sessions.onDidChange((state) => void show(state)),
  );
}
