/**
 * Makes text from outside fit for an error message: without the caller's secret, on one line, of bounded length, and
 * without invisible characters.
 *
 * All such text goes through a `Show`. It redacts before it truncates, or part of the secret could survive.
 */

/** Returns a text that may be shown, at most `length` characters long. Default 500. */
export type Show = (text: string, length?: number) => string

// A body may have 16 MiB; only its beginning is useful.
const window = 64 * 1024

// Shorter ones are not secrets of Cloudflare, and would match within ordinary words.
const shortestSecret = 8

// The most characters that one escaped character of a secret takes.
const longestEscape = 9

/** Shows texts that contain no secret. */
export const show: Show = (text, length = 500) => clip(onOneLine(text.slice(0, window)), length)

/** Shows texts without this secret, even if it is escaped as in a URL, in JSON or in HTML. */
export const showWithout = (secret: string): Show => {
  if (secret.length < shortestSecret) return show
  // Built lazily: most requests succeed and never need it.
  let pattern: RegExp | undefined
  return (text, length = 500) => {
    pattern ??= new RegExp(Array.from(secret, anyEscape).join(""), "gi")
    const line = onOneLine(text.slice(0, window)).replace(pattern, "<redacted>")
    // The window may cut the secret.
    return clip(text.length > window ? line.slice(0, -longestEscape * secret.length) : line, length)
  }
}

const anyEscape = (character: string) => {
  const code = character.charCodeAt(0)
  const hex = code.toString(16)
  // JSON in JSON escapes the backslashes of the inner one.
  const literal = /\w/.test(character) ? character : `\\\\{0,3}\\${character}`
  return `(?:${literal}|%(?:25)?${hex}|\\\\{1,4}u00${hex}|&#x0?${hex};|&#0?${code};)`
}

// Invisible characters could hide the secret or reverse a line; control characters could manipulate a terminal.
const onOneLine = (text: string) =>
  text.replace(/[\p{Default_Ignorable_Code_Point}\p{Cf}\p{Cs}]/gu, "").replace(/[\s\p{Cc}]+/gu, " ").trim()

/** The beginning of the text. */
export const clip = (text: string, length: number): string =>
  text.length > length ? `${text.slice(0, length).replace(/[\ud800-\udbff]$/, "")}…` : text

const longestInJson = 100
const maxDepth = 8

/** The beginning of a value's JSON. A long text in it does not hide what follows. */
export const json = (value: unknown, show: Show, length = 500): string => {
  let room = length
  const write = (text: string) => {
    room -= text.length
    return text
  }
  const quote = (text: string) => write(JSON.stringify(show(text, longestInJson)))
  const join = (entries: ReadonlyArray<readonly [string, unknown]>, depth: number, part: (key: string) => string) => {
    const parts: Array<string> = []
    for (const [key, item] of entries) {
      if (room <= 0) return `${parts.join(",")},…`
      parts.push(part(key) + print(item, depth + 1))
    }
    return parts.join(",")
  }
  const print = (value: unknown, depth: number): string => {
    if (typeof value === "string") return quote(value)
    if (typeof value !== "object" || value === null) return write(String(value))
    if (depth > maxDepth) return write("…")
    return Array.isArray(value)
      // There cannot be room for more items than characters.
      ? `[${join(Object.entries(value.slice(0, length)), depth, () => "")}]`
      : `{${join(Object.entries(value), depth, (key) => `${quote(key)}:`)}}`
  }
  return print(value, 0)
}

/** A readable excerpt of a body that is not JSON: its HTML title, or its first characters. */
export const excerpt = (body: string, show: Show): string => {
  // Bounded lengths, so that a hostile page cannot slow down the search.
  const title = /<title[^>]{0,100}>([^<]{1,1000})<\/title>/i.exec(body.slice(0, window))?.[1] ?? ""
  const shownTitle = show(title, 200)
  if (shownTitle !== "") return `an HTML page titled "${shownTitle}"`
  return show(body) || "an empty body"
}
