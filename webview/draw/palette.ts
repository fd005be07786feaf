/**
 * The colours in force: those that the extension contributes, as the user's theme gives them to the webview
 * (`--vscode-mmscope-free`), and from them the colour of each state byte.
 *
 * Free memory recedes: the smaller the block, the nearer to the background, so a fresh machine is a calm field and
 * fragmentation shows as texture. A cell of several frames is the paler, the smaller the share of its kind.
 */
import {
  detailOfState,
  kindOfState,
  PAGE_KINDS,
  pageKindCode,
  shareOfState,
} from '../../src/engine/view/pageState.js';
import { inkOn, mix, parseColor, type Rgb } from './color.js';

export interface Palette {
  readonly background: Rgb;
  readonly foreground: Rgb;
  readonly muted: Rgb;
  readonly focus: Rgb;
  readonly changed: Rgb;
  readonly error: Rgb;
  /** Of expectations: held and failed. */
  readonly passed: Rgb;
  readonly failed: Rgb;
  /** By kind. */
  readonly kinds: readonly Rgb[];
  readonly fontFamily: string;
  readonly monoFamily: string;
  readonly highContrast: boolean;
}

const BLACK: Rgb = { r: 0, g: 0, b: 0 };
const GREY: Rgb = { r: 128, g: 128, b: 128 };
const GREEN: Rgb = { r: 56, g: 138, b: 52 };
const RED: Rgb = { r: 229, g: 57, b: 53 };
const LARGEST_ORDER = 10;
/** How much of its colour the smallest free block, and the least share, has. */
const FAINTEST_FREE = 0.42;
const FAINTEST_SHARE = 0.4;

export function readPalette(root: HTMLElement): Palette {
  const style = getComputedStyle(root);
  const variable = (name: string): string => style.getPropertyValue(`--vscode-${name}`);
  const background = parseColor(variable('editor-background'), BLACK);
  const foreground = parseColor(variable('foreground') || variable('editor-foreground'), GREY);
  return {
    background,
    foreground,
    muted: parseColor(variable('descriptionForeground'), mix(background, foreground, 0.6)),
    focus: parseColor(variable('focusBorder'), foreground),
    changed: parseColor(variable('mmscope-changed'), foreground),
    error: parseColor(variable('errorForeground'), foreground),
    passed: parseColor(variable('testing-iconPassed'), GREEN),
    failed: parseColor(variable('testing-iconFailed'), RED),
    kinds: PAGE_KINDS.map((kind) => parseColor(variable(kind.colorId.replaceAll('.', '-')), GREY)),
    fontFamily: variable('font-family') || 'sans-serif',
    monoFamily: variable('editor-font-family') || 'monospace',
    highContrast: document.body.classList.contains('vscode-high-contrast'),
  };
}

/** What high contrast asks of text (WCAG 2.2, 1.4.6). */
const ENHANCED = 7;

/** The ink for words on a colour. */
export const inkIn = ({ highContrast }: Palette, color: Rgb): Rgb =>
  highContrast ? inkOn(color, ENHANCED) : inkOn(color);

const FREE_KINDS = new Set([
  pageKindCode('free'),
  pageKindCode('freeCma'),
  pageKindCode('freeIsolated'),
]);

const isFreeKind = (kind: number): boolean => FREE_KINDS.has(kind);

/** The colour of a state byte of a cell of `framesPerCell` frames. */
export function stateColor(palette: Palette, state: number, framesPerCell: number): Rgb {
  const kind = kindOfState(state);
  const color = palette.kinds[kind] ?? GREY;
  if (framesPerCell > 1) {
    const share = FAINTEST_SHARE + (1 - FAINTEST_SHARE) * shareOfState(state);
    return mix(palette.background, color, share);
  }
  if (!isFreeKind(kind)) return color;
  const strength = Math.min(detailOfState(state), LARGEST_ORDER) / LARGEST_ORDER;
  return mix(palette.background, color, FAINTEST_FREE + (1 - FAINTEST_FREE) * strength);
}
