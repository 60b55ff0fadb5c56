import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { TypeSchemas, type Schema } from './type-schema.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const domain = join(root, 'libs/domain/src');

/** The exported types of the domain, by name. */
export class DomainTypes {
  readonly #schemas: TypeSchemas;
  readonly #checker: ts.TypeChecker;
  readonly #exported = new Map<string, ts.Symbol>();

  private constructor(program: ts.Program) {
    this.#schemas = new TypeSchemas(program);
    this.#checker = program.getTypeChecker();
    for (const file of program.getSourceFiles()) {
      if (!/-?(?:events|commands|turn-away)\.ts$/.test(file.fileName) || file.isDeclarationFile) continue;
      const module = this.#checker.getSymbolAtLocation(file);
      for (const symbol of module === undefined ? [] : this.#checker.getExportsOfModule(module)) this.#add(symbol);
    }
  }

  /** Reads the sources of every noun's facts and commands with the compiler; throws when they do not compile. */
  static read(): DomainTypes {
    const files = readdirSync(domain, { recursive: true, encoding: 'utf8' })
      .filter((name) => /(?:events|commands|turn-away)\.ts$/.test(name))
      .map((name) => join(domain, name));
    const { config } = ts.readConfigFile(join(root, 'tsconfig.base.json'), (path) => ts.sys.readFile(path));
    const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
    const program = ts.createProgram(files, { ...options, types: [], noEmit: true });
    const [problem] = ts.getPreEmitDiagnostics(program);
    if (problem !== undefined) throw new Error(ts.flattenDiagnosticMessageText(problem.messageText, '\n'));
    return new DomainTypes(program);
  }

  /** The schema of a fact's data and what its doc comment says. */
  fact(name: string): { readonly data: Schema; readonly says: string } {
    const symbol = this.#symbol(name);
    const type = this.#checker.getDeclaredTypeOfSymbol(symbol);
    const data = type.getProperty('data');
    if (data === undefined) throw new Error(`${name} is no fact: it has no data`);
    return {
      data: this.#schemas.of(this.#checker.getTypeOfSymbol(data), name),
      says: this.#schemas.describe(symbol),
    };
  }

  /** The schema of an exported type and what its doc comment says. */
  type(name: string): { readonly schema: Schema; readonly says: string } {
    const symbol = this.#symbol(name);
    const schema = this.#schemas.of(this.#checker.getDeclaredTypeOfSymbol(symbol), name);
    return { schema, says: this.#schemas.describe(symbol) };
  }

  #symbol(name: string): ts.Symbol {
    const symbol = this.#exported.get(name);
    if (symbol === undefined) throw new Error(`the domain exports no type ${name}`);
    return symbol;
  }

  #add(exported: ts.Symbol): void {
    const symbol = exported.flags & ts.SymbolFlags.Alias ? this.#checker.getAliasedSymbol(exported) : exported;
    if (!(symbol.flags & (ts.SymbolFlags.TypeAlias | ts.SymbolFlags.Interface))) return;
    const known = this.#exported.get(exported.name);
    if (known !== undefined && known !== symbol) throw new Error(`two types of the domain are called ${exported.name}`);
    this.#exported.set(exported.name, symbol);
  }
}
