/**
 * Text from outside, made fit for an error message: one line, of bounded length, without control characters.
 */
import * as Result from "effect/Result"

const maxExcerpt = 500

/** The text on one line. Control characters, which could play with a terminal, are spaces as well. */
export const onOneLine = (text: string): string => text.replace(/[\s\p{Cc}]+/gu, " ").trim()

/** How the text begins. */
export const clip = (text: string, length = maxExcerpt): string =>
  text.length > length ? `${text.slice(0, length).replace(/[\ud800-\udbff]$/, "")}…` : text

/** JSON of a decoded JSON value, with something else for each string in it. */
export const json = (value: unknown, show: (text: string) => string): string =>
  Result.getOrElse(
    Result.try(() => JSON.stringify(value, (_, value: unknown) => typeof value === "string" ? show(value) : value)),
    () => "JSON that is nested too deeply"
  )

/** What a person can read of a body that is no envelope: the title of a page, else how the text begins. */
export const excerpt = (body: string): string => {
  // The lengths keep a hostile page from making the search take long.
  const beginning = body.slice(0, 64 * 1024)
  const title = onOneLine(/<title[^>]{0,100}>([^<]{1,1000})<\/title>/i.exec(beginning)?.[1] ?? "")
  if (title !== "") return `an HTML page titled "${clip(title, 200)}"`
  const text = onOneLine(beginning)
  return text === "" ? "an empty body" : clip(text)
}
