/**
 * Names as numbers: the same text has the same number, wherever it stands. 0 is no name.
 *
 * The linker stores a text of .debug_str once, so most names are known by their offset and never looked at again.
 */
import { PagedSection, type DwarfSections } from './sections.js';

export class Names {
  private readonly texts: string[] = [''];
  private readonly byText = new Map<string, number>([['', 0]]);
  private readonly byOffset = new Map<number, number>();
  private readonly str: PagedSection | undefined;
  private readonly lineStr: PagedSection | undefined;

  constructor({ str, lineStr }: Pick<DwarfSections, 'str' | 'lineStr'>) {
    this.str = str && new PagedSection(str);
    this.lineStr = lineStr && new PagedSection(lineStr);
  }

  text(name: number): string {
    return this.texts[name] ?? '';
  }

  /** Of the text at an offset of .debug_str. @throws DwarfError */
  inStr(offset: number): number {
    let name = this.byOffset.get(offset);
    if (name === undefined) {
      name = this.ofText(this.str?.text(offset) ?? '');
      this.byOffset.set(offset, name);
    }
    return name;
  }

  /** Of the text at an offset of .debug_line_str. @throws DwarfError */
  inLineStr(offset: number): number {
    return this.ofText(this.lineStr?.text(offset) ?? '');
  }

  ofText(text: string): number {
    let name = this.byText.get(text);
    if (name === undefined) {
      name = this.texts.length;
      this.texts.push(text);
      this.byText.set(text, name);
    }
    return name;
  }
}
