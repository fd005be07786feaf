/**
 * The answer as a Markdown document that is only shown: `mmscope-report:/NAME.md`. It is in memory as long as VS Code keeps it, and nowhere else.
 */
import { commands, debug, Disposable, EventEmitter, Uri, workspace } from 'vscode';

import { withWebLinks } from '../address/memoryLink.js';
import { MMSCOPE } from '../identity.js';

const SCHEME = 'mmscope-report';
/** The newest answers; an older document that is asked for again says so. */
const KEPT = 20;

export class ReportDocuments implements Disposable {
  private readonly texts = new Map<string, string>();
  private readonly changed = new EventEmitter<Uri>();
  private readonly registration = Disposable.from(
    this.changed,
    workspace.registerTextDocumentContentProvider(SCHEME, {
      onDidChange: this.changed.event,
      provideTextDocumentContent: ({ path }) =>
        this.texts.get(path) ?? 'Explain the report again: this answer is no longer kept.\n',
    }),
  );

  /** Opens the text, rendered. */
  async show(name: string, text: string): Promise<void> {
    const uri = Uri.from({ scheme: SCHEME, path: `/${name.replace(/[^\w.-]+/g, '-')}.report.md` });
    this.texts.delete(uri.path);
    this.texts.set(
      uri.path,
      debug.activeDebugSession?.type === MMSCOPE ? withWebLinks(text) : text,
    );
    const oldest = this.texts.keys().next();
    if (this.texts.size > KEPT && oldest.done !== true) this.texts.delete(oldest.value);
    this.changed.fire(uri);
    await commands.executeCommand('markdown.showPreview', uri);
  }

  dispose(): void {
    this.registration.dispose();
  }
}
