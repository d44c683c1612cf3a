/** Makes text from outside fit for an error message: one line, of bounded length, without control characters. */

const maxLength = 80

/** The text in quotes. Long texts are truncated, and characters that could manipulate a terminal are escaped. */
export const quoted = (text: string): string => {
  const clipped = text.length > maxLength ? `${text.slice(0, maxLength).replace(/[\ud800-\udbff]$/, "")}…` : text
  return JSON.stringify(clipped).replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`
  )
}
