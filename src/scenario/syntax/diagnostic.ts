/**
 * What the front end has to say about a text: a place, a code, a sentence, and where one exists the edit that mends it.
 * Nothing in this room throws because of what a user wrote.
 */
import type { Span } from './span.js';

export type Severity = 'error' | 'warning' | 'hint';

/** Every code, each with what it is about. */
export const diagnosticCodes = {
  'stray-character': 'a character that C does not know',
  unterminated: 'a string, character or comment without an end',
  'bad-number': 'a malformed number, or one that does not fit',
  'bad-character': 'a character literal that is not one byte',
  'bad-escape': 'an escape sequence that C does not know',
  'bad-directive': 'a preprocessor line that a scenario cannot have',
  'bad-macro': 'a macro used in a way its definition does not allow',
  'bad-pragma': 'a `#pragma mmscope` that cannot be read',
  expected: 'something else was expected here',
  unsupported: 'C that the scenario language leaves out',
  'too-deep': 'nesting that is too deep',
  'unknown-name': 'a name that neither the script nor the kernel has',
  'unknown-type': 'a type that neither the script nor the kernel has',
  'unknown-member': 'a member the struct does not have',
  redefined: 'a name defined twice in one scope',
  'incomplete-type': 'a type whose size is not known',
  'type-mismatch': 'operands that the operator or call cannot take',
  conversion: 'an implicit conversion that gcc warns about',
  'not-lvalue': 'an assignment to something that is not an object',
  'not-constant': 'a constant was needed',
  'bad-call': 'a call with too few or too many arguments',
  'bad-initializer': 'an initializer that does not fit its object',
  'bad-control': 'break, continue, return, case or task in the wrong place',
  'no-effect': 'a statement that does nothing',
  'side-effect': 'an expression that must not change anything, and would',
  overflow: 'a constant expression whose value does not fit its type',
} as const;

export type DiagnosticCode = keyof typeof diagnosticCodes;

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
