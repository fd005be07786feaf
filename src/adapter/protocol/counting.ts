/** Lines and columns count from 1 everywhere in the adapter; clients may count from 0. Here is the border. */
import type { Dap } from './dap.js';

export class Counting {
  private lineShift = 0;
  private columnShift = 0;

  /** What the client said in `initialize`. */
  adopt({ linesStartAt1, columnsStartAt1 }: Dap.InitializeRequestArguments): void {
    this.lineShift = linesStartAt1 === false ? 1 : 0;
    this.columnShift = columnsStartAt1 === false ? 1 : 0;
  }

  toTheirLine(line: number): number {
    return line - this.lineShift;
  }

  toTheirColumn(column: number): number {
    return column - this.columnShift;
  }

  toOurLine(line: number): number {
    return line + this.lineShift;
  }

  toOurColumn(column: number): number {
    return column + this.columnShift;
  }

  toTheirs(breakpoint: Dap.Breakpoint): Dap.Breakpoint {
    const { line, column, endLine, endColumn } = breakpoint;
    return {
      ...breakpoint,
      ...(line !== undefined && { line: this.toTheirLine(line) }),
      ...(column !== undefined && { column: this.toTheirColumn(column) }),
      ...(endLine !== undefined && { endLine: this.toTheirLine(endLine) }),
      ...(endColumn !== undefined && { endColumn: this.toTheirColumn(endColumn) }),
    };
  }
}
