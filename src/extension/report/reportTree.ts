/**
 * The view "Kernel Reports": logs, captures and text that are dropped on it are explained, dumps are opened. Its rows are what was explained in
 * this window, newest first; they are in memory and nowhere else.
 */
import {
  commands,
  Disposable,
  EventEmitter,
  l10n,
  ThemeIcon,
  TreeItem,
  TreeItemCollapsibleState,
  window,
  type TreeDataProvider,
  type TreeDragAndDropController,
} from 'vscode';
import type { Finding } from '../../report/finding.js';
import { droppedIn } from './dropped.js';
import type { Asked } from './reportSource.js';

const VIEW = 'mmscope.reports';
const SHOW = 'mmscope.showAnswer';
/** As many answers are kept. */
const MOST = 20;

/** The only row of an empty view: nothing can be dropped on a view without rows, or on its welcome. */
const HINT = { hint: true } as const;

type Row = Asked | Finding | typeof HINT;

const isHint = (row: Row): row is typeof HINT => 'hint' in row;
const isFinding = (row: Row): row is Finding => 'headline' in row;

export class ReportTree
  implements Disposable, TreeDataProvider<Row>, TreeDragAndDropController<Row>
{
  readonly dropMimeTypes = ['text/uri-list', 'files', 'text/plain'];
  readonly dragMimeTypes = [];
  private readonly changed = new EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.changed.event;
  private asked: readonly Asked[] = [];
  private readonly registration = Disposable.from(
    this.changed,
    window.createTreeView<Row>(VIEW, { treeDataProvider: this, dragAndDropController: this }),
    commands.registerCommand(SHOW, (asked: Asked) => this.show(asked)),
  );

  /** @param show shows an answer, and what can be done with it */
  constructor(private readonly show: (asked: Asked) => Promise<void>) {}

  add(asked: Asked): void {
    this.asked = [asked, ...this.asked.filter(({ name }) => name !== asked.name)].slice(0, MOST);
    this.changed.fire(undefined);
  }

  async handleDrop(
    ...[, data]: Parameters<NonNullable<TreeDragAndDropController<Row>['handleDrop']>>
  ): Promise<void> {
    const dropped = await droppedIn(data);
    if (dropped === undefined) return;
    if ('asked' in dropped) await this.show(dropped.asked);
    else await commands.executeCommand('mmscope.openDump', dropped.dumps[0], dropped.dumps);
  }

  getChildren(row?: Row): Row[] {
    if (row === undefined) return this.asked.length > 0 ? [...this.asked] : [HINT];
    return 'findings' in row ? [...row.findings] : [];
  }

  getParent(row: Row): Row | undefined {
    return isFinding(row) ? this.asked.find(({ findings }) => findings.includes(row)) : undefined;
  }

  getTreeItem(row: Row): TreeItem {
    if (isHint(row)) return new TreeItem(l10n.t('Drop a log, captures of /proc or a dump here'));
    const { Collapsed, None, Expanded } = TreeItemCollapsibleState;
    const isNewest = row === this.asked[0];
    const item = isFinding(row)
      ? new TreeItem(row.headline, None)
      : new TreeItem(row.name, isNewest ? Expanded : Collapsed);
    if (isFinding(row)) item.description = `${row.place.firstLine}`;
    item.tooltip = isFinding(row) ? row.headline : row.name;
    item.iconPath = new ThemeIcon(isFinding(row) ? 'lightbulb' : 'output');
    const asked = isFinding(row) ? this.getParent(row) : row;
    if (asked) item.command = { command: SHOW, title: '', arguments: [asked] };
    return item;
  }

  dispose(): void {
    this.registration.dispose();
  }
}
