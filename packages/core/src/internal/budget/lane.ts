/**
 * What one process knows of one budget, and who waits for it. All times are monotonic milliseconds.
 *
 * The one place of the budget that is mutable. It has no fiber and no timer: those who wait look when they said they
 * would, or when they are woken. Whoever is overdue has died without a word, and is dropped by the others.
 */
import * as Block from "./block.ts"
import * as Bucket from "./bucket.ts"
import * as Flight from "./flight.ts"
import * as Limits from "./limits.ts"
import * as Order from "./order.ts"
import * as Store from "./store.ts"

/** Somebody who wants to send a request and makes room for others. */
export interface Waiter {
  readonly rank: Order.Rank
  /** Has it look again, now. */
  readonly wake: () => void
  /** When it looks again at the latest. */
  looksAt: number
}

/** What a waiter has to do: send its request, have the store of the budget asked first, or look again then. */
export type Turn = "ask" | { readonly sentAt: number } | { readonly until: number }

/** The part of an application's limit that its requests keep to. */
export interface Terms {
  readonly limit: Bucket.Limit
  readonly share: number
}

/** An answer, and what its headers say of the limits. */
export interface Answer extends Omit<Block.Answer, "sentAt" | "isExhausted"> {
  readonly policy: ReadonlyArray<Limits.Named>
  readonly remaining: ReadonlyArray<Limits.Remaining>
}

/** What is left. */
export interface Left {
  readonly requests: number
  readonly waiting: number
  readonly blockedUntil: number
  readonly readyAt: number
}

/** The state of one budget. */
export interface Lane {
  /** Counts a request that makes no room. It is sent at `now`. */
  readonly count: (now: number, terms: Terms) => void
  /** What the waiter has to do. It waits until it is told to send, or leaves. */
  readonly turn: (waiter: Waiter, now: number, terms: Terms, hasStore: boolean) => Turn
  readonly leave: (waiter: Waiter, now: number) => void
  /** What the store replied to being asked: when its bucket is empty, or nothing. */
  readonly reserve: (storeEmptyAt: number | undefined, now: number, terms: Terms) => void
  /** When the bucket of all processes is empty, as the store last said. */
  readonly learnStore: (emptyAt: number) => void
  /** Whether the bucket of all processes holds as much as it can. */
  readonly isStoreFull: (now: number, terms: Terms) => boolean
  /** An answer to a request that was sent, or that none came. */
  readonly observe: (
    sentAt: number,
    answer: Answer | undefined,
    now: number,
    terms: Terms
  ) => void
  readonly left: (now: number, terms: Terms) => Left
  /** Whether nobody waits for it, and nothing was sent since. */
  readonly isForgotten: (since: number) => boolean
}

// A waiter that has not looked so long after it said it would, is not there any more.
const grace = 1000

/** A budget of which nothing was used. */
export const make = (): Lane => {
  const queues = { lastPoll: new Set<Waiter>(), poll: new Set<Waiter>(), bulk: new Set<Waiter>() }
  let passed = Order.none
  let emptyAt = Number.NEGATIVE_INFINITY
  let storeEmptyAt = Number.NEGATIVE_INFINITY
  let learned: ReadonlyArray<Limits.Learned> = []
  let block = Block.none
  let unanswered: ReadonlyArray<number> = []
  let askedAt: number | undefined
  let reservedFor: number | undefined
  let frontSince = 0
  let usedAt = Number.NEGATIVE_INFINITY

  const waiting = (): Order.PerRank => ({
    lastPoll: queues.lastPoll.size,
    poll: queues.poll.size,
    bulk: queues.bulk.size
  })
  const isIdle = () => Order.next(waiting(), Order.none) === undefined

  const front = () => {
    const rank = Order.next(waiting(), passed)
    return rank === undefined ? undefined : queues[rank].values().next().value
  }

  const wake = (now: number) => {
    const first = front()
    if (first === undefined) return
    first.looksAt = Math.min(first.looksAt, now)
    first.wake()
  }

  const dropOverdue = (except: Waiter, now: number) => {
    for (let first = front(); first !== undefined && first !== except; first = front()) {
      if (first.looksAt + grace >= now) break
      queues[first.rank].delete(first)
    }
  }

  const join = (waiter: Waiter, now: number, terms: Terms) => {
    if (isIdle()) {
      frontSince = now
      // What was reserved for one that left is still good, but cannot be kept for ever.
      if (reservedFor !== undefined && reservedFor + Bucket.rateOf(terms.limit, terms.share).interval < now) {
        reservedFor = undefined
      }
    }
    queues[waiter.rank].add(waiter)
  }

  // Whoever makes room is let through once in a window even where the application alone uses up everything.
  const readyAt = ({ limit, share }: Terms, since: number) => {
    const rate = Bucket.rateOf(limit, share)
    return Math.max(
      Math.min(Bucket.readyAt(emptyAt, rate), since + limit.window),
      Limits.readyAt(learned, share),
      Block.until(block)
    )
  }

  const fill = (now: number, { limit, share }: Terms) => {
    emptyAt = Bucket.fill(emptyAt, now, Bucket.rateOf(limit, share))
    learned = Limits.fill(learned, now, share)
    usedAt = now
  }

  const send = (waiter: Waiter, now: number, terms: Terms): Turn => {
    passed = Order.passOver(waiting(), passed, waiter.rank)
    queues[waiter.rank].delete(waiter)
    fill(now, terms)
    reservedFor = undefined
    frontSince = now
    unanswered = [...unanswered, now]
    wake(now)
    return { sentAt: now }
  }

  const turn = (waiter: Waiter, now: number, terms: Terms, hasStore: boolean): Turn => {
    join(waiter, now, terms)
    dropOverdue(waiter, now)
    learned = Limits.inForce(learned, now)
    unanswered = Flight.underWay(unanswered, now)
    const first = front()
    const flightAt = Flight.readyAt(unanswered, Block.isSuspected(block, now))
    const ownAt = Math.max(readyAt(terms, frontSince), flightAt)
    const at = Math.max(ownAt, hasStore ? reservedFor ?? now : now)
    if (!hasStore) askedAt = undefined
    if (first !== waiter) {
      waiter.looksAt = Math.max(now, first?.looksAt ?? now) + grace * queues[waiter.rank].size
      return { until: waiter.looksAt }
    }
    waiter.looksAt = Math.max(now, at)
    if (at > now) return { until: at }
    if (!hasStore || reservedFor !== undefined) return send(waiter, now, terms)
    waiter.looksAt = (askedAt ?? now) + Store.patience
    if (askedAt !== undefined) return { until: waiter.looksAt }
    askedAt = now
    return "ask"
  }

  const leave = (waiter: Waiter, now: number) => {
    const wasFirst = front() === waiter
    queues[waiter.rank].delete(waiter)
    if (wasFirst) wake(now)
  }

  return {
    count: fill,
    turn,
    leave,
    reserve: (at, now, { limit, share }) => {
      askedAt = undefined
      if (at !== undefined) {
        storeEmptyAt = at
        // The bucket holds the request already. A store whose own time was set must not stop anybody for long.
        const { tolerance } = Bucket.rateOf(limit, share)
        reservedFor = Math.min(at - tolerance, now + limit.window)
      }
      wake(now)
    },
    learnStore: (at) => {
      storeEmptyAt = at
    },
    observe: (sentAt, answer, now, { limit, share }) => {
      unanswered = remove(unanswered, sentAt)
      if (answer !== undefined) {
        learned = Limits.learn(learned, answer.policy, now)
        block = Block.observe(block, { ...answer, sentAt, isExhausted: Limits.isExhausted(answer.remaining) }, now)
        block = Block.silence(block, Limits.pause(learned, answer.remaining, limit, share), now)
      }
      wake(now)
    },
    isStoreFull: (now, { limit }) => storeEmptyAt - now >= limit.window,
    left: (now, terms) => ({
      requests: Bucket.room(Math.max(emptyAt, storeEmptyAt), now, Bucket.rateOf(terms.limit, terms.share)),
      waiting: Order.ranks.reduce((sum, rank) => sum + queues[rank].size, 0),
      blockedUntil: Block.until(block),
      readyAt: readyAt(terms, isIdle() ? now : frontSince)
    }),
    isForgotten: (since) => usedAt < since && isIdle()
  }
}

const remove = (times: ReadonlyArray<number>, time: number) => {
  const index = times.indexOf(time)
  return index === -1 ? times : times.toSpliced(index, 1)
}
