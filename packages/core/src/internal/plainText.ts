/**
 * Text from outside, made fit for an error message: without the caller's secret, on one line, of bounded length, and
 * without characters that cannot be seen.
 *
 * All of it goes through a `Show`. It redacts before it truncates, or part of the secret could survive.
 */

/** The text as it may be shown, at most `length` characters of it. Default 500. */
export type Show = (text: string, length?: number) => string

// A body may have 16 MiB; nobody reads more than its beginning.
const window = 64 * 1024

// Shorter ones are no secrets of Cloudflare's, and would be found in every word.
const shortestSecret = 8

// What one character of a secret takes at most where it is escaped.
const longestEscape = 9

/** Shows texts from which there is no secret to hide. */
export const show: Show = (text, length = 500) => clip(onOneLine(text.slice(0, window)), length)

/** Shows texts without this secret, also where it is escaped as in a URL, in JSON or in HTML. */
export const showWithout = (secret: string): Show => {
  if (secret.length < shortestSecret) return show
  // Most requests succeed and never need it.
  let pattern: RegExp | undefined
  return (text, length = 500) => {
    pattern ??= new RegExp(Array.from(secret, anyEscape).join(""), "gi")
    const line = onOneLine(text.slice(0, window)).replace(pattern, "<redacted>")
    // The window may end within the secret.
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

// Invisible characters could hide the secret or turn a line round; control characters could play with a terminal.
const onOneLine = (text: string) =>
  text.replace(/[\p{Default_Ignorable_Code_Point}\p{Cf}\p{Cs}]/gu, "").replace(/[\s\p{Cc}]+/gu, " ").trim()

/** How the text begins. */
export const clip = (text: string, length: number): string =>
  text.length > length ? `${text.slice(0, length).replace(/[\ud800-\udbff]$/, "")}…` : text

const longestInJson = 100
const maxDepth = 8

/** How the JSON of a decoded JSON value begins. A long text in it does not hide what comes after it. */
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
      // A list shows no more items than there is room for characters.
      ? `[${join(Object.entries(value.slice(0, length)), depth, () => "")}]`
      : `{${join(Object.entries(value), depth, (key) => `${quote(key)}:`)}}`
  }
  return print(value, 0)
}

/** A readable excerpt of a body that is not JSON: its HTML title, or its first characters. */
export const excerpt = (body: string, show: Show): string => {
  // The lengths keep a hostile page from making the search take long.
  const title = /<title[^>]{0,100}>([^<]{1,1000})<\/title>/i.exec(body.slice(0, window))?.[1] ?? ""
  const shownTitle = show(title, 200)
  if (shownTitle !== "") return `an HTML page titled "${shownTitle}"`
  return show(body) || "an empty body"
}
