/**
 * One process's state of one budget, and the requests that wait for it. All times are monotonic milliseconds.
 *
 * This is the only mutable part of the budget. It has no fiber and no timer: waiters check their turn at the time they
 * announced, or when they are woken. An overdue waiter has died silently, and the others drop it.
 */
import * as Block from "./block.ts"
import * as Bucket from "./bucket.ts"
import * as Flight from "./flight.ts"
import * as Limits from "./limits.ts"
import * as Order from "./order.ts"
import * as Store from "./store.ts"

/** A request that can wait. */
export interface Waiter {
  readonly rank: Order.Rank
  /** Makes it check its turn now. */
  readonly wake: () => void
  /** When it checks its turn at the latest. */
  checksAt: number
}

/** What a waiter has to do: send its request, ask the budget's store first, or check again later. */
export type Turn = "ask" | { readonly sentAt: number } | { readonly until: number }

/** An application's limit, and the share of it that its requests keep to. */
export interface Terms {
  readonly limit: Bucket.Limit
  readonly share: number
}

/** An answer, and the limits in its headers. */
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
export interface Budget {
  /** Counts a request that does not wait. It is sent at `now`. */
  readonly count: (now: number, terms: Terms) => void
  /** What the waiter has to do. It waits until it may send, or leaves. */
  readonly turn: (waiter: Waiter, now: number, terms: Terms, hasStore: boolean) => Turn
  readonly leave: (waiter: Waiter, now: number) => void
  /** The store's reply to `ask`: when its bucket is empty, or `undefined`. */
  readonly reserve: (storeEmptyAt: number | undefined, now: number, terms: Terms) => void
  /** When the bucket of all processes is empty, according to the store. */
  readonly learnStore: (emptyAt: number) => void
  /** Whether the bucket of all processes is full. */
  readonly isStoreFull: (now: number, terms: Terms) => boolean
  /** The answer to a request, or `undefined` if none came. */
  readonly observe: (
    sentAt: number,
    answer: Answer | undefined,
    now: number,
    terms: Terms
  ) => void
  readonly left: (now: number, terms: Terms) => Left
  /** Whether no request is waiting, and nothing was sent since. */
  readonly isForgotten: (since: number) => boolean
}

// A waiter that is overdue by this much is gone.
const grace = 1000

/** An unused budget. */
export const make = (): Budget => {
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
    first.checksAt = Math.min(first.checksAt, now)
    first.wake()
  }

  const dropOverdue = (except: Waiter, now: number) => {
    for (let first = front(); first !== undefined && first !== except; first = front()) {
      if (first.checksAt + grace >= now) break
      queues[first.rank].delete(first)
    }
  }

  const join = (waiter: Waiter, now: number, terms: Terms) => {
    if (isIdle()) {
      frontSince = now
      // A reservation of a waiter that left is still valid, but not for ever.
      if (reservedFor !== undefined && reservedFor + Bucket.rateOf(terms.limit, terms.share).interval < now) {
        reservedFor = undefined
      }
    }
    queues[waiter.rank].add(waiter)
  }

  // A request that can wait is admitted once in a window, even if the application alone uses up everything.
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
      waiter.checksAt = Math.max(now, first?.checksAt ?? now) + grace * queues[waiter.rank].size
      return { until: waiter.checksAt }
    }
    waiter.checksAt = Math.max(now, at)
    if (at > now) return { until: at }
    if (!hasStore || reservedFor !== undefined) return send(waiter, now, terms)
    waiter.checksAt = (askedAt ?? now) + Store.patience
    if (askedAt !== undefined) return { until: waiter.checksAt }
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
        // The bucket already holds the request. A store whose clock was set must not stop requests for long.
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
