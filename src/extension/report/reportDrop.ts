/** A log that is dropped on a scenario becomes the machine of its report. */
import {
  DocumentDropEdit,
  DocumentDropOrPasteEditKind,
  l10n,
  languages,
  type Disposable,
} from 'vscode';
import { droppedIn } from './dropped.js';

export function registerReportDrop(): Disposable {
  return languages.registerDocumentDropEditProvider(
    { language: 'mmscope' },
    {
      async provideDocumentDropEdits(_document, _position, data) {
        const dropped = await droppedIn(data);
        if (dropped === undefined || 'dumps' in dropped) return undefined;
        const scenario = dropped.asked.findings.find(
          (finding) => finding.scenario !== undefined,
        )?.scenario;
        if (scenario === undefined) return undefined;
        return new DocumentDropEdit(scenario, l10n.t('Insert the machine of the report'), KIND);
      },
    },
    { providedDropEditKinds: [KIND], dropMimeTypes: ['text/uri-list', 'text/plain', 'files'] },
  );
}

const KIND = DocumentDropOrPasteEditKind.Text.append('mmscope', 'report');
