/** A code lens above each report in a log; a file without one has none. */
import { CodeLens, l10n, languages, Range, type Disposable, type DocumentSelector } from 'vscode';

const LOGS: DocumentSelector = [
  { pattern: '**/*.{log,txt,dmesg,out}' },
  { pattern: '**/{dmesg,kern,messages,syslog,console}*' },
  { language: 'log' },
];
/** A longer file is no longer read as a whole. */
const LONGEST = 16e6;

export function registerReportLens(): Disposable {
  return languages.registerCodeLensProvider(LOGS, {
    async provideCodeLenses(document) {
      const text = document.getText();
      if (text.length > LONGEST) return [];
      const { reportStarts } = await import('./explaining.js');
      return reportStarts(text).map(
        (line) =>
          new CodeLens(new Range(line, 0, line, 0), {
            title: l10n.t('$(lightbulb) Explain this report'),
            command: 'mmscope.explainReport',
            arguments: [document.uri, line],
          }),
      );
    },
  });
}
