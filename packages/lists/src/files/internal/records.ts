/** The records of a file, before Cloudflare's rules are checked. */
import * as Result from "effect/Result"
import type * as ListItem from "../../ListItem.ts"
import type { Options } from "../ItemFile.ts"
import * as Csv from "./csv.ts"
import * as Json from "./json.ts"
import * as Value from "./value.ts"

export interface Record {
  /** The line where it begins. */
  readonly line: number
  /** The text to look for in the file. */
  readonly text: string
  readonly item: Result.Result<ListItem.ListItem, string>
}

/** Why a file cannot be read line by line. */
export interface Unreadable {
  readonly line: number
  readonly text: string
  readonly reason: string
}

const withoutComment = (line: string) => line.replace(/[#;].*/s, "").trim()

const lines = (text: string, { kind }: Options): Result.Result<ReadonlyArray<Record>, Unreadable> => {
  if (kind === "redirect") {
    return Result.fail({ line: 1, text: "", reason: "plain lines cannot hold redirects: use CSV, JSON or NDJSON" })
  }
  const records: Array<Record> = []
  for (const [index, line] of text.split(/\r\n|\n|\r/).entries()) {
    const value = withoutComment(line)
    if (value === "" || (records.length === 0 && Value.isHeader(kind, value))) continue
    records.push({ line: index + 1, text: line.trim(), item: Value.read(kind, value) })
  }
  return Result.succeed(records)
}

const readers = { lines, csv: Csv.read, json: Json.readArray, ndjson: Json.readLines }

/** All records of the text. */
export const read = (text: string, options: Options): Result.Result<ReadonlyArray<Record>, Unreadable> =>
  readers[options.format](text, options)
