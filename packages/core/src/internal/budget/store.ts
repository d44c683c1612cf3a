/**
 * The store of a shared budget. If it does not answer, requests do not wait for it, each process uses its own budget,
 * and the store is tried again every few seconds.
 *
 * Of Effect's `RateLimiter` only the time to live of a fixed window is used. It is how long the bucket takes to drain,
 * and the store counts it: no process's clock is involved, so that a wrong clock cannot stop or release the others.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type * as RateLimiter from "effect/persistence/RateLimiter"
import * as PlainText from "../plainText.ts"
import * as Time from "./time.ts"

/** Starts an effect in the background. */
export type Fork = (effect: Effect.Effect<void>) => Fiber.Fiber<void>

/** The bucket of all processes with this key, and how many milliseconds each request adds. */
export interface Bucket {
  readonly key: string
  readonly interval: number
}

/** The store as seen by one process. */
export interface Store {
  /** Whether it answers. If not, it is tried again every few seconds. */
  readonly isHere: (now: number, bucket: Bucket, fork: Fork) => boolean
  /** Adds a request; replies how long the bucket then takes to drain, or `undefined` if the store is lost. */
  readonly add: (now: number, bucket: Bucket, fork: Fork, reply: (millis: number | undefined) => void) => void
}

/** The longest wait for the store, in milliseconds. */
export const patience = 1000

const retryAfter = 5000

const known = new WeakMap<RateLimiter.RateLimiter, WeakMap<Clock.Clock, Store>>()

/** The store behind a limiter, for all its users. */
export const of = (limiter: RateLimiter.RateLimiter, clock: Clock.Clock): Store => {
  const stores = known.get(limiter) ?? new WeakMap<Clock.Clock, Store>()
  known.set(limiter, stores)
  const store = stores.get(clock) ?? make(limiter, clock)
  stores.set(clock, store)
  return store
}

interface Call {
  readonly since: number
  readonly reply: (millis: number | undefined) => void
  fiber: Fiber.Fiber<void> | undefined
}

const make = (limiter: RateLimiter.RateLimiter, clock: Clock.Clock): Store => {
  const monotonic = Time.withoutTimeOfDay(clock)
  const calls = new Set<Call>()
  let retryAt: number | undefined

  const drop = () => {
    const dropped = Array.from(calls)
    calls.clear()
    for (const { fiber, reply } of dropped) {
      fiber?.interruptUnsafe()
      reply(undefined)
    }
  }

  const lose = (now: number, reason: string, fork: Fork) => {
    const isNew = retryAt === undefined
    retryAt = now + retryAfter
    drop()
    if (isNew) fork(Effect.logWarning(lost(reason)))
  }

  const regain = (fork: Fork) => {
    if (retryAt === undefined) return
    retryAt = undefined
    fork(Effect.logInfo("The store of the request budget is back: processes share one budget again."))
  }

  const consume = ({ interval, key }: Bucket, tokens: number) =>
    Effect.suspend(() =>
      limiter.consume({
        algorithm: "fixed-window",
        onExceeded: "delay",
        key,
        limit: 1,
        window: Duration.millis(interval),
        tokens
      })
    ).pipe(Effect.provideService(Clock.Clock, monotonic), Effect.exit)

  const send = (now: number, bucket: Bucket, tokens: number, fork: Fork, reply: Call["reply"]) => {
    const call: Call = { since: now, reply, fiber: undefined }
    calls.add(call)
    call.fiber = fork(Effect.map(consume(bucket, tokens), (exit) => {
      // The caller did not wait for a late answer, and the bucket has drained since.
      if (!calls.delete(call)) return
      if (Exit.isSuccess(exit)) {
        regain(fork)
        return reply(Duration.toMillis(exit.value.resetAfter))
      }
      lose(Time.millis(clock), reasonOf(exit.cause), fork)
      reply(undefined)
    }))
  }

  const isOverdue = (now: number) => Array.from(calls).some(({ since }) => now - since >= patience)

  const isHere = (now: number, bucket: Bucket, fork: Fork) => {
    if (isOverdue(now)) lose(now, `no answer within ${Duration.format(Duration.millis(patience))}`, fork)
    if (retryAt !== undefined && now >= retryAt) {
      retryAt = now + retryAfter
      // Adds nothing, because a client may carry it out long after the caller stopped waiting.
      send(now, bucket, 0, fork, () => {})
    }
    return retryAt === undefined
  }

  return { isHere, add: (now, bucket, fork, reply) => send(now, bucket, 1, fork, reply) }
}

const lost = (reason: string) =>
  `The store of the request budget is gone: ${PlainText.show(reason)}. Until it is back, this process keeps to a ` +
  "budget of its own and does not know what the others send."

// Only the message: its cause may contain the address of the store with its password.
const reasonOf = (cause: Cause.Cause<RateLimiter.RateLimiterError>) =>
  Option.match(Cause.findErrorOption(cause), {
    onNone: () => "it failed unexpectedly",
    onSome: (error) => error.message
  })
