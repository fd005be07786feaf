/**
 * Paths are file paths everywhere in the adapter; a client may have said that it writes URIs (`pathFormat`). Here is the border: paths of
 * sources and modules, and of files that a launch names.
 *
 *     /home/me/a b.mms               file:///home/me/a%20b.mms
 *     C:\me\a.mms                    file:///C:/me/a.mms
 *     mmscope-kernel/mm/cma.c        mmscope:/mmscope-kernel/mm/cma.c      a text that only the adapter has
 *
 * Source: DAP InitializeRequestArguments `pathFormat`; RFC 8089.
 */
import type { Dap } from './dap.js';

export const PATH_FORMATS = ['path', 'uri'] as const;

/** Members whose value, or whose elements, are paths, in requests. */
const PATH_MEMBERS: ReadonlySet<string> = new Set([
  'path',
  'program',
  'core',
  'parts',
  'vmlinux',
  'systemMap',
  'btf',
  'state',
  'kernelSource',
  'trace',
]);
/** Members whose value, or whose elements, have a `path`, in what the adapter says. */
const HOLDERS: ReadonlySet<string> = new Set(['source', 'sources', 'module', 'modules']);

const OWN = 'mmscope:/';

export class Paths {
  private areUris = false;

  /** What the client said in `initialize`. */
  adopt({ pathFormat }: Dap.InitializeRequestArguments): void {
    this.areUris = pathFormat === 'uri';
  }

  /** Of a request's arguments. */
  toOurs(value: unknown): unknown {
    return this.areUris ? withPaths(value, fromUri, (name) => PATH_MEMBERS.has(name)) : value;
  }

  /** Of the body of a response or an event. */
  toTheirs<T>(body: T): T {
    return this.areUris ? (inHolders(body) as T) : body;
  }
}

const inHolders = (value: unknown): unknown =>
  mapped(value, (name, member) =>
    HOLDERS.has(name) ? withPaths(member, toUri, (inner) => inner === 'path') : inHolders(member),
  );

/** With each string changed that a member of such a name has, at any depth. */
function withPaths(
  value: unknown,
  change: (path: string) => string,
  isPath: (name: string) => boolean,
): unknown {
  const changed = (one: unknown): unknown => (typeof one === 'string' ? change(one) : one);
  return mapped(value, (name, member) =>
    isPath(name) && (typeof member === 'string' || Array.isArray(member))
      ? Array.isArray(member)
        ? member.map(changed)
        : changed(member)
      : withPaths(member, change, isPath),
  );
}

function mapped(value: unknown, change: (name: string, member: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map((one: unknown) => mapped(one, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [name, change(name, member)]),
  );
}

const encoded = (path: string): string =>
  path
    .split('/')
    .map((part, i) => (i === 1 && /^[A-Za-z]:$/.test(part) ? part : encodeURIComponent(part)))
    .join('/');

export function toUri(path: string): string {
  if (/^[A-Za-z]:[\\/]/.test(path)) return `file://${encoded(`/${path.replaceAll('\\', '/')}`)}`;
  if (path.startsWith('\\\\')) return `file:${encoded(path.replaceAll('\\', '/'))}`;
  return path.startsWith('/') ? `file://${encoded(path)}` : `${OWN}${encoded(path)}`;
}

/** What is not a URI of these stays as it is. */
export function fromUri(uri: string): string {
  if (uri.startsWith(OWN)) return decoded(uri.slice(OWN.length));
  const [, host = '', path] = /^file:(?:\/\/([^/]*))?(\/.*)$/i.exec(uri) ?? [];
  if (path === undefined) return uri;
  const name = decoded(path);
  if (host !== '' && host !== 'localhost') return `//${host}${name}`;
  return /^\/[A-Za-z]:/.test(name) ? name.slice(1) : name;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
