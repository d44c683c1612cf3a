/** The message of a foreign error, down to its innermost cause: `fetch failed: connect ECONNREFUSED 127.0.0.1:9`. */
import * as Predicate from "effect/Predicate"
import * as PlainText from "./plainText.ts"

/** One error of a chain, as in Node. Missing fields are empty. */
export interface Link {
  readonly message: string
  readonly code: string
  readonly syscall: string
}

// A chain may be circular.
const longestChain = 8

/** The error and its causes, outermost first. */
export const chain = (error: unknown): ReadonlyArray<Link> => {
  const links: Array<Link> = []
  for (let cause = error; cause !== undefined && links.length < longestChain; cause = causeOf(cause)) {
    links.push({ message: messageOf(cause), code: textOf(cause, "code"), syscall: textOf(cause, "syscall") })
  }
  return links
}

/** The messages of the chain, and each code that they do not contain. May be empty. */
export const describe = (error: unknown): string =>
  chain(error)
    .map(({ code, message }) => message === "" || message.includes(code) ? message || code : `${message} (${code})`)
    .filter((text) => text !== "")
    .join(": ")

const textOf = (value: unknown, key: string) => Predicate.hasProperty(value, key) ? String(value[key] ?? "") : ""

const messageOf = (cause: unknown) => {
  if (Predicate.hasProperty(cause, "message")) return textOf(cause, "message")
  return typeof cause === "string" ? cause : PlainText.json(cause, PlainText.show)
}

// A host with several addresses fails with one error for each; the last one is as good as any.
const causeOf = (error: unknown): unknown =>
  Predicate.hasProperty(error, "cause")
    ? error.cause
    : Predicate.hasProperty(error, "errors") && Array.isArray(error.errors)
    ? error.errors.at(-1)
    : undefined
