/**
 * Lines of C as the kernel lays them out: tabs, a line a statement. A printed expression carries marks where its source began a new
 * line: there it is broken, too.
 */
const MARK = /\ue001(\d+)\ue002/;

/** Stands before text that comes from a line of the source. */
export const onLine = (line, text) => `\ue001${line}\ue002${text}`;

export const withoutLines = (text) => text.replace(new RegExp(MARK, 'g'), '');

export class CWriter {
  constructor() {
    /** @type {string[]} */
    this.lines = [];
    this.depth = 0;
    /** The line of the source that was printed last. */
    this.sourceLine = 0;
  }

  /** Number of the line that is written. */
  get line() {
    return this.lines.length;
  }

  /** A new line for what begins at a line of the source. */
  begin(sourceLine, text = '') {
    this.lines.push('\t'.repeat(this.depth));
    this.sourceLine = sourceLine;
    this.write(text);
  }

  /** A line of a comment, which may begin with a blank. */
  comment(sourceLine, text) {
    this.begin(sourceLine);
    this.lines[this.lines.length - 1] += text;
  }

  /** Goes on in the same line, broken where the source is. */
  write(text) {
    const pieces = text.split(MARK);
    for (let i = 0; i < pieces.length; i++) {
      if (i % 2 === 1) this.breakAt(Number(pieces[i]));
      else this.append(pieces[i]);
    }
  }

  append(text) {
    const last = this.lines.length - 1;
    this.lines[last] += /^\t*$/.test(this.lines[last]) ? text.trimStart() : text;
  }

  breakAt(sourceLine) {
    if (sourceLine <= this.sourceLine) return;
    this.sourceLine = sourceLine;
    this.continued();
  }

  /** The rest of a statement on a line of its own. */
  continued() {
    const last = this.lines.length - 1;
    if (/^\t*$/.test(this.lines[last])) return;
    this.lines[last] = this.lines[last].trimEnd();
    this.lines.push('\t'.repeat(this.depth + 2));
  }

  blank() {
    if (this.lines.length > 0 && this.lines.at(-1) !== '') this.lines.push('');
  }

  /** Lines from `first` on, but for the last, are continued: a macro. */
  continueFrom(first) {
    for (let i = first - 1; i < this.lines.length - 1; i++) this.lines[i] += ' \\';
  }
}
