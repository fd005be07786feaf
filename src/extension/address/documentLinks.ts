/** Addresses in logs are links to the window Memory, while a session stands still that they can be looked up in. */
import { DocumentLink, l10n, languages, Range, type Disposable, type TextDocument } from 'vscode';
import type { Sessions } from '../debug/sessions.js';
import { commandLink } from './memoryLink.js';
import { addressesIn } from './addressesIn.js';

const LANGUAGES = ['log', 'plaintext'];
/** Logs have many; nobody presses the last of thousands. */
const MOST_LINKS = 2000;
const MOST_LINES = 20_000;

export function registerDocumentLinks(sessions: Sessions): Disposable {
  return languages.registerDocumentLinkProvider(LANGUAGES, {
    provideDocumentLinks: (document) =>
      sessions.current?.stopped === true ? linksIn(document) : [],
  });
}

function linksIn(document: TextDocument): DocumentLink[] {
  const links: DocumentLink[] = [];
  const end = Math.min(document.lineCount, MOST_LINES);
  for (let line = 0; line < end && links.length < MOST_LINKS; line++)
    for (const { start, text } of addressesIn(document.lineAt(line).text)) {
      const link = new DocumentLink(
        new Range(line, start, line, start + text.length),
        commandLink(text.startsWith('0x') ? text : `0x${text}`),
      );
      link.tooltip = l10n.t('Show it in the window Memory');
      links.push(link);
    }
  return links;
}
