/** What is dropped: files of the Explorer or of the system, or a piece of text. */
import { l10n, Uri, type DataTransfer } from 'vscode';
import { baseName, explainFiles, explainText, type Asked } from './reportSource.js';

/** As the Explorer's menu tells dumps. */
const DUMP = /vmcore|kdump|\.(?:core|lime|dmp|elf|raw|mem)(?:\.gz|\.zst)?$|\.d\d+$/;

export type Dropped =
  | { readonly dumps: readonly Uri[] }
  | { readonly asked: Asked }
  /** A scenario is neither. */
  | undefined;

export async function droppedIn(data: DataTransfer): Promise<Dropped> {
  const list = (await data.get('text/uri-list')?.asString()) ?? '';
  const listed = list
    .split(/\r?\n/)
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => Uri.parse(line));
  // A browser gives no place of a file, only its bytes.
  const files = [...data].flatMap(([, item]) => item.asFile() ?? []);
  const uris = listed.length > 0 ? listed : files.flatMap(({ uri }) => uri ?? []);
  const dumps = uris.filter((uri) => DUMP.test(baseName(uri)));
  if (dumps.length > 0) return { dumps };
  const logs = uris.filter((uri) => !uri.path.endsWith('.mms'));
  if (logs.length > 0) return { asked: await explainFiles(logs) };
  if (uris.length > 0) return undefined;
  const [file] = files;
  if (file)
    return { asked: await explainText(file.name, new TextDecoder().decode(await file.data())) };
  const text = await data.get('text/plain')?.asString();
  return text === undefined || text === ''
    ? undefined
    : { asked: await explainText(l10n.t('dropped text'), text) };
}
