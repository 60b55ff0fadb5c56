import ts from 'typescript';

/** A JSON Schema (draft-07), or a part of one. */
export interface Schema {
  readonly [keyword: string]: unknown;
}

/**
 * JSON schemas of our own TypeScript types, as the compiler's checker resolves them: `Pick`, `Omit`, `Partial`, intersections and
 * registries need no rule here. Knows what facts and commands are made of and throws on anything else, naming the place.
 * Every number is a whole one (fen, ms, counts), every `BusinessDate` a date. Objects stay open: a reader tolerates what it does not know.
 */
export class TypeSchemas {
  readonly #checker: ts.TypeChecker;

  constructor(program: ts.Program) {
    this.#checker = program.getTypeChecker();
  }

  /** The schema of a type; `place` names it in errors. */
  of(type: ts.Type, place: string): Schema {
    if (type.isUnion()) return this.#union(type, place);
    if (type.flags & ts.TypeFlags.Null) return { type: 'null' };
    if (type.isStringLiteral() || type.isNumberLiteral()) return { const: type.value };
    if (type.flags & ts.TypeFlags.BooleanLiteral) return { const: this.#checker.typeToString(type) === 'true' };
    if (type.flags & ts.TypeFlags.Boolean) return { type: 'boolean' };
    if (type.flags & ts.TypeFlags.String) return { type: 'string' };
    if (isBranded(type)) return { title: 'fen', type: 'integer' };
    if (type.flags & ts.TypeFlags.Number) return { type: 'integer' };
    if (this.#checker.isArrayType(type)) {
      const [item] = this.#checker.getTypeArguments(type as ts.TypeReference);
      if (item !== undefined) return { type: 'array', items: this.of(item, `${place}[]`) };
    }
    if (type.flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection)) return this.#object(type, place);
    throw new Error(`${place}: no JSON schema for ${this.#checker.typeToString(type)}`);
  }

  #union(type: ts.UnionType, place: string): Schema {
    const parts = type.types.filter(({ flags }) => !(flags & ts.TypeFlags.Undefined));
    const nullable = parts.some(({ flags }) => flags & ts.TypeFlags.Null);
    const rest = parts.filter(({ flags }) => !(flags & ts.TypeFlags.Null));
    if (rest.length > 0 && rest.every((part) => part.flags & ts.TypeFlags.BooleanLiteral) && rest.length === 2)
      return { type: nullable ? ['boolean', 'null'] : 'boolean' };
    if (rest.every((part) => part.isStringLiteral() || part.isNumberLiteral())) {
      const values = rest.map((part) => (part as ts.LiteralType).value as string | number);
      if (values.length === 1 && !nullable) return { const: values[0] };
      return { enum: [...values, ...(nullable ? [null] : [])] };
    }
    const schemas = rest.map((part, n) => this.of(part, `${place}|${n}`));
    const only = schemas.length === 1 ? schemas[0] : undefined;
    if (only !== undefined) return nullable ? orNull(only) : only;
    return { anyOf: nullable ? [...schemas, { type: 'null' }] : schemas };
  }

  #object(type: ts.Type, place: string): Schema {
    const properties: Record<string, Schema> = {};
    const required: string[] = [];
    for (const property of this.#checker.getPropertiesOfType(type)) {
      const { name } = property;
      properties[name] = this.#property(property, `${place}.${name}`);
      if (!(property.flags & ts.SymbolFlags.Optional)) required.push(name);
    }
    const values = this.#checker.getIndexInfoOfType(type, ts.IndexKind.String)?.type;
    if (values === undefined && Object.keys(properties).length === 0) throw new Error(`${place}: an empty object`);
    return {
      type: 'object',
      ...(required.length > 0 ? { required } : {}),
      ...(Object.keys(properties).length > 0 ? { properties } : {}),
      ...(values === undefined ? {} : { additionalProperties: this.of(values, `${place}.*`) }),
    };
  }

  #property(property: ts.Symbol, place: string): Schema {
    const written = property.declarations?.find(ts.isPropertySignature)?.type;
    const schema = this.of(this.#checker.getTypeOfSymbol(property), place);
    const description = this.describe(property);
    return {
      ...(description === '' ? {} : { description }),
      ...schema,
      ...(written !== undefined && namesDate(written) ? { format: 'date' } : {}),
    };
  }

  /** The doc comment of what is declared, on one line. */
  describe(symbol: ts.Symbol): string {
    const parts = symbol.getDocumentationComment(this.#checker);
    const text = ts.displayPartsToString(parts).replaceAll(/\{@link ([^}]+)\}/g, '`$1`');
    return text.replaceAll(/\s+/g, ' ').trim();
  }
}

/** `Fen`: a number with a brand. */
const isBranded = (type: ts.Type): boolean =>
  type.isIntersection() && type.types.some(({ flags }) => flags & ts.TypeFlags.Number);

function orNull(schema: Schema): Schema {
  return typeof schema['type'] === 'string'
    ? { ...schema, type: [schema['type'], 'null'] }
    : { anyOf: [schema, { type: 'null' }] };
}

/** Whether a property is written as `BusinessDate` or `BusinessDate | null`; the checker sees only text. */
function namesDate(node: ts.TypeNode): boolean {
  if (ts.isUnionTypeNode(node)) return node.types.some(namesDate);
  return ts.isTypeReferenceNode(node) && ts.isIdentifier(node.typeName) && node.typeName.text === 'BusinessDate';
}
