/** Explaining kernel reports: the command, its document, code lenses, drops. */
import { Disposable, type ExtensionContext } from 'vscode';
import { registerExplainCommand } from './explainCommand.js';
import { ReportDocuments } from './reportDocument.js';
import { registerReportDrop } from './reportDrop.js';
import { registerReportLens } from './reportLens.js';

export function registerReports(context: ExtensionContext): Disposable {
  const documents = new ReportDocuments();
  return Disposable.from(
    documents,
    registerExplainCommand(context, documents),
    registerReportLens(),
    registerReportDrop(),
  );
}
