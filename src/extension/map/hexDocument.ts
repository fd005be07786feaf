/** The bytes of a page frame as a read-only text document, where no hex editor is installed. */
import { debug, EventEmitter, Uri, workspace, Disposable, type DebugSession } from 'vscode';
import type { FrameBody } from '../../engine/view/map.js';
import { hexDump } from './hexDump.js';

const SCHEME = 'mmscope-memory';
const PAGE_SIZE = 4096;

export const hexDocumentUri = (
  session: DebugSession,
  frame: Pick<FrameBody, 'pfn' | 'phys' | 'memoryReference'>,
): Uri =>
  Uri.from({
    scheme: SCHEME,
    authority: session.id,
    path: `/pfn 0x${frame.pfn.toString(16)}`,
    query: `${frame.memoryReference ?? ''}&${frame.phys}`,
  });

export function registerHexDocuments(): Disposable {
  const changed = new EventEmitter<Uri>();
  const refresh = (): void => {
    for (const document of workspace.textDocuments)
      if (document.uri.scheme === SCHEME) changed.fire(document.uri);
  };
  return Disposable.from(
    changed,
    workspace.registerTextDocumentContentProvider(SCHEME, {
      onDidChange: changed.event,
      async provideTextDocumentContent(uri) {
        const session = debug.activeDebugSession;
        if (session?.id !== uri.authority) return 'The session has ended.';
        const [memoryReference, phys] = uri.query.split('&');
        const body = (await session.customRequest('readMemory', {
          memoryReference,
          count: PAGE_SIZE,
        })) as { data?: string };
        return hexDump(Buffer.from(body.data ?? '', 'base64'), Number(phys));
      },
    }),
    debug.onDidChangeActiveStackItem(refresh),
  );
}
