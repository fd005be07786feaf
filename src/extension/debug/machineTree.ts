/**
 * The view "Machine" of Run and Debug: zones with their watermarks, free lists and per-CPU lists, the tasks with what each waits for, and
 * what else can be opened of the machine: processes, pins, caches, areas, pools. The rows are the adapter's own variables, fetched as
 * they are opened, so the view says what the variables view says.
 *
 * Read anew at each stop; what was open stays open, as rows are known by their path.
 */
import {
  Disposable,
  EventEmitter,
  ThemeIcon,
  TreeItem,
  TreeItemCollapsibleState,
  commands,
  l10n,
  window,
  type DebugSession,
  type TreeDataProvider,
} from 'vscode';
import { focusedFrameId } from './customRequest.js';
import type { Sessions } from './sessions.js';

interface DapVariable {
  readonly name: string;
  readonly value: string;
  readonly evaluateName?: string;
  readonly variablesReference: number;
  readonly namedVariables?: number;
  readonly indexedVariables?: number;
  readonly __vscodeVariableMenuContext?: string;
}

interface Row {
  readonly path: string;
  readonly label: string;
  readonly value: string;
  readonly icon?: string;
  /** Undefined: it has no rows under it. */
  readonly open?: () => Promise<readonly Row[]>;
  /** As of the variables view: the commands of its context menu take it. */
  readonly variable?: DapVariable;
}

/** Zones are rows of the scope Machine, and so is all that has an icon here. */
const ZONE = /^zone /;
const ICONS: Readonly<Record<string, string>> = {
  Processes: 'server-process',
  'Pinned pages': 'pinned',
  'page tables': 'list-tree',
  Caches: 'archive',
  'Virtual areas': 'layout',
  'Persistent kernel maps': 'link',
  Fixmap: 'lock',
  'Per-CPU': 'chip',
  'CMA areas': 'group-by-ref-type',
  'Huge pages': 'screen-full',
  'last allocation': 'question',
};
/** More than this of a list is for the variables view, which pages. */
const MOST_ROWS = 100;

export function registerMachineTree(sessions: Sessions): Disposable {
  const changed = new EventEmitter<undefined>();
  const refresh = (): void => changed.fire(undefined);
  const provider: TreeDataProvider<Row> = {
    onDidChangeTreeData: changed.event,
    getTreeItem: itemOf,
    async getChildren(row) {
      const state = sessions.current;
      if (row !== undefined) return [...((await row.open?.()) ?? [])];
      if (state?.stopped !== true) return [];
      try {
        const [zones, others] = await machineRows(state.session);
        return [...zones, await taskRow(state.session), ...others];
      } catch {
        return []; // It runs on already: the next stop asks again.
      }
    },
  };
  return Disposable.from(
    changed,
    sessions.onDidChange(refresh),
    window.createTreeView('mmscope.machine', { treeDataProvider: provider }),
    commands.registerCommand('mmscope.refreshMachine', refresh),
  );
}

function itemOf({ path, label, value, icon, open, variable }: Row): TreeItem {
  const { Collapsed, None } = TreeItemCollapsibleState;
  const item = new TreeItem(label, open === undefined ? None : Collapsed);
  item.id = path;
  item.description = value;
  item.tooltip = `${label}: ${value}`;
  if (icon !== undefined) item.iconPath = new ThemeIcon(icon);
  if (variable?.__vscodeVariableMenuContext === 'mmscopePage') item.contextValue = 'page';
  return item;
}

/** The zones, and what else of the machine can be opened here. */
async function machineRows(
  session: DebugSession,
): Promise<readonly [zones: readonly Row[], others: readonly Row[]]> {
  const { scopes } = (await session.customRequest('scopes', {
    frameId: focusedFrameId() ?? (await anyFrame(session)),
  })) as { readonly scopes: readonly { name: string; variablesReference: number }[] };
  const machine = scopes.find(({ name }) => name === 'Machine');
  if (machine === undefined) return [[], []];
  const all = await children(session, '', { ...machine, value: '' });
  const zones = all
    .filter(({ label }) => ZONE.test(label))
    .map((row) => ({ ...row, value: row.value.replace(/^\w+: /, ''), icon: 'layers' }));
  const others = all.flatMap((row) => {
    const icon = ICONS[row.label];
    return icon === undefined || row.open === undefined ? [] : [{ ...row, icon }];
  });
  return [zones, others];
}

/** The top frame of the first thread, while VS Code has not focused one. */
async function anyFrame(session: DebugSession): Promise<number | undefined> {
  const { threads } = (await session.customRequest('threads')) as { threads: { id: number }[] };
  const { stackFrames } = (await session.customRequest('stackTrace', {
    threadId: threads[0]?.id,
    startFrame: 0,
    levels: 1,
  })) as { readonly stackFrames: readonly { readonly id: number }[] };
  return stackFrames[0]?.id;
}

async function taskRow(session: DebugSession): Promise<Row> {
  const { threads } = (await session.customRequest('threads')) as {
    readonly threads: readonly { readonly id: number; readonly name: string }[];
  };
  const rows = threads.map(({ id, name }): Row => {
    const [, task = name, state = ''] = /^(.*?)(?: \((.*)\))?$/.exec(name) ?? [];
    return { path: `tasks/${id}`, label: task, value: state, icon: 'person' };
  });
  return {
    path: 'tasks',
    label: 'tasks',
    value: String(threads.length),
    icon: 'organization',
    open: () => Promise.resolve(rows),
  };
}

async function children(
  session: DebugSession,
  path: string,
  { variablesReference, indexedVariables = 0 }: DapVariable,
): Promise<readonly Row[]> {
  const paging = indexedVariables > MOST_ROWS ? { start: 0, count: MOST_ROWS } : {};
  const { variables } = (await session.customRequest('variables', {
    variablesReference,
    ...paging,
  })) as { readonly variables: readonly DapVariable[] };
  const rows = variables.slice(0, MOST_ROWS).map((variable) => {
    const { name, value } = variable;
    const own = `${path}/${name}`;
    const leaf: Row = { path: own, label: name, value, variable };
    if (variable.variablesReference === 0) return leaf;
    return { ...leaf, open: () => children(session, own, variable) };
  });
  const nrMore = Math.max(indexedVariables, variables.length) - rows.length;
  if (nrMore <= 0) return rows;
  const text = l10n.t('{0} more, in the variables view', nrMore);
  return [...rows, { path: `${path}/more`, label: '\u2026', value: text }];
}
