/**
 * Cloudflare's two forms of CSV.
 *
 * Source: developers.cloudflare.com/rules/url-forwarding/bulk-redirects/reference/csv-file-format for redirects, and
 * /waf/tools/lists/use-in-expressions for the others. The parser is csv-parse, because it reports the line of each
 * record.
 */
import { parse } from "csv-parse/sync"
import * as Result from "effect/Result"
import * as ListItem from "../../ListItem.ts"
import type { Options } from "../ItemFile.ts"
import type { Record, Unreadable } from "./records.ts"
import * as Value from "./value.ts"

const flags = [
  "preserve_query_string",
  "include_subdomains",
  "subpath_matching",
  "preserve_path_suffix"
] as const satisfies ReadonlyArray<keyof ListItem.RedirectTarget>

const readFlag = (text: string): boolean | undefined =>
  text === "" || /^false$/i.test(text) ? false : /^true$/i.test(text) ? true : undefined

const readRedirect = (
  [source_url = "", target_url = "", status = "", ...rest]: ReadonlyArray<string>
): Result.Result<ListItem.ListItem, string> => {
  const values = flags.map((name, index) => ({ name, value: readFlag(rest[index] ?? "") }))
  // A lost comma looks like this; the target is then wrong.
  if (target_url === "" || /^\d{3}$/.test(target_url)) {
    return Result.fail(`the target is ${target_url === "" ? "missing" : target_url}; is a comma missing?`)
  }
  if (status !== "" && !/^\d{3}$/.test(status)) {
    return Result.fail(`the status must be 301, 302, 307 or 308, not ${status.slice(0, 20)}; is a comma missing?`)
  }
  const wrong = values.find(({ value }) => value === undefined)
  if (wrong !== undefined) return Result.fail(`${wrong.name} must be TRUE, FALSE or empty`)
  if (rest.slice(flags.length).some((cell) => cell !== "")) return Result.fail("more than 7 columns")
  return Result.succeed(ListItem.redirect({
    source_url,
    target_url,
    ...(status !== "" && { status_code: Number(status) }),
    ...Object.fromEntries(values.map(({ name, value }) => [name, value]))
  }))
}

const readCells = (kind: ListItem.ListKind, cells: ReadonlyArray<string>): Record["item"] => {
  if (kind === "redirect") return readRedirect(cells)
  const [value = "", description = "", ...rest] = cells
  return rest.some((cell) => cell !== "")
    ? Result.fail("more than 2 columns: a description with a comma goes in quotes")
    : Value.read(kind, value, description)
}

// csv-parse reports the last line of a record, and quoted cells may span several lines.
const beginOf = (lines: number, cells: ReadonlyArray<string>) =>
  lines - cells.reduce((sum, cell) => sum + cell.split("\n").length - 1, 0)

/** The records of a text without a header row. */
export const read = (text: string, { kind }: Options): Result.Result<ReadonlyArray<Record>, Unreadable> => {
  const records: Array<Record> = []
  // By default, csv-parse uses the first line ending for the whole file.
  const content = text.replace(/\r\n?/g, "\n")
  let lastLine = 0
  parse(content, {
    comment: "#",
    comment_no_infix: true,
    on_record: (cells, { lines }) => {
      const isHeader = lastLine === 0 && Value.isHeader(kind, cells[0] ?? "")
      lastLine = lines
      // Spreadsheets write an empty row as empty cells.
      if (isHeader || cells.every((cell) => cell === "")) return null
      records.push({ line: beginOf(lines, cells), text: cells.join(","), item: readCells(kind, cells) })
      return null
    },
    // Quotes within cells are allowed, so this is the only possible error.
    on_skip: () => {
      const begin = content.split("\n")[lastLine] ?? ""
      records.push({ line: lastLine + 1, text: begin, item: Result.fail("a quote that begins here is never closed") })
    },
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    trim: true
  })
  return Result.succeed(records)
}
