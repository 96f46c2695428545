/** The public surface of @sluice/plugin-api, with what it re-exports, by the compiler: for review, and to find what is undocumented. */
import { relative } from 'node:path';
import ts from 'typescript';

const options = {
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2023.d.ts'],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  strict: true,
  exactOptionalPropertyTypes: true,
  verbatimModuleSyntax: true,
  skipLibCheck: true,
  declaration: true,
  emitDeclarationOnly: true,
  types: ['node'],
};

export const reportPath = 'docs/api/plugin-api.api.md';

/**
 * @param root of the workspace
 * @returns `report`, the text of the file; `undocumented`, the exported names and members without a docstring
 */
export function apiReport(root) {
  const folder = root.replace(/\/$/, '');
  const entry = `${folder}/packages/plugin-api/src/index.ts`;
  // By its path, not as a package: of packages the compiler writes no declarations.
  const paths = { '@sluice/net': [`${folder}/packages/net/src/index.ts`] };
  const typeRoots = [`${folder}/node_modules/@types`];
  const program = ts.createProgram([entry], { ...options, paths, typeRoots, rootDir: folder, outDir: folder });
  const checker = program.getTypeChecker();
  const declared = declarations(program);
  const exported = checker.getExportsOfModule(checker.getSymbolAtLocation(program.getSourceFile(entry)));
  const sections = [];
  const undocumented = [];
  for (const symbol of exported.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    const [declaration] = target.declarations ?? [];
    const file = declaration.getSourceFile().fileName;
    const path = relative(folder, file);
    if (path.includes('node_modules/')) {
      const [, name] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path);
      sections.push(`// ${name}\nexport { ${symbol.name} };`);
      continue;
    }
    const printed = declared.get(file)?.get(target.name) ?? [];
    if (printed.length === 0) throw new Error(`${symbol.name} of ${path} has no declaration`);
    sections.push(`// ${path}\n${printed.join('\n')}`);
    undocumented.push(...withoutDocs(symbol.name, target, checker));
  }
  return { report: page(sections), undocumented };
}

/** What the declaration files say of each top-level name, by source file. */
function declarations(program) {
  const found = new Map();
  const printer = ts.createPrinter({ removeComments: true });
  program.emit(
    undefined,
    (name, text, _, __, sources) => {
      const file = ts.createSourceFile(name, text, ts.ScriptTarget.ES2022, true);
      const names = new Map();
      const add = (id, statement) => {
        const visible = withoutPrivate(statement);
        names.set(id, [...(names.get(id) ?? []), printer.printNode(ts.EmitHint.Unspecified, visible, file)]);
      };
      for (const statement of file.statements) {
        if (ts.isVariableStatement(statement))
          for (const { name: id } of statement.declarationList.declarations) add(id.text, statement);
        else if (statement.name !== undefined) add(statement.name.text, statement);
      }
      found.set(sources[0].fileName, names);
    },
    undefined,
    true,
  );
  return found;
}

function withoutPrivate(statement) {
  if (!ts.isClassDeclaration(statement)) return statement;
  const isPrivate = (member) =>
    (member.name !== undefined && ts.isPrivateIdentifier(member.name)) ||
    (ts.getCombinedModifierFlags(member) & ts.ModifierFlags.Private) !== 0;
  const { modifiers, name, typeParameters, heritageClauses, members } = statement;
  const shown = members.filter((member) => !isPrivate(member));
  return ts.factory.updateClassDeclaration(statement, modifiers, name, typeParameters, heritageClauses, shown);
}

/** Its own name, and members whose type is no documented one: `logger: Logger` needs no words. */
function withoutDocs(name, symbol, checker) {
  const isBare = (each) =>
    each.getDocumentationComment(checker).length === 0 && each.getJsDocTags(checker).length === 0;
  const bare = isBare(symbol) ? [name] : [];
  for (const member of symbol.members?.values() ?? []) {
    const [declaration] = member.declarations ?? [];
    if (!isDescribable(declaration) || !isBare(member) || isOfDocumentedType(declaration, checker, isBare)) continue;
    bare.push(`${name}.${member.name}`);
  }
  return bare;
}

function isDescribable(declaration) {
  if (declaration === undefined || ts.isPrivateIdentifier(declaration.name ?? declaration)) return false;
  // What a class has beside the interfaces that it implements is described; what those describe is not again.
  if (ts.isMethodDeclaration(declaration)) {
    const { heritageClauses = [], name } = declaration.parent;
    const isInherited = heritageClauses.length > 0;
    return (
      name !== undefined && !isInherited && (ts.getCombinedModifierFlags(declaration) & ts.ModifierFlags.Private) === 0
    );
  }
  return ts.isMethodSignature(declaration) || ts.isPropertySignature(declaration);
}

function isOfDocumentedType({ type }, checker, isBare) {
  if (type === undefined || !ts.isTypeReferenceNode(type)) return false;
  let named = checker.getSymbolAtLocation(type.typeName);
  if (named !== undefined && named.flags & ts.SymbolFlags.Alias) named = checker.getAliasedSymbol(named);
  const file = named?.declarations?.[0].getSourceFile().fileName ?? 'node_modules';
  return !file.includes('node_modules') && !isBare(named);
}

function page(sections) {
  return `# The public surface of \`@sluice/plugin-api\`

<!-- Made from the sources by \`npm run generate\`: look at what changes here when you review. -->

<!-- prettier-ignore -->
\`\`\`ts
${sections.join('\n\n')}
\`\`\`
`;
}
