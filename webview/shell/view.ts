/**
 * The contract between the window Memory (shell/window.ts) and its views (views/<name>/). A view knows the page that it is given,
 * the data that it asks for, and nothing of the other views; what they share goes through the host.
 *
 * A view is made once, when it is first shown. While it is hidden it is told nothing; when it is shown again it gets `show` with
 * the newest update and `select` with what is selected.
 */
import type { LocateBody } from '../../src/engine/view/locate.js';
import type { ViewRequest, ViewRequests } from '../../src/engine/view/viewRequests.js';
import type { FrameChangesBody } from '../../src/engine/view/frameChanges.js';
import type { ClockBody } from '../../src/engine/view/map.js';
import type { Watchable } from '../board/scene.js';
import type { Palette } from '../draw/palette.js';
import type { RequestArguments } from '../host.js';
import type { Act, MapSession } from '../messages.js';
import type { Machine } from './session.js';

export type ViewName = 'physical' | 'virtual' | 'walk' | 'free' | 'caches';

/** What is selected, as the view that selected it says it. */
export type Selection =
  | { readonly kind: 'frame'; readonly pfn: number }
  /** Virtual, as text; `task` names whose tables (`init (pid 1)`), the kernel's when absent. */
  | { readonly kind: 'address'; readonly address: string; readonly task?: string }
  | { readonly kind: 'object'; readonly cache: string; readonly address: string }
  | {
      readonly kind: 'area';
      readonly zone: string;
      readonly order: number;
      readonly migratetype: string;
    };

/** The selection with all that is known of it: what each view lights up. `located` is absent until the adapter has answered. */
export interface Lit {
  readonly selection: Selection;
  readonly located?: LocateBody;
}

/** A stop, an edit, or another session. */
export interface Update {
  readonly session: MapSession;
  readonly machine: Machine;
  /** Nothing that was known before holds. */
  readonly isOther: boolean;
  readonly isNewStop: boolean;
  readonly clock: ClockBody;
  /** What differs from the previous stop, or from the time that the user compares with; absent where nothing is known of it. */
  readonly changes: FrameChangesBody | undefined;
  /** The time that is compared with (A); absent: the previous stop. */
  readonly comparedWith: number | undefined;
}

export interface ViewHost {
  /** @throws Error with the adapter's sentence when the machine runs, is gone, or refuses */
  request<R extends ViewRequest>(
    request: R,
    ...args: RequestArguments<R>
  ): Promise<ViewRequests[R]['body']>;
  /** Selects for all views; undefined: nothing is selected any more. Each gets `select`, the caller too. */
  select(selection: Selection | undefined): void;
  /** An address is under the pointer, or under the keyboard's; undefined: none is any more. Others may show where it leads. */
  point(address: string | undefined): void;
  /** Brings a view to the front, for example a frame that is pressed in the page walk. */
  open(view: ViewName): void;
  /** Whether a view can be seen now: in front, or beside it. */
  isShown(view: ViewName): boolean;
  /** What is lit stands elsewhere on the page: it was drawn, or scrolled by other means than the user's. */
  moved(): void;
  /** Has the extension do something: copy, save, watch, show bytes. */
  act(act: Act): void;
  /** From now on the machine stops when it changes. Undefined of a machine that never runs. */
  readonly stopOnChange: ((what: Watchable) => void) | undefined;
  /** Says something to screen readers, politely. */
  announce(text: string): void;
  readonly palette: Palette;
  /** No animation; the user has said so. */
  readonly reducedMotion: boolean;
  /** What this view kept when the window was last closed, as JSON; of any shape. */
  readonly kept: unknown;
  keep(state: unknown): void;
}

/** Where a view has the selection: a box on the page, also where it is scrolled out of sight. */
export interface LitPlace {
  /** `0xf0801000`, `0x1f40`: what stands there. */
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** The part of the page that it is scrolled in; the view's when absent. */
  readonly within?: DOMRect;
}

export interface View {
  /** Filled by the view; the window gives it its size. */
  readonly root: HTMLElement;
  show(update: Update): void;
  select(lit: Lit | undefined): void;
  /** What is pointed at in another view, until it is not; absent of a view that shows nothing of it. */
  point?(address: string | undefined): void;
  /** What lines from another view lead to; absent of a view that has no places. */
  litPlaces?(): readonly LitPlace[];
  /** The size of `root` is another, or it has just been shown. */
  resize(): void;
  themeChanged(): void;
  /** The picture as text, for "Copy as text". */
  text(): string;
  /** The picture for papers and slides, as an SVG document. */
  svg(): string;
  dispose(): void;
}

export interface ViewKind {
  readonly name: ViewName;
  /** On the tab. */
  readonly title: string;
  create(host: ViewHost): View;
}
