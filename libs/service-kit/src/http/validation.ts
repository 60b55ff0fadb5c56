import { type ValidationError, ValidationPipe } from '@nestjs/common';
import { type FieldProblem, Problem } from './problem.ts';

const mostFields = 50;

/** Bodies and queries become the classes that validate them; unknown fields are refused; every wrong field is named, no value is repeated. */
export function validationPipe(): ValidationPipe {
  return new ValidationPipe({
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    transform: true,
    validationError: { target: false, value: false },
    exceptionFactory: (errors: ValidationError[]) =>
      new Problem({
        status: 422,
        code: 'invalid',
        title: 'The request is well formed but not valid',
        fields: fieldsOf(errors, '').slice(0, mostFields),
      }),
  });
}

function fieldsOf(errors: readonly ValidationError[], parent: string): FieldProblem[] {
  return errors.flatMap(({ property, constraints, children }) => {
    const name = property.slice(0, 100);
    const path = /^\d+$/.test(name) ? `${parent}[${name}]` : parent === '' ? name : `${parent}.${name}`;
    const own = Object.values(constraints ?? {}).map((wrong) => ({ path, wrong }));
    return [...own, ...fieldsOf(children ?? [], path)];
  });
}
