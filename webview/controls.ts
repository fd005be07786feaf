/**
 * The controls: every component of @vscode/webview-ui-toolkit that the map uses is registered here and nowhere else, and
 * its tag names are known only to this file, so another toolkit would change one file.
 */
import {
  provideVSCodeDesignSystem,
  vsCodeBadge,
  vsCodeButton,
  vsCodeCheckbox,
  vsCodeDivider,
  vsCodeDropdown,
  vsCodeOption,
  vsCodeTextField,
} from '@vscode/webview-ui-toolkit';
import { element, icon, type IconName } from './dom.js';

export function registerControls(): void {
  provideVSCodeDesignSystem().register(
    vsCodeBadge(),
    vsCodeButton(),
    vsCodeCheckbox(),
    vsCodeDivider(),
    vsCodeDropdown(),
    vsCodeOption(),
    vsCodeTextField(),
  );
}

export function iconButton(name: IconName, label: string, press: () => void): HTMLElement {
  const button = element('vscode-button', {
    appearance: 'icon',
    'aria-label': label,
    title: label,
  });
  button.append(icon(name));
  button.addEventListener('click', press);
  return button;
}

export function textButton(label: string, press: () => void): HTMLElement {
  const button = element('vscode-button', { appearance: 'secondary' }, label);
  button.addEventListener('click', press);
  return button;
}

export function checkbox(
  label: string,
  checked: boolean,
  change: (on: boolean) => void,
): HTMLElement {
  const box = element('vscode-checkbox', checked ? { checked: '' } : {}, label);
  box.addEventListener('change', () => change((box as unknown as HTMLInputElement).checked));
  return box;
}

/** A dropdown whose options may become others. */
export interface Dropdown<Value extends string> {
  readonly root: HTMLElement;
  setOptions(options: readonly DropdownOption<Value>[]): void;
  /** As if it had been chosen, without telling. */
  choose(value: Value): void;
}

interface DropdownOption<Value extends string> {
  readonly value: Value;
  readonly label: string;
}

export function liveDropdown<Value extends string>(
  label: string,
  options: readonly DropdownOption<Value>[],
  value: Value,
  change: (value: Value) => void,
): Dropdown<Value> {
  const root = element('vscode-dropdown', { 'aria-label': label, title: label });
  const current = (): Value => (root as unknown as HTMLSelectElement).value as Value;
  const fill = (given: readonly DropdownOption<Value>[], chosen: Value): void =>
    root.replaceChildren(
      ...given.map((option) => {
        const selected = option.value === chosen ? { selected: '' } : {};
        return element('vscode-option', { value: option.value, ...selected }, option.label);
      }),
    );
  let offered = options;
  fill(options, value);
  root.addEventListener('change', () => change(current()));
  return {
    root,
    setOptions(given) {
      offered = given;
      fill(given, current());
    },
    choose: (chosen) => fill(offered, chosen),
  };
}

export const dropdown = <Value extends string>(
  label: string,
  options: readonly DropdownOption<Value>[],
  value: Value,
  change: (value: Value) => void,
): HTMLElement => liveDropdown(label, options, value, change).root;

export function textField(
  label: string,
  placeholder: string,
  enter: (text: string, field: HTMLElement) => void,
): HTMLElement {
  const field = element('vscode-text-field', { 'aria-label': label, placeholder, size: '18' });
  // Once it is in the document the toolkit calls it "Text field".
  requestAnimationFrame(() => field.setAttribute('aria-label', label));
  field.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') enter((field as unknown as HTMLInputElement).value, field);
  });
  return field;
}

/** Heard at each letter. */
export function filterField(
  label: string,
  placeholder: string,
  changed: (text: string) => void,
): HTMLElement {
  const field = textField(label, placeholder, () => undefined);
  field.addEventListener('input', () => changed((field as unknown as HTMLInputElement).value));
  return field;
}

export const badge = (text: string): HTMLElement => element('vscode-badge', {}, text);

export const divider = (): HTMLElement => element('vscode-divider');
