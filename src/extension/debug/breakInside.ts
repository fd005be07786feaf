/**
 * `mmscope: Break Inside the Allocator...`: what may happen there, and to processes, as a list to tick; each becomes a function breakpoint by
 * its id, which the Breakpoints view then has, with condition and hit count.
 */
import {
  commands,
  debug,
  FunctionBreakpoint,
  l10n,
  QuickPickItemKind,
  window,
  type Disposable,
  type QuickPickItem,
} from 'vscode';
import type { Happening } from '../../adapter/breakpoints/happenings/happening.js';

interface Row extends QuickPickItem {
  /** Undefined of a line between two groups. */
  readonly id?: string;
}

export const registerBreakInside = (): Disposable =>
  commands.registerCommand('mmscope.breakInside', async () => {
    const { HAPPENINGS_OF } = await import('../../adapter/breakpoints/happenings/index.js');
    const present = functionBreakpoints();
    const group = (title: string, happenings: readonly Happening[]): Row[] => [
      { label: title, kind: QuickPickItemKind.Separator },
      ...happenings.map(({ id, label, description, knows }) => ({
        id,
        label,
        description: `${id} (${knows.split(' ').join(', ')})`,
        detail: description,
        picked: present.has(id),
      })),
    ];
    const rows = [
      ...group(l10n.t('Pages'), HAPPENINGS_OF.pages),
      ...group(l10n.t('Objects of caches'), HAPPENINGS_OF.objects),
      ...group(l10n.t('Mappings of the kernel'), HAPPENINGS_OF.mappings),
      ...group(l10n.t('Processes'), HAPPENINGS_OF.processes),
    ];
    const chosen = await window.showQuickPick(rows, {
      canPickMany: true,
      title: l10n.t('Break inside the allocator'),
      placeHolder: l10n.t('Add conditions in the Breakpoints view'),
      matchOnDescription: true,
    });
    if (chosen === undefined) return;
    const ids = new Set(chosen.flatMap(({ id = [] }) => id));
    const added = [...ids].filter((id) => !present.has(id));
    const removed = rows.flatMap(({ id = '' }) => (ids.has(id) ? [] : (present.get(id) ?? [])));
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
