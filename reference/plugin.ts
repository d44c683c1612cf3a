/**
 * Adapts TypeDoc to this repository: the first comment of a module documents the module, and a service's methods are in
 * the type argument of its class.
 */
import { readFileSync } from "node:fs"
import {
  type Application,
  Comment,
  CommentTag,
  type Context,
  Converter,
  type DeclarationReflection,
  ReflectionKind
} from "typedoc"

const commentOf = (path: string): Comment | undefined => {
  const [, text] = /^\/\*\*\n([^]*?)\*\//.exec(readFileSync(path, "utf8")) ?? []
  if (text === undefined) return undefined
  const [summary = "", ...examples] = text.replaceAll(/^ \* ?/gm, "").split(/^@example\n/m)
  return new Comment(
    [{ kind: "text", text: summary.trim() }],
    examples.map((code) => new CommentTag("@example", [{ kind: "code", text: `\`\`\`ts\n${code.trim()}\n\`\`\`` }]))
  )
}

/** `core/src/BulkOperation` is imported as `@bulk-operations/core/BulkOperation`. */
const importOf = (name: string) => `@bulk-operations/${name.replace("/src/", "/").replace(/\.ts$/, "")}`

const describeModule = (module: DeclarationReflection, path: string | undefined) => {
  if (path !== undefined) module.comment ??= commentOf(path)
  module.name = importOf(module.name)
}

const showMethods = (service: DeclarationReflection) => {
  const [shape] = service.extendedTypes ?? []
  const declaration = shape?.type === "reference"
    ? shape.typeArguments?.map((type) => type.type === "reflection" ? type.declaration : undefined).find(Boolean)
    : undefined
  for (const method of declaration?.children ?? []) {
    method.parent = service
    service.addChild(method)
  }
  // The constructor comes from Effect.
  const constructors = service.children?.filter(({ kind }) => kind === ReflectionKind.Constructor) ?? []
  for (const constructor of constructors) service.project.removeReflection(constructor)
  delete service.extendedTypes
}

const prepare = ({ project }: Context) => {
  for (const reflection of Object.values(project.reflections)) {
    if (!reflection.isDeclaration()) continue
    if (reflection.kind === ReflectionKind.Module) describeModule(reflection, reflection.sources?.[0]?.fullFileName)
    if (reflection.kind === ReflectionKind.Class) showMethods(reflection)
  }
}

export const load = (app: Application): void => {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, prepare)
}
