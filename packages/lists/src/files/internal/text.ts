/** Decodes bytes, and recognizes HTML pages. */
import * as Option from "effect/Option"
import * as Result from "effect/Result"

const encodingOf = ([first, second]: Uint8Array) =>
  first === 0xff && second === 0xfe ? "utf-16le" : first === 0xfe && second === 0xff ? "utf-16be" : "utf-8"

const joined = (chunks: ReadonlyArray<Uint8Array>) => {
  const bytes = new Uint8Array(chunks.reduce((length, chunk) => length + chunk.length, 0))
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}

/** The text of the bytes; undefined if they are not text. */
export const decode = (chunks: ReadonlyArray<Uint8Array>): string | undefined => {
  const bytes = joined(chunks)
  return Option.getOrUndefined(
    Result.getSuccess(Result.try(() => new TextDecoder(encodingOf(bytes), { fatal: true }).decode(bytes)))
  )
}

export const withoutMark = (text: string): string => (text.startsWith("\ufeff") ? text.slice(1) : text)

/** The title of an HTML page, or its beginning; undefined if the text is not HTML. */
export const htmlTitle = (text: string): string | undefined => {
  // Bounded lengths, so that a hostile page cannot slow down the search.
  const beginning = text.slice(0, 64 * 1024)
  if (!/^\s*<(!doctype|html|head|\?xml|!--)/i.test(beginning)) return undefined
  return /<title[^>]{0,100}>([^<]{1,1000})<\/title>/i.exec(beginning)?.[1]?.trim() ?? beginning.trim()
}
