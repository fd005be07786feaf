/**
 * A page walk: of the address that is selected or typed, or pointed at in a view beside it, for an access or for none; asked again at each
 * stop. A stop at which a page fault came shows that one's.
 */
import type { BitBody, WalkArguments, WalkBody } from '../../../src/engine/view/atlas/pageWalk.js';

import { Board } from '../../board/board.js';
import { svgOf } from '../../board/export.js';
import { checkbox, dropdown, textButton, textField } from '../../controls.js';
import { element } from '../../dom.js';
import type { Lit, LitPlace, Update, View, ViewHost } from '../../shell/view.js';
import { paintWalk } from './walkScene.js';
import { bytesOf } from '../../text.js';
import { runWalk } from './runWalk.js';

/** Of a pointer that rests: one that passes by asks for nothing. */
const POINT_MS = 60;

type AccessChoice = 'none' | 'read' | 'write' | 'fetch';

const ACCESSES = [
  { value: 'none', label: 'Translation only' },
  { value: 'read', label: 'Read' },
  { value: 'write', label: 'Write' },
  { value: 'fetch', label: 'Instruction fetch' },
] as const;

export class WalkView implements View {
  readonly root = element('div', {});
  private readonly board: Board;
  private readonly note = element('p', { class: 'note', role: 'status' });
  private readonly cr2: HTMLElement;
  private body: WalkBody | undefined;
  /** The same walk at the time that is compared with. */
  private before: WalkBody | undefined;
  private comparedWith: number | undefined;
  private entries: readonly Uint8Array[] = [];
  private expression: string | undefined;
  /** In another view, under the pointer: goes before what is selected. */
  private pointedAt: string | undefined;
  private pointTimer: number | undefined;
  private space: string | undefined;
  private access: AccessChoice = 'none';
  private user = false;
  private asked = 0;
  /** The stop whose fault has been shown. */
  private faultShown: string | undefined;
  /** Since the walk before there was a fault, of another address than is walked. */
  private isOtherFault = false;
  private wasPointed = false;

  constructor(private readonly host: ViewHost) {
    this.board = new Board('Page walk', () => host.palette, {
      watch: () => host.stopOnChange,
      escape: () => host.select(undefined),
    });
    this.cr2 = textButton('Last fault', () => this.walkTo(undefined));
    this.cr2.hidden = true;
    const field = textField('Address or expression to walk', 'Address or expression', (text) =>
      this.walkTo(text),
    );
    const access = dropdown('Access that is judged', ACCESSES, 'none', (value: AccessChoice) => {
      this.access = value;
      void this.ask();
    });
    const user = checkbox('In user mode', false, (on) => {
      this.user = on;
      void this.ask();
    });
    this.root.append(
      element(
        'div',
        { class: 'tools', role: 'toolbar', 'aria-label': 'Page walk' },
        field,
        access,
        user,
        this.cr2,
      ),
      this.note,
      this.board.root,
    );
    this.say('Select an address or a frame in a view, or type an address.');
  }

  show({ isOther, comparedWith }: Update): void {
    this.comparedWith = comparedWith;
    if (isOther) {
      this.expression = this.body = this.space = this.faultShown = undefined;
      this.draw();
    }
    void this.ask().then((isTaken) => {
      if (isTaken && this.isOtherFault) void this.askFault();
    });
  }

  point(address: string | undefined): void {
    if (address === this.pointedAt) return;
    window.clearTimeout(this.pointTimer);
    this.pointedAt = address;
    this.pointTimer = window.setTimeout(() => void this.ask(), POINT_MS);
  }

  select(lit: Lit | undefined): void {
    const { selection, located } = lit ?? {};
    const address = selection?.kind === 'address' ? selection.address : located?.address;
    const alias = located?.aliases[0]?.address;
    const wanted = address ?? (selection?.kind === 'object' ? selection.address : alias);
    if (wanted === undefined || wanted === this.expression) return;
    this.space = selection?.kind === 'address' ? selection.task : undefined;
    this.expression = wanted;
    void this.ask();
  }

  private walkTo(expression: string | undefined): void {
    this.expression = expression;
    this.space = undefined;
    void this.ask(true).then((isTaken) => {
      const { body } = this;
      if (isTaken && body !== undefined)
        this.host.select({ kind: 'address', address: body.address });
    });
  }

  /** Whether there is an answer, and it is the newest. */
  private async ask(forFault = false): Promise<boolean> {
    const wanted = this.pointedAt ?? this.expression;
    if (wanted === undefined && !forFault) return this.askFault();
    const asked = ++this.asked;
    try {
      const body = await this.host.request('mmscope/walk', this.argumentsNow());
      const before = await this.walkThen(body);
      if (asked !== this.asked) return false;
      this.take(body, before);
      return true;
    } catch (error) {
      if (asked === this.asked) this.say(error instanceof Error ? error.message : '');
      return false;
    }
  }

  /** Nothing is selected: the walk of the last fault, if there was one. */
  private async askFault(): Promise<boolean> {
    const asked = ++this.asked;
    try {
      const body = await this.host.request('mmscope/walk', {});
      const before = await this.walkThen(body);
      if (asked === this.asked) this.take(body, before);
      return asked === this.asked;
    } catch {
      return false;
    }
  }

  /** Through the tables as they were then; undefined where nothing is compared, or there were none. */
  private async walkThen({ address, space }: WalkBody): Promise<WalkBody | undefined> {
    const { comparedWith: at } = this;
    if (at === undefined) return undefined;
    const args = { ...this.argumentsNow(), expression: address, space, at };
    return this.host.request('mmscope/walk', args).catch(() => undefined);
  }

  private argumentsNow(): WalkArguments {
    const { pointedAt, access, user } = this;
    const expression = pointedAt ?? this.expression;
    const space = pointedAt === undefined ? this.space : undefined;
    return {
      ...(expression !== undefined && { expression }),
      ...(space !== undefined && { space }),
      ...(access !== 'none' && { access, user }),
    };
  }

  private take(body: WalkBody, before: WalkBody | undefined): void {
    const { pointedAt } = this;
    // What the pointer passes over, and what stands there again after it, is neither animated nor said.
    const isOther =
      this.body?.address !== body.address && pointedAt === undefined && !this.wasPointed;
    this.wasPointed = pointedAt !== undefined;
    this.body = body;
    this.before = before;
    this.entries = body.steps.map(({ entries }) => bytesOf(entries));
    this.say('');
    this.cr2.hidden = body.cr2 === undefined;
    this.draw();
    const faulted =
      body.cr2 !== undefined && body.cr2 !== this.faultShown && body.cr2 === body.address;
    if ((isOther || faulted) && !this.host.reducedMotion) runWalk(this.board.root);
    this.isOtherFault = body.cr2 !== undefined && body.cr2 !== this.faultShown && !faulted;
    this.faultShown = body.cr2;
    if (isOther)
      this.host.announce(
        body.fault === undefined
          ? `${body.address} leads to ${body.page?.phys ?? 'nothing'}`
          : `${body.address}: ${body.fault.kind}, ${body.fault.reason}`,
      );
  }

  private say(text: string): void {
    this.note.textContent = text;
    this.note.hidden = text === '';
  }

  private draw(): void {
    const { body, before, entries, host, root } = this;
    if (body === undefined || root.clientWidth === 0) return;
    this.board.show(
      paintWalk({ body, before, entries }, host.palette, root.clientWidth - 14, {
        flip: (bit) => this.flip(bit),
        frame: (pfn) => {
          host.select({ kind: 'frame', pfn });
          host.open('physical');
        },
        address: (address) => this.walkTo(address),
      }),
    );
    host.moved();
  }

  private flip({ expression, set }: BitBody): void {
    if (expression === undefined) return;
    this.host.act({ action: 'set', expression, value: set ? '0' : '1' });
  }

  litPlaces(): readonly LitPlace[] {
    return this.board.places('[data-page]', 'page');
  }

  resize(): void {
    this.draw();
  }

  themeChanged(): void {
    this.draw();
  }

  text(): string {
    return [this.body?.address ?? '', this.board.text()].join('\n');
  }

  svg(): string {
    return svgOf([this.board], this.host.palette);
  }

  dispose(): void {
    this.root.remove();
  }
}
