/**
 * The message of an error: one line that says what went wrong, in Cloudflare's words and ours, what to do, and which
 * call it was.
 */
import * as Duration from "effect/Duration"
import { NodeInspectSymbol } from "effect/Inspectable"
import * as PlainText from "./plainText.ts"

/** The facts in every reason. */
export interface Facts {
  readonly method: string
  readonly path: string
  readonly host?: string
  readonly status?: number
  readonly ray?: string
  readonly errors: ReadonlyArray<{ readonly toString: () => string }>
  readonly detail?: string
  readonly retryAfter?: Duration.Duration
}

// An error can also be decoded from stored data; its message is bounded, whatever it holds.
const longestText = 2000
const longestPlace = 500

/** The message of a reason. */
export const describe = (summary: string, facts: Facts, advice: string): string => {
  const { detail, errors, method, path, ray, status } = facts
  const said = [...errors.map(String), ...(detail === undefined ? [] : [detail])].join("; ")
  const call = [status, method, path].join(" ")
  const where = ray === undefined ? call : `${call}, cf-ray ${ray}`
  const what = PlainText.show(said === "" ? summary : `${summary}: ${said}`, longestText)
  return `${/[.!?…]$/.test(what) ? what : `${what}.`} ${advice} (${PlainText.show(where, longestPlace)})`
}

/** Advice on when to try again. */
export const tryAgain = ({ retryAfter }: Facts): string =>
  retryAfter === undefined
    ? "Try again later."
    : Duration.isZero(retryAfter)
    ? "Try again now."
    : `Try again in ${Duration.format(retryAfter)}.`

/** The host in parentheses, to append to what to check. */
export const at = ({ host }: Facts): string => host === undefined ? "" : ` (${host})`

interface Printable {
  readonly _tag: string
  readonly message: string
  readonly stack?: string
}

/** Makes `JSON.stringify` and `console.error` print a reason with its message first. */
export const printing = {
  toJSON(this: Printable): object {
    return Object.assign({ _tag: this._tag, message: this.message }, this)
  },
  [NodeInspectSymbol](this: Printable): string {
    return this.stack ?? this.message
  }
}
