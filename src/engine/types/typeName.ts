/** Types as C spells them: `struct list_head (*)[6]`, `int (*handler)(struct vm_fault *)`. */
import type { CType } from './model.js';

/** The type's name, or with a declarator the declaration of it: `declare(type, 'lists')`. */
export function typeName(type: CType, declarator = ''): string {
  switch (type.kind) {
    case 'void':
      return join('void', declarator);
    case 'int':
    case 'typedef':
      return join(type.name, declarator);
    case 'struct':
    case 'union':
    case 'enum':
      return join(`${type.kind} ${type.name === '' ? '{...}' : type.name}`, declarator);
    case 'pointer':
      return typeName(
        type.target,
        needsParentheses(type.target) ? `(*${declarator})` : `*${declarator}`,
      );
    case 'array':
      return typeName(type.element, `${declarator}[${type.length}]`);
    case 'function': {
      const parameters = type.parameters.map((p) => typeName(p.type, p.name));
      if (type.variadic) parameters.push('...');
      const list = parameters.length === 0 ? 'void' : parameters.join(', ');
      return typeName(type.result, `${declarator}(${list})`);
    }
  }
}

const needsParentheses = (target: CType): boolean =>
  target.kind === 'array' || target.kind === 'function';

const join = (specifier: string, declarator: string): string =>
  declarator === '' ? specifier : `${specifier} ${declarator}`;
