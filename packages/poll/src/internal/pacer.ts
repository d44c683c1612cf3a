/**
 * Whose poll is next, and when, so that any number of waits keep to one budget of requests.
 *
 * The budget itself is core's `RequestBudget`: it lets a poll be sent, or has it wait. Here is what waits behind that one:
 * the others stand in a queue, by the paced time at which they are due. Paced time runs like the clock while polls are let
 * through, and all but stands still while one has to wait. So all gaps are delayed by one common factor, however many waits
 * there are, whatever their schedules, and whatever else draws on the budget: their proportions stay. First polls of waits
 * have no gap that could be delayed. They go first, and where more of them come than the budget carries, the others wait.
 */
import type * as Clock from "effect/Clock"
import type * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Alarm from "./alarm.ts"
import * as Heap from "./heap.ts"
import type * as Overdue from "./overdue.ts"

/** What a poll is to the budget: one that a schedule asks for, or the last before a limit. */
export type Priority = "poll" | "lastPoll"

/** Where a poll that was launched says how it fares with the budget. */
export interface Turnstile {
  /** It has to wait. */
  readonly delayed: () => void
  /** It has been let through, or has ended. May be said more than once. */
  readonly passed: () => void
}

/** The order of polls of type `P`. */
export interface Pacer<P extends Heap.Node> {
  /** Has the poll made after `gap` milliseconds of paced time, in place of any arrangement but that of a last poll. */
  readonly after: (poll: P, gap: number) => void
  /** Has the poll made before all that schedules ask for, the one with the earliest limit first. */
  readonly urgent: (poll: P, limit: number) => void
  readonly cancel: (poll: P) => void
  /** Whether the poll stands in the queue. */
  readonly has: (poll: P) => boolean
  /** How many milliseconds of paced time are left until the poll is due: none where it is not in the queue. */
  readonly remaining: (poll: P) => number
  readonly stop: () => void
}

// How fast paced time runs while a poll waits for the budget. Were it none, the first polls of new waits, which nothing
// delays, could hold up all others for as long as new waits keep coming.
const slowest = 0.002

/** An empty queue. */
export const make = <P extends Heap.Node>(options: {
  readonly clock: Clock.Clock
  readonly fork: (effect: Effect.Effect<void>) => Fiber.Fiber<void>
  /** Makes a poll. It returns at once. */
  readonly launch: (poll: P, priority: Priority, turnstile: Turnstile) => void
  /** Is told whenever the queue may have moved: how many polls are in it while one has to wait, and how many were sent. */
  readonly onQueue: (queue: Overdue.Queue) => void
}): Pacer<P> => {
  const { clock, fork, launch, onQueue } = options
  const due = Heap.make<P>()
  const first = Heap.make<P>()
  // How many polls wait for the budget: one as a rule, of each priority.
  const delayed = { poll: 0, lastPoll: 0 }
  let sent = 0
  let pacedTime = 0
  let pacedAt = Alarm.monotonicMillis(clock)

  const advance = () => {
    const now = Alarm.monotonicMillis(clock)
    pacedTime += (delayed.poll > 0 ? slowest : 1) * (now - pacedAt)
    pacedAt = now
  }

  const turn = () => {
    advance()
    // What falls due meanwhile has to wait for the alarm: else polls that are answered at once could go on for ever.
    const until = pacedTime
    for (let next = first.peek(); next !== undefined && delayed.lastPoll === 0; next = first.peek()) {
      send(next, "lastPoll")
    }
    for (let next = due.peek(); next !== undefined && next.at <= until && delayed.poll === 0; next = due.peek()) {
      send(next, "poll")
    }
    onQueue({ size: delayed.poll > 0 ? due.size() : 0, sent })
    arm()
  }

  const send = (poll: P, priority: Priority) => {
    cancel(poll)
    sent += 1
    let isDelayed = false
    launch(poll, priority, {
      delayed: () => {
        if (isDelayed) return
        advance()
        isDelayed = true
        delayed[priority] += 1
      },
      passed: () => {
        if (!isDelayed) return
        advance()
        isDelayed = false
        delayed[priority] -= 1
        alarm.set(pacedAt)
      }
    })
  }

  const arm = () => {
    const head = due.peek()
    if (head !== undefined && delayed.poll === 0) alarm.set(pacedAt + Math.max(0, head.at - pacedTime))
  }

  const alarm = Alarm.make(clock, fork, turn)

  const cancel = (poll: P) => {
    due.remove(poll)
    first.remove(poll)
  }

  return {
    after: (poll, gap) => {
      if (first.has(poll)) return
      advance()
      cancel(poll)
      due.put(poll, pacedTime + gap)
      // What is due later waits for the alarm, however late it is already.
      if (gap > 0) arm()
      else turn()
    },
    urgent: (poll, limit) => {
      due.remove(poll)
      first.put(poll, first.has(poll) ? Math.min(poll.at, limit) : limit)
      turn()
    },
    cancel: (poll) => {
      cancel(poll)
      // A timer without a poll would keep the process alive.
      if (due.size() + first.size() === 0) alarm.stop()
    },
    has: (poll) => due.has(poll) || first.has(poll),
    remaining: (poll) => {
      advance()
      return due.has(poll) ? Math.max(0, poll.at - pacedTime) : 0
    },
    stop: alarm.stop
  }
}
