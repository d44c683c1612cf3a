/**
 * What tests of the budget count, and the numbers that they draw.
 */
import { Clock, Duration, Effect, Schema } from "effect"
import { Headers } from "effect/http"
import * as Admission from "../../../src/internal/budget/admission.ts"
import * as RequestBudget from "../../../src/RequestBudget.ts"

/** A whole number from `minimum` to `maximum`. */
export const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

/** The most of these times, in order, that are in any window of that length, wherever it begins. */
export const mostInAnyWindow = (times: ReadonlyArray<number>, window: number) => {
  let first = 0
  return times.reduce((most, time, index) => {
    while ((times[first] ?? time) <= time - window) first++
    return Math.max(most, index - first + 1)
  }, 0)
}

/** What a request is answered. */
export interface Reply {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly codes?: ReadonlyArray<number>
  readonly retryAfter?: Duration.Input
}

/** A Cloudflare that answers after 100 ms, and what it was sent: times in milliseconds of the monotonic clock. */
export const cloudflare = (answer: (path: string, at: number) => Reply | undefined = () => ({}), latency = 100) => {
  const sent: Array<{ readonly path: string; readonly at: number }> = []
  const send = (path: string, key = "key") =>
    Effect.gen(function*() {
      const admission = yield* Admission.admit(key, path)
      const at = Number(yield* Clock.monotonicTimeNanos) / 1e6
      sent.push({ path, at })
      yield* Effect.sleep(latency)
      const reply = answer(path, at)
      admission.observe(
        reply && {
          status: reply.status ?? 200,
          headers: Headers.fromInput(reply.headers ?? {}),
          codes: reply.codes ?? [],
          retryAfter: reply.retryAfter === undefined ? undefined : Duration.fromInputUnsafe(reply.retryAfter)
        }
      )
    })
  const times = (path?: string) => sent.filter((one) => path === undefined || one.path === path).map(({ at }) => at)
  return { send, times, paths: () => sent.map(({ path }) => path) }
}

/** Has requests make room as this rank. */
export const as = (priority: RequestBudget.Priority) =>
  Effect.provideService(RequestBudget.CurrentClaim, { priority, delayed: Effect.void, admitted: Effect.void })
