/** The items of a command: from a file or stdin, in any format. */
import * as Advice from "@bulk-operations/lists/Advice"
import { ItemFile } from "@bulk-operations/lists/files"
import type { List } from "@bulk-operations/lists/List"
import { ListKind } from "@bulk-operations/lists/ListItem"
import { Lists } from "@bulk-operations/lists/Lists"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stdio from "effect/Stdio"
import * as Stream from "effect/Stream"
import { UsageError } from "../Failure.ts"
import { Output } from "../Output.ts"
import * as Ids from "./ids.ts"

/** The list with this id or name. */
export const list = Effect.fnUntraced(
  function*(
    text: string
  ): Effect.fn.Return<List, Effect.Error<ReturnType<Lists["Service"]["list"]>> | UsageError, Lists> {
    const lists = yield* Lists
    if (/^[0-9a-f]{32}$/i.test(text)) return yield* lists.get(text)
    const parsed = yield* Effect.fromResult(Ids.parse("List", text))
    const name = parsed.replace(/^\$/, "")
    const all = yield* lists.list()
    const found = all.find((list) => list.name === name)
    if (found !== undefined) return found
    const names = all.map((list) => list.name).toSorted()
    return yield* new UsageError({
      message: `There is no list named ${JSON.stringify(name)} in this account. ` +
        (names.length === 0
          ? "It has no lists."
          : `There are: ${names.slice(0, 20).join(", ")}${names.length > 20 ? ", …" : ""}`)
    })
  }
)

const isKind = Schema.is(ListKind)

/** The kind of the items of a list. */
export const kindOf = ({ kind, name }: List) =>
  isKind(kind)
    ? Effect.succeed(kind)
    : Effect.fail(new UsageError({ message: `List ${name} is of kind ${kind}, which this command does not support.` }))

/** The content of a file or of stdin, and its name for messages. */
export const read = Effect.fnUntraced(function*(file: Option.Option<string>) {
  const path = Option.getOrElse(file, () => "-")
  if (path !== "-") {
    const files = yield* FileSystem.FileSystem
    const content = yield* Effect.mapError(
      files.readFile(path),
      ({ reason }) =>
        new UsageError({ message: `Cannot read the file ${path}: ${reasons[reason._tag] ?? reason._tag}` })
    )
    return { name: path, content }
  }
  const stdio = yield* Stdio.Stdio
  if (yield* stdio.stdinIsTerminal) {
    return yield* new UsageError({ message: "There are no items: pass a file, or pipe them in." })
  }
  const chunks = yield* Stream.runCollect(stdio.stdin)
  return { name: "stdin", content: Uint8Array.from(Buffer.concat(Array.from(chunks))) }
})

const reasons: { readonly [tag: string]: string | undefined } = {
  NotFound: "there is no such file",
  PermissionDenied: "permission denied",
  BadResource: "it is a folder"
}

// Without a file name, the first character decides.
const formatOf = (name: string, content: Uint8Array, kind: ListKind): ItemFile.Format => {
  if (name !== "stdin") {
    const format = ItemFile.formatOf(name)
    return format === "lines" && kind === "redirect" ? "csv" : format
  }
  const start = new TextDecoder().decode(content.subarray(0, 1000)).trimStart()
  if (start.startsWith("[")) return "json"
  if (start.startsWith("{")) return "ndjson"
  return kind === "redirect" ? "csv" : "lines"
}

/** The items of a file or of stdin. Items that look like a mistake are noted, but still used. */
export const items = Effect.fnUntraced(function*(
  file: Option.Option<string>,
  format: Option.Option<ItemFile.Format>,
  kind: ListKind
) {
  const { content, name } = yield* read(file)
  const items = yield* Stream.runCollect(
    ItemFile.read(Stream.make(content), { kind, format: Option.getOrElse(format, () => formatOf(name, content, kind)) })
  ).pipe(Effect.mapError((error) => new UsageError({ message: `${name}: ${error.message}` })))
  const output = yield* Output
  const advice = Advice.of(items)
  for (const { advice: text, item, position } of advice.slice(0, 5)) {
    yield* output.note(`note: ${name}, line ${items[position]?.line}, ${item}: ${text}`)
  }
  if (advice.length > 5) yield* output.note(`note: and ${advice.length - 5} more like these`)
  return items
})

/** Ids, one a line. */
export const ids = Effect.fnUntraced(function*(file: Option.Option<string>) {
  const { content } = yield* read(file)
  const lines = new TextDecoder().decode(content).split(/\r?\n/).map((line) => line.trim()).filter((line) =>
    line !== ""
  )
  const parsed = lines.map((line) => Ids.parse("Item id", line))
  const wrong = parsed.find(Result.isFailure)
  if (wrong !== undefined) return yield* wrong.failure
  return parsed.flatMap((id) => Result.isSuccess(id) ? [id.success] : [])
})
