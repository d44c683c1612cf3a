/** Admits requests: what happens before each one is sent, and after its answer. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Headers from "effect/http/Headers"
import * as Option from "effect/Option"
import type { CloudflareError } from "../../CloudflareError.ts"
import * as RequestBudget from "../../RequestBudget.ts"
import * as Access from "./access.ts"
import type * as Budget from "./budget.ts"
import * as Limits from "./limits.ts"
import type * as Order from "./order.ts"
import * as Time from "./time.ts"

/** The answer to a request. */
export interface Answer {
  readonly status: number
  readonly headers: Headers.Headers
  /** Cloudflare's codes, if the body has any. */
  readonly codes: ReadonlyArray<number>
  /** How long Cloudflare asks to wait, if it does. */
  readonly retryAfter: Duration.Duration | undefined
}

/** A request that may be sent. */
export interface Admission {
  /** Reports the answer to the budget, or that none came. Must be called once, whatever happens to the request. */
  readonly observe: (answer: Answer | undefined) => void
}

/**
 * Admits a request for `path` on the budget of a key: at once for the application, in turn for requests that can wait.
 * Interrupting it gives its place to others.
 */
export const admit = (key: string, path: string): Effect.Effect<Admission> =>
  Effect.withFiber((fiber) => {
    const { admitted, delayed, priority } = fiber.getRef(RequestBudget.CurrentClaim)
    const access = Access.open(fiber, fiber.getRef(RequestBudget.RequestBudget), key)
    if (priority === "application") return Effect.succeed(admissionOf(access, path, Access.count(access)))
    return Effect.flatMap(wait(access, priority, delayed), (sentAt) =>
      Effect.as(admitted, admissionOf(access, path, sentAt)))
  })

// Each waiter sleeps in its own fiber, so that none depends on a fiber that may have ended.
const wait = (access: Access.Access, rank: Order.Rank, delayed: Effect.Effect<void>): Effect.Effect<number> =>
  Effect.suspend(() => {
    const { budget, clock } = access
    let isWoken = false
    let ring: (() => void) | undefined
    const waiter: Budget.Waiter = {
      rank,
      checksAt: Time.millis(clock),
      wake: () => {
        isWoken = true
        ring?.()
      }
    }
    const sleep = (until: number) =>
      Effect.callback<void>((resume) => {
        if (isWoken) return resume(Effect.void)
        const timer = Time.timer(clock, until - Time.millis(clock), () => resume(Effect.void))
        ring = () => {
          timer.stop()
          resume(Effect.void)
        }
        return Effect.sync(timer.stop)
      })
    let isDelayed = false
    const check: Effect.Effect<number> = Effect.suspend(() => {
      isWoken = false
      ring = undefined
      const turn = take(access, waiter)
      if (turn !== "ask" && "sentAt" in turn) return Effect.succeed(turn.sentAt)
      const rest = Effect.andThen(sleep(waiter.checksAt), check)
      // A first waiter that only waits for the store is not delayed by a short budget.
      if (isDelayed || turn === "ask") return rest
      isDelayed = true
      return Effect.andThen(delayed, rest)
    })
    return Effect.onInterrupt(check, () => Effect.sync(() => budget.leave(waiter, Time.millis(clock))))
  })

const take = ({ bucket, budget, clock, fork, store, terms }: Access.Access, waiter: Budget.Waiter) => {
  const now = Time.millis(clock)
  const turn = budget.turn(waiter, now, terms, store?.isHere(now, bucket, fork) === true)
  if (turn === "ask") {
    store?.add(now, bucket, fork, (millis) => {
      const repliedAt = Time.millis(clock)
      budget.reserve(millis === undefined ? undefined : repliedAt + millis, repliedAt, terms)
    })
  }
  return turn
}

const admissionOf = ({ budget, clock, terms }: Access.Access, path: string, sentAt: number): Admission => ({
  observe: (answer) => budget.observe(sentAt, answer && read(answer, path), Time.millis(clock), terms)
})

const read = ({ codes, headers, retryAfter, status }: Answer, path: string): Budget.Answer => ({
  status,
  path,
  codes,
  retryAfter: retryAfter && Duration.toMillis(retryAfter),
  policy: Limits.policy(headers),
  remaining: Limits.remaining(headers)
})

/** The head of an answer. */
export type Head = Omit<Answer, "codes">

/** Runs a request for `path` on the budget of a key, and reports its outcome and its head, if one came. */
export const through = <A, R>(
  key: string,
  path: string,
  request: Effect.Effect<A, CloudflareError, R>,
  head: () => Head | undefined
): Effect.Effect<A, CloudflareError, R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(
      restore(admit(key, path)),
      ({ observe }) => Effect.onExit(restore(request), (exit) => Effect.sync(() => observe(answerOf(exit, head()))))
    )
  )

const answerOf = (exit: Exit.Exit<unknown, CloudflareError>, head: Head | undefined): Answer | undefined => {
  if (Exit.isSuccess(exit)) return { ...head ?? whole, codes: [] }
  const error = Option.getOrUndefined(Exit.findErrorOption(exit))
  const status = error?.reason._tag === "RateLimited" ? 429 : error?.reason.status ?? head?.status
  if (status === undefined) return undefined
  const codes = error?.reason.errors.flatMap(({ code }) => code === undefined ? [] : [code]) ?? []
  return { ...head ?? whole, status, codes, retryAfter: error?.retryAfter ?? head?.retryAfter }
}

const whole: Head = { status: 200, headers: Headers.empty, retryAfter: undefined }
