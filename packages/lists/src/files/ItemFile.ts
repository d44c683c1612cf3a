/**
 * Reads items from files, with their lines: plain lines, Cloudflare's two forms of CSV, JSON and NDJSON.
 *
 * A file is read completely before its first item is returned, so that a wrong line at its end is found before anything
 * is sent. Common features of files are supported: byte order marks, CRLF, comments, a header row, `AS15169`.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Excerpt from "../internal/excerpt.ts"
import { InvalidItem, maxReported } from "../InvalidItems.ts"
import * as ListItem from "../ListItem.ts"
import * as Records from "./internal/records.ts"
import * as Text from "./internal/text.ts"

/**
 * The format of a file.
 *
 * - `lines`: one value a line, with comments behind `#` and `;`. Not for redirects.
 * - `csv`: as Cloudflare's dashboard takes it. Redirects are `SOURCE,TARGET[,STATUS,PRESERVE_QUERY_STRING,`
 *   `INCLUDE_SUBDOMAINS,SUBPATH_MATCHING,PRESERVE_PATH_SUFFIX]`, other items `VALUE,DESCRIPTION`.
 * - `json`: an array of items in the form of Cloudflare's API, or of bare values.
 * - `ndjson`: one such item or value a line.
 */
export type Format = "lines" | "csv" | "json" | "ndjson"

/** The format of the file and the kind of its items. */
export interface Options {
  readonly format: Format
  readonly kind: ListItem.ListKind
}

/** An item, and the line of the file where it begins, counted from 1. */
export type FileItem = ListItem.ListItem & { readonly line: number }

/**
 * A file with wrong lines, or one that is not a list.
 *
 * @example
 * import { ItemFile } from "@bulk-operations/lists/files"
 * import { Effect } from "effect"
 *
 * const parsed = ItemFile.parse("192.0.2.1\n192.0.2.300\n", { format: "lines", kind: "ip" })
 * export const lines = Effect.fromResult(parsed).pipe(
 *   Effect.catchTag("InvalidFile", ({ invalid }) => Effect.succeed(invalid.map(({ line }) => line)))
 * )
 */
export class InvalidFile extends Schema.TaggedError<InvalidFile>("@bulk-operations/lists/InvalidFile")("InvalidFile", {
  /** The first 20 of the wrong lines; `line` counts from 1. */
  invalid: Schema.Array(Schema.Struct({
    line: Schema.Int,
    item: InvalidItem.fields.item,
    reason: InvalidItem.fields.reason
  })),
  /** How many lines are wrong in all. */
  count: Schema.Int
}) {
  override get message(): string {
    const lines = this.invalid.map(({ item, line, reason }) => `\n  line ${line}, ${item}: ${reason}`)
    const rest = this.count - lines.length
    return `The file has ${this.count} wrong ${this.count === 1 ? "line" : "lines"}, so none of it is used:` +
      lines.join("") + (rest > 0 ? `\n  and ${rest} more` : "")
  }
}

/**
 * The format for a file name's extension; `lines` for unknown ones.
 *
 * @example
 * import { ItemFile } from "@bulk-operations/lists/files"
 *
 * ItemFile.formatOf("redirects.CSV") // => "csv"
 * ItemFile.formatOf("firehol_level1.netset") // => "lines"
 */
export const formatOf = (name: string): Format => {
  const [, ending = ""] = /\.([a-z]+)$/i.exec(name) ?? []
  switch (ending.toLowerCase()) {
    case "csv":
      return "csv"
    case "json":
      return "json"
    case "jsonl":
    case "ndjson":
      return "ndjson"
    default:
      return "lines"
  }
}

const invalidFile = (line: number, text: string, reason: string) =>
  new InvalidFile({ invalid: [{ line, item: Excerpt.quoted(text), reason }], count: 1 })

/**
 * Returns the items of a text in Cloudflare's normalized form, or all of its wrong lines: invalid ones, items that
 * Cloudflare refuses, and duplicates.
 *
 * @example
 * import { ItemFile } from "@bulk-operations/lists/files"
 * import { Result } from "effect"
 *
 * const text = "# seen last week\n192.0.2.0/24 ; a scanner\n\n192.0.2.300\n192.0.2.1/24\n"
 * const [typo, again] = Result.match(ItemFile.parse(text, { format: "lines", kind: "ip" }), {
 *   onFailure: ({ invalid }) => invalid,
 *   onSuccess: () => []
 * })
 * typo // => { line: 4, item: '"192.0.2.300"', reason: "not an IP address, such as 192.0.2.1, 192.0.2.0/24 or 2001:db8::/32" }
 * again // => { line: 5, item: '"192.0.2.1/24"', reason: "the same as line 2" }
 */
export const parse = (text: string, options: Options): Result.Result<ReadonlyArray<FileItem>, InvalidFile> => {
  const content = Text.withoutMark(text)
  const page = Text.htmlTitle(content)
  if (page !== undefined) {
    return Result.fail(invalidFile(1, page, "an HTML page instead of a list; check where the file came from"))
  }
  const records = Records.read(content, options)
  if (Result.isFailure(records)) {
    const { line, reason, text } = records.failure
    return Result.fail(invalidFile(line, text, reason))
  }
  const items: Array<FileItem> = []
  const invalid: Array<InvalidFile["invalid"][number]> = []
  const lineOf = new Map<string, number>()
  let count = 0
  for (const { item, line, text } of records.success) {
    const checked = Result.flatMap(
      Result.flatMap(item, ListItem.normalize),
      (item): Result.Result<FileItem, string> => {
        const key = ListItem.key(item)
        const first = lineOf.get(key)
        if (first !== undefined) return Result.fail(`the same as line ${first}`)
        lineOf.set(key, line)
        return Result.succeed({ ...item, line })
      }
    )
    if (Result.isSuccess(checked)) items.push(checked.success)
    else if (++count <= maxReported) invalid.push({ line, item: Excerpt.quoted(text), reason: checked.failure })
  }
  return count === 0 ? Result.succeed(items) : Result.fail(new InvalidFile({ invalid, count }))
}

/**
 * The items of a file, for `ListItems.replace`, `create` and `sync`; see `parse`.
 *
 * The content is UTF-8, or UTF-16 with a byte order mark.
 *
 * @example
 * import { ListItems } from "@bulk-operations/lists"
 * import { ItemFile } from "@bulk-operations/lists/files"
 * import { Effect, FileSystem } from "effect"
 *
 * const block = Effect.fn("block")(function*(listId: string, path: string) {
 *   const files = yield* FileSystem.FileSystem
 *   const items = ItemFile.read(files.stream(path), { format: "lines", kind: "ip" })
 *   return yield* ListItems.ListItems.use((list) => list.sync(listId, items))
 * })
 */
export const read = <E, R>(
  content: Stream.Stream<Uint8Array, E, R>,
  options: Options
): Stream.Stream<FileItem, E | InvalidFile, R> =>
  Stream.fromIterableEffect(Effect.flatMap(Stream.runCollect(content), (chunks) => {
    const text = Text.decode(chunks)
    return Effect.fromResult(
      text === undefined
        ? Result.fail(invalidFile(1, "", "neither UTF-8, nor UTF-16 with a byte order mark"))
        : parse(text, options)
    )
  }))
