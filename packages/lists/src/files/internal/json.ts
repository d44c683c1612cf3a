/** JSON arrays and lines of JSON: items in the form of Cloudflare's API, or bare values. */
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Wire from "../../internal/wire.ts"
import type * as ListItem from "../../ListItem.ts"
import type { Options } from "../ItemFile.ts"
import type { Record, Unreadable } from "./records.ts"
import * as Value from "./value.ts"

const parseJson = (text: string) =>
  Result.try({
    try: (): unknown => JSON.parse(text),
    // Newer engines give the line.
    catch: (cause) => ({ reason: "not JSON", line: Number(/\(line (\d+)/.exec(String(cause))?.[1] ?? 1) })
  })

const examples: Readonly<globalThis.Record<ListItem.ListKind, string>> = {
  ip: `{"ip":"192.0.2.1"}`,
  redirect: `{"redirect":{"source_url":"example.com/","target_url":"https://example.net/"}}`,
  hostname: `{"hostname":{"url_hostname":"example.com"}}`,
  asn: `{"asn":15169}`
}

const types: Readonly<globalThis.Record<string, string>> = {
  comment: "a text",
  status_code: "a whole number",
  include_subdomains: "true or false",
  subpath_matching: "true or false",
  preserve_query_string: "true or false",
  preserve_path_suffix: "true or false",
  exclude_exact_hostname: "true or false"
}

// Answers are read leniently: a field of the wrong type counts as absent. In a file it is a mistake.
const misread = (json: object, read: object): string | undefined =>
  Object.entries(json).flatMap(([name, value]: readonly [string, unknown]) =>
    Object.hasOwn(types, name) && !(name in read) && value !== null && value !== ""
      ? [`${name} must be ${types[name]}, not ${show(value).slice(0, 80)}`]
      : []
  )[0]

const partOf = (item: object, kind: ListItem.ListKind): object => {
  const part: unknown = Reflect.get(item, kind)
  return Predicate.isObject(part) ? part : {}
}

const readItem = (kind: ListItem.ListKind, json: unknown): Record["item"] => {
  if (typeof json === "string" || typeof json === "number") return Value.read(kind, String(json).trim())
  const item = Wire.read(json)
  if (item?.kind !== kind || typeof json !== "object" || json === null) {
    return Result.fail(`not of kind ${kind}, such as ${examples[kind]}`)
  }
  const wrong = misread(json, item) ?? misread(partOf(json, kind), partOf(item, kind))
  return wrong === undefined ? Result.succeed(item) : Result.fail(wrong)
}

// A value that is nested too deeply for `JSON.stringify` could still be parsed.
const show = (json: unknown): string => Result.getOrElse(Result.try(() => JSON.stringify(json)), () => "[[[…")

// The lines where the elements of an array begin, in a valid JSON text. An empty array gives one line, that of its end.
const elementLines = (text: string): ReadonlyArray<number> => {
  const lines: Array<number> = []
  // Brackets and commas within strings do not count, and JSON strings have no line breaks. Strings are not matched as
  // one token, because such an expression overflows the stack for long ones.
  const tokens = /\\.|"|\n|\r\n?|[[\]{},]|[^\s"\\[\]{},]+/g
  let [line, depth, isExpected, isString] = [1, 0, false, false]
  for (const [token] of text.matchAll(tokens)) {
    if (isString) {
      isString = token !== "\""
      continue
    }
    if (/[\r\n]/.test(token)) {
      line++
      continue
    }
    if (isExpected) {
      lines.push(line)
      isExpected = false
    }
    if (token === "\"") isString = true
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
    text: show(element),
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
