/** A log that is dropped on a scenario becomes the machine of its report. */
import {
  DocumentDropEdit,
  DocumentDropOrPasteEditKind,
  l10n,
  languages,
  Uri,
  type DataTransfer,
  type Disposable,
} from 'vscode';
import { baseName, explainFile, explainText, type Asked } from './reportSource.js';

export function registerReportDrop(): Disposable {
  return languages.registerDocumentDropEditProvider(
    { language: 'mmscope' },
    {
      async provideDocumentDropEdits(_document, _position, data) {
        const asked = await droppedIn(data);
        const scenario = asked?.findings.find(
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

async function droppedIn(data: DataTransfer): Promise<Asked | undefined> {
  const list = await data.get('text/uri-list')?.asString();
  const first = list?.split(/\r?\n/).find((line) => line !== '' && !line.startsWith('#'));
  if (first !== undefined) {
    const uri = Uri.parse(first);
    // A scenario that is dropped on another is not a log.
    return baseName(uri).endsWith('.mms') ? undefined : explainFile(uri);
  }
  for (const [, item] of data) {
    const file = item.asFile();
    if (file) return explainText(file.name, new TextDecoder().decode(await file.data()));
  }
  const text = await data.get('text/plain')?.asString();
  return text === undefined || text === '' ? undefined : explainText(l10n.t('dropped text'), text);
}
