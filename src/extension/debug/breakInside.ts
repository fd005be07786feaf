/**
 * `mmscope: Break Inside the Allocator...`: what may happen there, as a list to tick; each becomes a function breakpoint by
 * its id, which the Breakpoints view then has, with condition and hit count.
 */
import {
  commands,
  debug,
  FunctionBreakpoint,
  l10n,
  window,
  type Disposable,
  type QuickPickItem,
} from 'vscode';

interface Row extends QuickPickItem {
  readonly id: string;
}

export const registerBreakInside = (): Disposable =>
  commands.registerCommand('mmscope.breakInside', async () => {
    const { HAPPENINGS } = await import('../../adapter/breakpoints/happenings/index.js');
    const present = functionBreakpoints();
    const rows = HAPPENINGS.map(({ id, label, description, knows }): Row => ({
      id,
      label,
      description: `${id} (${knows.split(' ').join(', ')})`,
      detail: description,
      picked: present.has(id),
    }));
    const chosen = await window.showQuickPick(rows, {
      canPickMany: true,
      title: l10n.t('Break inside the allocator'),
      placeHolder: l10n.t('Add conditions in the Breakpoints view'),
      matchOnDescription: true,
    });
    if (chosen === undefined) return;
    const ids = new Set(chosen.map(({ id }) => id));
    const added = [...ids].filter((id) => !present.has(id));
    const removed = rows.flatMap(({ id }) => (ids.has(id) ? [] : (present.get(id) ?? [])));
    debug.addBreakpoints(added.map((id) => new FunctionBreakpoint(id)));
    debug.removeBreakpoints(removed);
  });

/** Those there are, by name. */
function functionBreakpoints(): ReadonlyMap<string, readonly FunctionBreakpoint[]> {
  const byName = new Map<string, FunctionBreakpoint[]>();
  for (const breakpoint of debug.breakpoints) {
    if (!(breakpoint instanceof FunctionBreakpoint)) continue;
    const { functionName } = breakpoint;
    byName.set(functionName, [...(byName.get(functionName) ?? []), breakpoint]);
  }
  return byName;
}
