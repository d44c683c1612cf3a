/**
 * Whose look is next, and when: what keeps any number of waits within one budget of requests.
 *
 * Gaps are counted in paced time. It runs like the clock while the budget lasts, and all but stands still while a look
 * that is due waits for the budget. So all gaps are stretched by one common factor, however many waits there are, whatever
 * their schedules, and whatever else draws on the budget: their proportions stay, and none starves.
 */
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Metric from "effect/Metric"
import type * as RateLimiter from "effect/persistence/RateLimiter"
import type { Budget } from "../PollBudget.ts"
import * as PollMetrics from "../PollMetrics.ts"
import * as Alarm from "./alarm.ts"
import * as Heap from "./heap.ts"
import type { Limit, Remaining } from "./limits.ts"

/** The order of looks of type `L`. */
export interface Pacer<L extends Heap.Node> {
  /** Has the look made after `gap` milliseconds of paced time, in place of any earlier arrangement for it. */
  readonly after: (look: L, gap: number) => void
  /** Has the look made before all others, the one with the earliest limit first, as soon as there is budget for it. */
  readonly urgent: (look: L, limit: number) => void
  readonly cancel: (look: L) => void
  /** Whether the poll stands in the queue. */
  readonly has: (look: L) => boolean
  /** How many milliseconds of paced time are left until the poll is due: none where it is not in the queue. */
  readonly remaining: (look: L) => number
  /** Lets only urgent looks through for so long, five minutes at most; tells for how long they are the only ones now. */
  readonly pause: (millis: number) => number
  /** Goes on with what an answer says of the limits and of the requests that are left. */
  readonly learn: (limits: ReadonlyArray<Limit>, remaining: ReadonlyArray<Remaining>) => void
  /** How many looks are arranged. */
  readonly size: () => number
  readonly stop: () => void
}

// The part of the share that may be spent at once after a quiet time. The rest flows in over the window, so that both
// together never exceed the share, whichever window one looks at.
const burst = 0.1

// The longest that an answer holds up the looks at all operations: Cloudflare blocks for five minutes.
const longestPause = 5 * 60_000

// How fast paced time runs while a look waits for the budget. Were it none, the first looks of new waits, which no factor
// stretches, could hold up all others for as long as new waits keep coming.
const slowest = 0.01

// How many seconds a queue may stand before it is no passing rush.
const patience = 60

export const make = <L extends Heap.Node>(options: {
  readonly clock: Clock.Clock
  readonly fork: (effect: Effect.Effect<void>) => Fiber.Fiber<void>
  readonly limiter: RateLimiter.RateLimiter
  readonly budget: Budget | undefined
  /** Makes a look: whoever launches it has a request to spend. */
  readonly launch: (look: L) => void
}): Pacer<L> => {
  const { budget, clock, fork, launch, limiter } = options
  const due = Heap.make<L>()
  const first = Heap.make<L>()

  let pacedTime = 0
  let pacedAt = Alarm.monotonicMillis(clock)
  let pausedUntil = pacedAt
  let permit = false
  let asking = false
  let asker: Fiber.Fiber<void> | undefined
  let blockedSince = Number.POSITIVE_INFINITY
  let overdueBefore = 0
  let warned = false
  let inTurn = false
  let limits: ReadonlyArray<Limit> = budget === undefined
    ? []
    : [{ name: "", limit: budget.limit, window: Duration.fromInputUnsafe(budget.window) }]
  let bucket = budget && bucketOf(limits, budget)

  const advance = () => {
    const now = Alarm.monotonicMillis(clock)
    pacedTime += (asking ? slowest : 1) * Math.max(0, now - Math.max(pacedAt, pausedUntil))
    pacedAt = now
  }

  const next = (until: number) => {
    const look = first.peek()
    if (look !== undefined) return look
    const head = due.peek()
    return head !== undefined && head.at <= until && pausedUntil <= pacedAt ? head : undefined
  }

  const ask = Effect.suspend(() => bucket === undefined ? Effect.succeed(Duration.zero) : consume(bucket)).pipe(
    Effect.flatMap((delay) => Duration.isZero(delay) ? granted : Effect.andThen(Effect.sleep(delay), granted))
  )

  const consume = (bucket: Bucket) =>
    limiter.consume(bucket).pipe(
      Effect.map(({ delay }) => delay),
      // A store that cannot be reached must not stop the waits: Cloudflare itself still says when it is too much.
      Effect.catchCause((cause) => Effect.as(Effect.logDebug("No budget from the rate limiter", cause), Duration.zero))
    )

  const granted = Effect.suspend(() => {
    advance()
    asking = false
    permit = true
    turn()
    return overdue()
  })

  // Under a stretch the queue still empties between two looks. One that does not for a minute has more looks in it than
  // the budget carries, however long the gaps.
  const overdue = () => {
    const seconds = Math.max(0, (pacedAt - blockedSince) / 1000)
    if (seconds === overdueBefore) return Effect.void
    overdueBefore = seconds
    const told = Metric.update(PollMetrics.overdue, seconds)
    if (seconds < patience || warned || bucket === undefined) return told
    warned = true
    const perSecond = bucket.limit / Duration.toSeconds(bucket.window)
    return Effect.andThen(
      told,
      Effect.logWarning(
        `Bulk operations are started faster than the request budget can look at them even once: ${due.size()} waits ` +
          `stand in the queue, and it carries ${
            perSecond.toFixed(1)
          } looks per second. Nothing is lost, but ends are seen late.`
      )
    )
  }

  const turn = () => {
    if (inTurn) return
    inTurn = true
    advance()
    // What falls due meanwhile has to wait for the alarm: else looks that are answered at once could go on for ever.
    const until = pacedTime
    let look = next(until)
    while (look !== undefined) {
      if (!permit && !asking) {
        asking = true
        // The store in memory answers at once.
        asker = fork(ask)
      }
      if (!permit) break
      permit = false
      cancel(look)
      launch(look)
      look = next(until)
    }
    blockedSince = look === undefined ? Number.POSITIVE_INFINITY : Math.min(blockedSince, pacedAt)
    inTurn = false
    if (look === undefined) arm()
  }

  const arm = () => {
    const head = due.peek()
    if (head !== undefined) alarm.set(Math.max(pacedAt, pausedUntil) + Math.max(0, head.at - pacedTime))
  }

  const alarm = Alarm.make(clock, fork, turn)

  const cancel = (look: L) => {
    due.remove(look)
    first.remove(look)
  }

  const pause = (millis: number) => {
    advance()
    pausedUntil = Math.max(pausedUntil, pacedAt + Math.min(longestPause, millis))
    return pausedUntil - pacedAt
  }

  return {
    after: (look, gap) => {
      advance()
      cancel(look)
      due.put(look, pacedTime + gap)
      // What is due later waits for the alarm, however late it is already: polls that are answered at once could go on for
      // ever else.
      if (gap > 0) arm()
      else turn()
    },
    urgent: (look, limit) => {
      due.remove(look)
      first.put(look, first.has(look) ? Math.min(look.at, limit) : limit)
      turn()
    },
    cancel,
    has: (look) => due.has(look) || first.has(look),
    remaining: (look) => {
      advance()
      return due.has(look) ? Math.max(0, look.at - pacedTime) : 0
    },
    pause,
    learn: (learned, remaining) => {
      if (budget === undefined) return
      if (learned.length > 0) {
        limits = learned
        bucket = bucketOf(limits, budget)
      }
      for (const { name, requests, reset } of remaining) {
        const { limit } = limits.find((known) => known.name === name) ?? smallest(limits)
        // The rest is not ours: others of this caller need it before the next reset.
        if (requests <= limit * (1 - budget.share)) pause(reset)
      }
    },
    size: () => due.size() + first.size(),
    stop: () => {
      alarm.stop()
      asker?.interruptUnsafe()
    }
  }
}

const smallest = (limits: ReadonlyArray<Limit>) =>
  limits.reduce((least, other) => other.limit < least.limit ? other : least)

// Effect's token bucket holds `limit` and refills in `window`: the least of what each of the limits allows. Each size has a
// bucket of its own, by its key: what was left under limits that have been replaced would be too much.
const bucketOf = (limits: ReadonlyArray<Limit>, { key, share }: Budget) => {
  const shares = limits.map(({ limit, window }) => ({
    requests: Math.max(1, share * limit),
    millis: Duration.toMillis(window)
  }))
  const limit = Math.min(...shares.map(({ requests }) => Math.max(1, Math.floor(burst * requests))))
  const perMilli = Math.min(
    ...shares.map(({ millis, requests }) => Math.max(requests - limit, requests / 2) / millis)
  )
  return {
    key: `${key}/${limit}`,
    limit,
    window: Duration.millis(limit / perMilli),
    algorithm: "token-bucket",
    onExceeded: "delay"
  } as const
}

type Bucket = ReturnType<typeof bucketOf>
