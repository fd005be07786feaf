/**
 * What the front end has to say about a text: a place, a code, a sentence, and where one exists the edit that mends it.
 * Nothing in this room throws because of what a user wrote.
 */
import type { Span } from './span.js';

export type Severity = 'error' | 'warning' | 'hint';

/** What a finding is about. */
export type DiagnosticCode =
  /** A character that C does not know. */
  | 'stray-character'
  /** A string, character or comment without an end. */
  | 'unterminated'
  /** A malformed number, or one that does not fit. */
  | 'bad-number'
  /** A character literal that is not one byte. */
  | 'bad-character'
  /** An escape sequence that C does not know. */
  | 'bad-escape'
  /** A preprocessor line that a scenario cannot have. */
  | 'bad-directive'
  /** A macro used in a way its definition does not allow. */
  | 'bad-macro'
  /** A `#pragma mmscope` that cannot be read. */
  | 'bad-pragma'
  /** Something else was expected here. */
  | 'expected'
  /** C that the scenario language leaves out. */
  | 'unsupported'
  /** Nesting that is too deep. */
  | 'too-deep'
  /** A name that neither the scenario nor the kernel has. */
  | 'unknown-name'
  /** A type that neither the scenario nor the kernel has. */
  | 'unknown-type'
  /** A member the struct does not have. */
  | 'unknown-member'
  /** A name defined twice in one scope. */
  | 'redefined'
  /** A type whose size is not known. */
  | 'incomplete-type'
  /** Operands that the operator or call cannot take. */
  | 'type-mismatch'
  /** An implicit conversion that gcc warns about. */
  | 'conversion'
  /** An assignment to something that is not an object. */
  | 'not-lvalue'
  /** A constant was needed. */
  | 'not-constant'
  /** A call with too few or too many arguments. */
  | 'bad-call'
  /** An initializer that does not fit its object. */
  | 'bad-initializer'
  /** Break, continue, return, case or task in the wrong place. */
  | 'bad-control'
  /** What `_Static_assert` says is not so. */
  | 'static-assert'
  /** A statement that does nothing. */
  | 'no-effect'
  /** An expression that must not change anything, and would. */
  | 'side-effect'
  /** A constant expression whose value does not fit its type. */
  | 'overflow';

/** An edit that mends the finding. */
export interface Fix {
  readonly title: string;
  readonly span: Span;
  readonly replacement: string;
}

export interface Diagnostic {
  readonly severity: Severity;
  readonly code: DiagnosticCode;
  /** One sentence, without a full stop. */
  readonly message: string;
  readonly span: Span;
  readonly fix?: Fix;
}

/** Collects findings in order of discovery; says a thing about a place once. */
export class Diagnostics {
  private readonly found: Diagnostic[] = [];
  private readonly seen = new Set<string>();

  get hasErrors(): boolean {
    return this.found.some((diagnostic) => diagnostic.severity === 'error');
  }

  /** In order of place. */
  all(): readonly Diagnostic[] {
    return [...this.found].sort((a, b) => a.span.start - b.span.start || a.span.end - b.span.end);
  }

  error(code: DiagnosticCode, span: Span, message: string, fix?: Fix): void {
    this.add('error', code, span, message, fix);
  }

  warning(code: DiagnosticCode, span: Span, message: string, fix?: Fix): void {
    this.add('warning', code, span, message, fix);
  }

  hint(code: DiagnosticCode, span: Span, message: string, fix?: Fix): void {
    this.add('hint', code, span, message, fix);
  }

  /** What was found before, by somebody who could not know yet whether it counts. */
  addAll(findings: readonly Diagnostic[]): void {
    for (const { severity, code, span, message, fix } of findings)
      this.add(severity, code, span, message, fix);
  }

  private add(
    severity: Severity,
    code: DiagnosticCode,
    span: Span,
    message: string,
    fix: Fix | undefined,
  ): void {
    const key = `${span.start}:${span.end}:${message}`;
    if (this.seen.has(key)) return;
    this.seen.add(key);
    this.found.push({ severity, code, span, message, ...(fix && { fix }) });
  }
}
