/**
 * Whose poll is next, and when, so that any number of waits keep to one budget of requests.
 *
 * The budget itself is core's `RequestBudget`: it lets a poll be sent, or has it wait. Here is what waits behind that one:
 * the others stand in a queue, by the paced time at which they are due. Paced time runs like the clock while polls are let
 * through, and stands still while one has to wait. So all gaps are delayed by one common factor, however many waits
 * there are, whatever their schedules, and whatever else draws on the budget: their proportions stay.
 *
 * First polls of waits have no gap, and those of operations that have just started hardly any: where many come, paced time
 * hardly goes on. So of ten polls that wait for the budget one is the one that has been due by the clock for longest. None
 * that falls due later can delay it any further: nobody starves.
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
  /** It has been let through. */
  readonly admitted: () => void
  /** It has ended, let through or not. */
  readonly ended: () => void
}

/** Whoever wants a poll made. */
export interface Place extends Heap.Node {
  /** When the poll is due by the clock: a moment of `Alarm.monotonicMillis`. */
  dueAt: number
}

/** The order of polls of type `P`. */
export interface Pacer<P extends Place> {
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

// After so many polls in paced order one is taken by the clock.
const mostInPacedOrder = 9

/** An empty queue. */
export const make = <P extends Place>(options: {
  readonly clock: Clock.Clock
  readonly fork: (effect: Effect.Effect<void>) => Fiber.Fiber<void>
  /** Makes a poll. It returns at once. */
  readonly launch: (poll: P, priority: Priority, turnstile: Turnstile) => void
  /** Is told whenever the queue may have moved: how many polls are in it while one has to wait, and how many were sent. */
  readonly onQueue: (queue: Overdue.Queue) => void
}): Pacer<P> => {
  const { clock, fork, launch, onQueue } = options
  const due = Heap.make<P>()
  const last = Heap.make<P>()
  // How many polls wait for the budget: one as a rule, of each priority.
  const delayed = { poll: 0, lastPoll: 0 }
  // How many of those that waited were let through in paced order since one was by the clock.
  let inPacedOrder = 0
  let sent = 0
  let pacedTime = 0
  let pacedAt = Alarm.monotonicMillis(clock)

  const advance = () => {
    const now = Alarm.monotonicMillis(clock)
    if (delayed.poll === 0) pacedTime += now - pacedAt
    pacedAt = now
  }

  const turn = () => {
    advance()
    // What falls due meanwhile has to wait for the alarm: else polls that are answered at once could go on for ever.
    const until = pacedTime
    for (let next = last.peek(); next !== undefined && delayed.lastPoll === 0; next = last.peek()) {
      send(next, "lastPoll")
    }
    for (let next = nextOf(until); next !== undefined && delayed.poll === 0; next = nextOf(until)) {
      send(next, "poll")
    }
    onQueue({ size: delayed.poll > 0 ? due.size() : 0, sent })
    arm()
  }

  const nextOf = (until: number) => {
    if (inPacedOrder >= mostInPacedOrder) {
      const longest = longestDue()
      if (longest !== undefined) return longest
      inPacedOrder = 0
    }
    const head = due.peek()
    return head !== undefined && head.at <= until ? head : undefined
  }

  // All are gone through, but only where the budget is short, and so for a few polls a second: cheaper than to keep each
  // in a second order.
  const longestDue = () => {
    let longest: P | undefined
    for (const poll of due.members()) {
      if (poll.dueAt <= pacedAt && (longest === undefined || poll.dueAt < longest.dueAt)) longest = poll
    }
    return longest
  }

  const send = (poll: P, priority: Priority) => {
    const isByClock = priority === "poll" && inPacedOrder >= mostInPacedOrder
    cancel(poll)
    let isDelayed = false
    const goOn = () => {
      if (!isDelayed) return
      advance()
      isDelayed = false
      delayed[priority] -= 1
      alarm.set(pacedAt)
    }
    launch(poll, priority, {
      delayed: () => {
        if (isDelayed) return
        advance()
        isDelayed = true
        delayed[priority] += 1
      },
      admitted: () => {
        sent += 1
        // Counted here: one that leaves before had no turn, and another is polled for in its place.
        if (isByClock) inPacedOrder = 0
        else if (isDelayed && priority === "poll") inPacedOrder += 1
        goOn()
      },
      ended: goOn
    })
  }

  const arm = () => {
    const head = due.peek()
    if (head !== undefined && delayed.poll === 0) alarm.set(pacedAt + Math.max(0, head.at - pacedTime))
  }

  const alarm = Alarm.make(clock, fork, turn)

  const cancel = (poll: P) => {
    due.remove(poll)
    last.remove(poll)
  }

  return {
    after: (poll, gap) => {
      if (last.has(poll)) return
      advance()
      cancel(poll)
      poll.dueAt = pacedAt + gap
      due.put(poll, pacedTime + gap)
      // What is due later waits for the alarm, however late it is already.
      if (gap > 0) arm()
      else turn()
    },
    urgent: (poll, limit) => {
      due.remove(poll)
      last.put(poll, last.has(poll) ? Math.min(poll.at, limit) : limit)
      turn()
    },
    cancel: (poll) => {
      cancel(poll)
      // A timer without a poll would keep the process alive.
      if (due.size() + last.size() === 0) alarm.stop()
    },
    has: (poll) => due.has(poll) || last.has(poll),
    remaining: (poll) => {
      advance()
      return due.has(poll) ? Math.max(0, poll.at - pacedTime) : 0
    },
    stop: alarm.stop
  }
}
