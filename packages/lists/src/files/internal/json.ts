/**
 * JSON arrays and lines of JSON: items as Cloudflare's API has them, or bare values.
 */
import * as Result from "effect/Result"
import * as Wire from "../../internal/wire.ts"
import type * as ListItem from "../../ListItem.ts"
import type { Options } from "../ItemFile.ts"
import type { Record, Unreadable } from "./records.ts"
import * as Value from "./value.ts"

const parseJson = (text: string) =>
  Result.try({
    try: (): unknown => JSON.parse(text),
    // Newer engines say where.
    catch: (cause) => ({ reason: "not JSON", line: Number(/\(line (\d+)/.exec(String(cause))?.[1] ?? 1) })
  })

const examples: Readonly<globalThis.Record<ListItem.ListKind, string>> = {
  ip: `{"ip":"192.0.2.1"}`,
  redirect: `{"redirect":{"source_url":"example.com/","target_url":"https://example.net/"}}`,
  hostname: `{"hostname":{"url_hostname":"example.com"}}`,
  asn: `{"asn":15169}`
}

const readItem = (kind: ListItem.ListKind, json: unknown): Record["item"] => {
  if (typeof json === "string" || typeof json === "number") return Value.read(kind, String(json).trim())
  const item = Wire.read(json)
  return item?.kind === kind ? Result.succeed(item) : Result.fail(`not of kind ${kind}, such as ${examples[kind]}`)
}

/** Where the elements of an array begin, in a text that is known to be JSON. */
export const elementLines = (text: string): ReadonlyArray<number> => {
  const lines: Array<number> = []
  // Strings hold none of the brackets and commas that count. JSON has no line breaks in them.
  const tokens = /"(?:[^"\\]|\\.)*"|\n|\r\n?|[[\]{},]|[^\s"[\]{},]+/g
  let [line, depth, isExpected] = [1, 0, false]
  for (const [token] of text.matchAll(tokens)) {
    if (/^[\r\n]/.test(token)) {
      line++
      continue
    }
    if (isExpected && token !== "]") {
      lines.push(line)
      isExpected = false
    }
    if (token === "[" || token === "{") depth++
    else if (token === "]" || token === "}") depth--
    if (depth === 1 && (token === "," || token === "[")) isExpected = true
  }
  return lines
}

/** One JSON array. */
export const readArray = (text: string, { kind }: Options): Result.Result<ReadonlyArray<Record>, Unreadable> => {
  if (text.trim() === "") return Result.succeed([])
  const json = parseJson(text)
  if (Result.isFailure(json)) {
    const { line } = json.failure
    return Result.fail({ ...json.failure, text: text.split(/\r\n|\n|\r/)[line - 1]?.trim() ?? "" })
  }
  if (!Array.isArray(json.success)) {
    return Result.fail({ line: 1, text: text.trim(), reason: "not a JSON array of items" })
  }
  const lines = elementLines(text)
  const elements: ReadonlyArray<unknown> = json.success
  return Result.succeed(elements.map((element, index) => ({
    line: lines[index] ?? 1,
    text: JSON.stringify(element),
    item: readItem(kind, element)
  })))
}

/** An item on each line. */
export const readLines = (text: string, { kind }: Options): Result.Result<ReadonlyArray<Record>, Unreadable> =>
  Result.succeed(
    text.split(/\r\n|\n|\r/).flatMap((line, index) =>
      line.trim() === "" ? [] : [{
        line: index + 1,
        text: line.trim(),
        item: Result.flatMap(
          Result.mapError(parseJson(line), ({ reason }) => reason),
          (json) => readItem(kind, json)
        )
      }]
    )
  )
