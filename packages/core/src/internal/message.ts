/**
 * How an error reads: one line that says what was wrong, in Cloudflare's words and ours, what to do, and where it was.
 */
import * as Duration from "effect/Duration"
import { NodeInspectSymbol } from "effect/Inspectable"
import * as PlainText from "./plainText.ts"

/** What every reason knows. */
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

// An error can also be decoded from what somebody stored; whatever it holds, its message has an end.
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

/** When to try again. */
export const tryAgain = ({ retryAfter }: Facts): string =>
  retryAfter === undefined
    ? "Try again later."
    : Duration.isZero(retryAfter)
    ? "Try again now."
    : `Try again in ${Duration.format(retryAfter)}.`

/** The host, to be read behind what to check. */
export const at = ({ host }: Facts): string => host === undefined ? "" : ` (${host})`

interface Printable {
  readonly _tag: string
  readonly message: string
  readonly stack?: string
}

/** How a reason is printed, its message first: by `JSON.stringify` and by `console.error`. */
export const printing = {
  toJSON(this: Printable): object {
    return Object.assign({ _tag: this._tag, message: this.message }, this)
  },
  [NodeInspectSymbol](this: Printable): string {
    return this.stack ?? this.message
  }
}
