/**
 * The limits in Cloudflare's answers, and how long they stay valid.
 *
 * Source: developers.cloudflare.com/fundamentals/api/reference/limits (`Ratelimit: "default";r=50;t=30`: requests left
 * and seconds to the reset; `Ratelimit-Policy: "burst";q=100;w=60`: requests and seconds). Both are lists of structured
 * fields (RFC 9651).
 */
import type * as Headers from "effect/http/Headers"
import * as Bucket from "./bucket.ts"

/** A named limit. */
export interface Named extends Bucket.Limit {
  readonly name: string
}

/** How many requests are left of a named limit, and the milliseconds until it resets. */
export interface Remaining {
  readonly name: string
  readonly requests: number
  readonly reset: number
}

/** A limit from an answer, its bucket of sent requests, and when it is forgotten. */
export interface Learned extends Named {
  readonly emptyAt: number
  readonly until: number
}

/** A limit that no answer has named for this many milliseconds is forgotten. */
export const memory = 5 * 60_000

// More than any API has; bounds the memory.
const most = 16

const item = /((?:"(?:[^"\\]|\\.)*"|[^",])*)(?:,|$)/g
const name = /^\s*("(?:[^"\\]|\\.)*"|[^;]*)/
const quota = /;\s*q=(\d+)\s*(?:;|$)/
const window = /;\s*w=(\d+)\s*(?:;|$)/
const left = /;\s*r=(\d+)\s*(?:;|$)/
const reset = /;\s*t=(\d+)\s*(?:;|$)/
// A quota of anything but requests (`qu="content-bytes"`) does not limit how many to send.
const otherUnit = /;\s*qu=(?!"requests")/

const items = (header: string, amount: RegExp, seconds: RegExp) =>
  header === "" ? [] : Array.from(header.matchAll(item), ([, text = ""]) => text)
    .filter((text) => !otherUnit.test(text))
    .map((text) => ({
      name: name.exec(text)?.[1]?.trim() ?? "",
      amount: Number(amount.exec(text)?.[1]),
      seconds: Number(seconds.exec(text)?.[1])
    }))
    .filter(({ amount, seconds }) => amount >= 0 && seconds > 0)
    .slice(0, most)

/** The limits in an answer. */
export const policy = (headers: Headers.Headers): ReadonlyArray<Named> =>
  items(headers["ratelimit-policy"] ?? "", quota, window)
    .filter(({ amount }) => amount > 0)
    .map(({ amount, name, seconds }) => ({ name, limit: amount, window: seconds * 1000 }))

/** What is left of them, according to an answer. */
export const remaining = (headers: Headers.Headers): ReadonlyArray<Remaining> =>
  items(headers["ratelimit"] ?? "", left, reset)
    .map(({ amount, name, seconds }) => ({ name, requests: amount, reset: seconds * 1000 }))

/** The limits that are still valid. */
export const inForce = (known: ReadonlyArray<Learned>, now: number): ReadonlyArray<Learned> =>
  known.some(({ until }) => until <= now) ? known.filter(({ until }) => until > now) : known

/** The limits after an answer. */
export const learn = (
  known: ReadonlyArray<Learned>,
  named: ReadonlyArray<Named>,
  now: number
): ReadonlyArray<Learned> => {
  if (named.length === 0) return inForce(known, now)
  const others = inForce(known, now).filter((old) => named.every(({ name }) => name !== old.name))
  const repeated = named.map((limit) => {
    const same = known.find((old) =>
      old.name === limit.name && old.limit === limit.limit && old.window === limit.window
    )
    return { ...limit, emptyAt: same?.emptyAt ?? now, until: now + memory }
  })
  return [...others, ...repeated].slice(-most)
}

/** When all learned limits allow one more request, at the latest when they are forgotten. */
export const readyAt = (known: ReadonlyArray<Learned>, share: number): number =>
  Math.max(
    Number.NEGATIVE_INFINITY,
    ...known.map((limit) => Math.min(limit.until, Bucket.readyAt(limit.emptyAt, Bucket.rateOf(limit, share))))
  )

/** The learned limits after a request at `now`. */
export const fill = (known: ReadonlyArray<Learned>, now: number, share: number): ReadonlyArray<Learned> =>
  known.map((limit) => ({ ...limit, emptyAt: Bucket.fill(limit.emptyAt, now, Bucket.rateOf(limit, share)) }))

/** Whether nothing is left of a limit. */
export const isExhausted = (remaining: ReadonlyArray<Remaining>): boolean =>
  remaining.some(({ requests }) => requests === 0)

/**
 * How many milliseconds to send nothing: if no more is left than the share of others, it is reserved for them until the
 * reset. If no policy names a limit, what is left is compared with the tightest known one.
 */
export const pause = (
  known: ReadonlyArray<Learned>,
  remaining: ReadonlyArray<Remaining>,
  configured: Bucket.Limit,
  share: number
): number => {
  const tightest = known.length === 0 ? configured.limit : Math.min(...known.map(({ limit }) => limit))
  const othersOf = (name: string) => {
    const limit = known.find((learned) => learned.name === name)?.limit ?? tightest
    return Math.max(0, limit * (1 - share))
  }
  return Math.max(0, ...remaining.map(({ name, requests, reset }) => requests <= othersOf(name) ? reset : 0))
}
