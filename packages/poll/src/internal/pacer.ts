/**
 * Schedules polls within the shared request budget, for any number of waits.
 *
 * The budget itself is core's `RequestBudget`: it admits a poll or makes it wait. Behind that poll the others stand in
 * this queue, ordered by the paced time at which they are due. Paced time runs like the clock while polls are admitted,
 * and stands still while one has to wait. So all waits slow down by the same factor, however many there are, whatever
 * their schedules, and whatever else draws on the budget.
 *
 * First polls of waits have no gap, and those of operations that have just started have a very short one: if many
 * arrive, paced time hardly advances. So one in ten polls that wait for the budget is the one that has been due longest
 * by the clock. Polls that fall due later cannot delay it any further, so no poll starves.
 */
import type * as Clock from "effect/Clock"
import type * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Alarm from "./alarm.ts"
import * as Heap from "./heap.ts"
import type * as Overdue from "./overdue.ts"

/** A poll's priority in the budget: an ordinary one, or the last before a limit. */
export type Priority = "poll" | "lastPoll"

/** Receives what the budget decides about a launched poll. */
export interface Turnstile {
  /** It has to wait. */
  readonly delayed: () => void
  /** It has been admitted. */
  readonly admitted: () => void
  /** It has ended, admitted or not. */
  readonly ended: () => void
}

/** A poll in the queue. */
export interface Place extends Heap.Node {
  /** When the poll is due by the clock, in `Alarm.monotonicMillis`. */
  dueAt: number
}

/** The order of polls of type `P`. */
export interface Pacer<P extends Place> {
  /**
   * Schedules the poll after `gap` milliseconds of paced time. Replaces an earlier time, but not that of a last poll.
   */
  readonly after: (poll: P, gap: number) => void
  /** Schedules a last poll, before all ordinary ones; the earliest limit comes first. */
  readonly urgent: (poll: P, limit: number) => void
  readonly cancel: (poll: P) => void
  /** Whether the poll is in the queue. */
  readonly has: (poll: P) => boolean
  /** How many milliseconds of paced time are left until the poll is due: zero if it is not in the queue. */
  readonly remaining: (poll: P) => number
  readonly stop: () => void
}

// After this many polls in paced order, one is taken by the clock.
const mostInPacedOrder = 9

/** An empty queue. */
export const make = <P extends Place>(options: {
  readonly clock: Clock.Clock
  readonly fork: (effect: Effect.Effect<void>) => Fiber.Fiber<void>
  /** Sends a poll. It returns at once. */
  readonly launch: (poll: P, priority: Priority, turnstile: Turnstile) => void
  /**
   * Is notified when the queue may have changed: how many polls are in it while one has to wait, and how many were
   * sent.
   */
  readonly onQueue: (queue: Overdue.Queue) => void
}): Pacer<P> => {
  const { clock, fork, launch, onQueue } = options
  const due = Heap.make<P>()
  const last = Heap.make<P>()
  // How many polls wait for the budget, by priority: usually one.
  const delayed = { poll: 0, lastPoll: 0 }
  // How many waiting polls were admitted in paced order since the last one by the clock.
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
    // Polls that fall due meanwhile wait for the alarm: otherwise polls that are answered at once could loop for ever.
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

  // A linear scan, but only while the budget is short, so for a few polls a second: cheaper than a second order.
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
        // Counted here: a poll that leaves earlier had no turn, and another takes its place.
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
      poll.dueAt = pacedAt + gap
      due.put(poll, pacedTime + gap)
      // A poll with a gap waits for the alarm, however late it already is.
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
      // A timer without polls would keep the process alive.
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
