/** What VS Code's four kinds of themes give a webview: the colours that we contribute, and those of its own that matter in a picture. */
import { readFileSync } from 'node:fs';
import { PAGE_KINDS } from '../../src/engine/view/pageState.js';
import { parseColor, type Rgb } from '../../webview/draw/color.js';

export const THEMES = ['dark', 'light', 'highContrast', 'highContrastLight'] as const;
export type Theme = (typeof THEMES)[number];

/** As VS Code marks the page. */
export const BODY_CLASSES: Readonly<Record<Theme, string>> = {
  dark: 'vscode-dark',
  light: 'vscode-light',
  highContrast: 'vscode-high-contrast',
  highContrastLight: 'vscode-high-contrast vscode-high-contrast-light',
};

interface Manifest {
  readonly contributes: {
    readonly colors: readonly { id: string; defaults: Readonly<Record<Theme, string>> }[];
  };
}

/** The palette that a theme comes to, for tests that compare with it. */
export function themeColors(theme: Theme): {
  readonly background: Rgb;
  readonly changed: Rgb;
  readonly kinds: readonly Rgb[];
} {
  const { contributes } = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
  const black = { r: 0, g: 0, b: 0 };
  return {
    background: parseColor(VSCODE[theme]['--vscode-editor-background'], black),
    changed: parseColor(
      contributes.colors.find(({ id }) => id === 'mmscope.changed')?.defaults[theme] ?? '',
      black,
    ),
    kinds: PAGE_KINDS.map(({ colorId }) => {
      const color = contributes.colors.find(({ id }) => id === colorId);
      return parseColor(color?.defaults[theme] ?? '', black);
    }),
  };
}

/** As a style sheet. */
export function themeStyle(theme: Theme): string {
  const { contributes } = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
  const own = contributes.colors.map(({ id, defaults }): [string, string] => [
    `--vscode-${id.replaceAll('.', '-')}`,
    defaults[theme],
  ]);
  const theirs = VSCODE[theme];
  const rules = [...own, ...Object.entries(theirs)].map(([name, value]) => `${name}: ${value};`);
  return `:root { ${rules.join(' ')} }`;
}

const FONTS = {
  '--vscode-font-family': '"DejaVu Sans", sans-serif',
  '--vscode-font-size': '13px',
  '--vscode-editor-font-family': '"DejaVu Sans Mono", monospace',
};
const DARK = {
  ...FONTS,
  '--vscode-editor-background': '#1f1f1f',
  '--vscode-foreground': '#cccccc',
  '--vscode-errorForeground': '#f85149',
  '--vscode-descriptionForeground': '#9d9d9d',
  '--vscode-focusBorder': '#0078d4',
  '--vscode-panel-border': '#2b2b2b',
  '--vscode-sideBar-background': '#181818',
  '--vscode-editorHoverWidget-background': '#202020',
  '--vscode-editorHoverWidget-border': '#454545',
  '--vscode-button-background': '#0078d4',
  '--vscode-button-foreground': '#ffffff',
  '--vscode-textLink-foreground': '#4daafc',
  '--vscode-button-secondaryBackground': '#313131',
  '--vscode-button-secondaryForeground': '#cccccc',
  '--vscode-input-background': '#313131',
  '--vscode-input-foreground': '#cccccc',
  '--vscode-settings-dropdownBackground': '#313131',
  '--vscode-dropdown-background': '#313131',
  '--vscode-dropdown-foreground': '#cccccc',
  '--vscode-checkbox-background': '#313131',
  '--vscode-checkbox-border': '#3c3c3c',
  '--vscode-dropdown-border': '#3c3c3c',
  '--vscode-settings-dropdownBorder': '#3c3c3c',
  '--vscode-input-border': '#3c3c3c',
  '--vscode-badge-background': '#616161',
  '--vscode-badge-foreground': '#f8f8f8',
};
const LIGHT = {
  ...FONTS,
  '--vscode-editor-background': '#ffffff',
  '--vscode-errorForeground': '#d1242f',
  '--vscode-foreground': '#3b3b3b',
  '--vscode-descriptionForeground': '#717171',
  '--vscode-focusBorder': '#005fb8',
  '--vscode-panel-border': '#e5e5e5',
  '--vscode-sideBar-background': '#f8f8f8',
  '--vscode-editorHoverWidget-background': '#f8f8f8',
  '--vscode-editorHoverWidget-border': '#c8c8c8',
  '--vscode-button-background': '#005fb8',
  '--vscode-button-foreground': '#ffffff',
  '--vscode-textLink-foreground': '#005fb8',
  '--vscode-button-secondaryBackground': '#e5e5e5',
  '--vscode-button-secondaryForeground': '#3b3b3b',
  '--vscode-input-background': '#ffffff',
  '--vscode-input-foreground': '#3b3b3b',
  '--vscode-settings-dropdownBackground': '#ffffff',
  '--vscode-dropdown-background': '#ffffff',
  '--vscode-dropdown-foreground': '#3b3b3b',
  '--vscode-checkbox-background': '#f8f8f8',
  '--vscode-checkbox-border': '#cecece',
  '--vscode-dropdown-border': '#cecece',
  '--vscode-settings-dropdownBorder': '#cecece',
  '--vscode-input-border': '#cecece',
  '--vscode-badge-background': '#cccccc',
  '--vscode-badge-foreground': '#3b3b3b',
};
const HIGH_CONTRAST = {
  ...FONTS,
  '--vscode-editor-background': '#000000',
  '--vscode-foreground': '#ffffff',
  '--vscode-contrastBorder': '#6fc3df',
  '--vscode-errorForeground': '#f48771',
  '--vscode-descriptionForeground': 'rgba(255, 255, 255, 0.7)',
  '--vscode-focusBorder': '#f38518',
  '--vscode-panel-border': '#6fc3df',
  '--vscode-widget-border': '#6fc3df',
  '--vscode-sideBar-background': '#000000',
  '--vscode-editorHoverWidget-background': '#0c141f',
  '--vscode-editorHoverWidget-border': '#6fc3df',
  '--vscode-button-foreground': '#ffffff',
  '--vscode-button-border': '#6fc3df',
  '--vscode-textLink-foreground': '#21a6ff',
  '--vscode-button-secondaryForeground': '#ffffff',
  '--vscode-input-background': '#000000',
  '--vscode-input-foreground': '#ffffff',
  '--vscode-input-border': '#6fc3df',
  '--vscode-settings-dropdownBackground': '#000000',
  '--vscode-settings-dropdownBorder': '#6fc3df',
  '--vscode-dropdown-background': '#000000',
  '--vscode-dropdown-foreground': '#ffffff',
  '--vscode-dropdown-border': '#6fc3df',
  '--vscode-checkbox-background': '#000000',
  '--vscode-checkbox-border': '#6fc3df',
  '--vscode-badge-background': '#000000',
  '--vscode-badge-foreground': '#ffffff',
};
const HIGH_CONTRAST_LIGHT = {
  ...FONTS,
  '--vscode-editor-background': '#ffffff',
  '--vscode-foreground': '#292929',
  '--vscode-contrastBorder': '#0f4a85',
  '--vscode-errorForeground': '#b5200d',
  '--vscode-descriptionForeground': 'rgba(41, 41, 41, 0.7)',
  '--vscode-focusBorder': '#006bbd',
  '--vscode-panel-border': '#0f4a85',
  '--vscode-widget-border': '#0f4a85',
  '--vscode-sideBar-background': '#ffffff',
  '--vscode-editorHoverWidget-background': '#ffffff',
  '--vscode-editorHoverWidget-border': '#0f4a85',
  '--vscode-button-background': '#0f4a85',
  '--vscode-button-foreground': '#ffffff',
  '--vscode-button-border': '#0f4a85',
  '--vscode-textLink-foreground': '#0f4a85',
  '--vscode-button-secondaryBackground': '#ffffff',
  '--vscode-button-secondaryForeground': '#292929',
  '--vscode-input-background': '#ffffff',
  '--vscode-input-foreground': '#292929',
  '--vscode-input-border': '#0f4a85',
  '--vscode-settings-dropdownBackground': '#ffffff',
  '--vscode-settings-dropdownBorder': '#0f4a85',
  '--vscode-dropdown-background': '#ffffff',
  '--vscode-dropdown-foreground': '#292929',
  '--vscode-dropdown-border': '#0f4a85',
  '--vscode-checkbox-background': '#ffffff',
  '--vscode-checkbox-border': '#0f4a85',
  '--vscode-badge-background': '#0f4a85',
  '--vscode-badge-foreground': '#ffffff',
};
const VSCODE = {
  dark: DARK,
  light: LIGHT,
  highContrast: HIGH_CONTRAST,
  highContrastLight: HIGH_CONTRAST_LIGHT,
} as const;
