/** The files that scenarios include, and the findings in them: those of an open editor before those on the disk. */
import {
  Uri,
  workspace,
  type Diagnostic,
  type DiagnosticCollection,
  type TextDocument,
} from 'vscode';
import type { IncludedText } from '../../scenario/index.js';
import type { CheckedScenario } from './checkScenario.js';

export class IncludedFiles {
  /** By scenario: the files that it included when it was last checked. */
  private readonly filesOf = new Map<string, readonly string[]>();

  constructor(private readonly collection: DiagnosticCollection) {}

  isIncluded(file: Uri, scenario: Uri): boolean {
    return this.filesOf.get(scenario.toString())?.includes(file.toString()) ?? false;
  }

  /** Shows the findings in the files of a scenario, and none any more in those that it does not include now. */
  publish(
    scenario: Uri,
    files: readonly { readonly path: string; readonly found: readonly Diagnostic[] }[],
  ): void {
    const key = scenario.toString();
    for (const path of this.filesOf.get(key) ?? []) this.collection.delete(Uri.parse(path));
    for (const { path, found } of files) this.collection.set(Uri.parse(path), found);
    this.filesOf.set(
      key,
      files.map(({ path }) => path),
    );
  }
}

/** A file beside the one that includes it; undefined if there is none. */
async function readBeside(name: string, from: Uri): Promise<IncludedText | undefined> {
  const uri = name.startsWith('/') ? from.with({ path: name }) : Uri.joinPath(from, '..', name);
  const path = uri.toString();
  const open = workspace.textDocuments.find((document) => document.uri.toString() === path);
  if (open !== undefined) return { path, text: open.getText() };
  try {
    return { path, text: new TextDecoder().decode(await workspace.fs.readFile(uri)) };
  } catch {
    return undefined;
  }
}

/** All findings about a document, the files that it includes with it. */
export async function checkDocument(document: TextDocument): Promise<CheckedScenario> {
  const { checkScenario, gatherIncludes } = await import('./checkScenario.js');
  const text = document.getText();
  const findInclude = await gatherIncludes(text, (name, from) =>
    readBeside(name, from === undefined ? document.uri : Uri.parse(from)),
  );
  return checkScenario(text, { name: document.uri.path.split('/').at(-1), findInclude });
}
