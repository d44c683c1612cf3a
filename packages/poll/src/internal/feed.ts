/**
 * The polls of an operation and what they bring, shared by all who wait for it: it has a feed for as long as somebody
 * reads it.
 */
import { type BulkOperation, isTerminal, type Terminal } from "@bulk-operations/core/BulkOperation"
import type { BulkOperations } from "@bulk-operations/core/BulkOperations"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Result from "effect/Result"
import type * as Tracer from "effect/Tracer"
import type { Answer } from "../Wait.ts"
import * as Alarm from "./alarm.ts"
import * as Latency from "./latency.ts"
import type { Priority, Turnstile } from "./pacer.ts"
import * as Poll from "./poll.ts"

/** Whoever reads a feed. */
export interface Reader {
  readonly span: Tracer.AnySpan
  /** Takes an observation in. It must return at once and run nothing of the application's. */
  readonly receive: (observation: Poll.Observation) => void
}

/** An operation that has ended, and when that was seen. */
export interface Ended {
  readonly operation: Terminal
  readonly at: number
}

/** One operation, and who reads of it. */
export interface Feed {
  readonly key: string
  readonly operationId: string
  readonly accountId: string | undefined
  readonly readers: Set<Reader>
  /** The operation as it was last seen, and when. */
  last: { readonly operation: BulkOperation; readonly at: number } | undefined
  /** When the latest poll that showed it under way was sent. */
  underWayAt: number | undefined
  /** Whether no more is to be learned of it. */
  isEnded: boolean
  /** When it was started, if somebody who reads it knows. */
  origin: Origin | undefined
  /** Since when polls have failed without one that did not. */
  failingSince: number | undefined
  latency: Latency.Estimate | undefined
  /** The poll under way. */
  poll: Fiber.Fiber<unknown, unknown> | undefined
  /** How urgent it is, and whether the request budget has let it through. */
  priority: Priority
  isSent: boolean
  /** When the latest poll was sent. */
  sentAt: number
}

/** Where an operation comes from, as the first reader said that knew. */
export interface Origin {
  /** Milliseconds of the epoch. */
  readonly startedAt: number
  /** What to add to a time of the feed for the one of the epoch. */
  readonly wallTime: number
  /** The name of the history of its kind. */
  readonly history: string
}

/** The feeds of a poller. */
export interface Feeds {
  /** Reads of an operation from now on. */
  readonly join: (operationId: string, accountId: string | undefined, reader: Reader) => Feed
  /** Reads no more. With the last reader a poll under way is aborted. */
  readonly leave: (feed: Feed, reader: Reader) => void
  /** Polls the operation, unless a poll is under way that has been sent or is at least as urgent. */
  readonly poll: (feed: Feed, priority: Priority, queue: Turnstile) => void
  /** Takes a poll under way for lost. */
  readonly giveUp: (feed: Feed) => void
  /** How many milliseconds before its limit the last poll of a wait must begin. */
  readonly lead: (feed: Feed) => number
  readonly size: () => number
  /** Ends all reading. */
  readonly close: () => void
  readonly isClosed: () => boolean
}

/** No feeds yet. */
export const make = (options: {
  readonly operations: BulkOperations["Service"]
  /** What polls run in. */
  readonly context: Context.Context<never>
  /** Is notified of every answer, in the fiber of its poll. */
  readonly onAnswer: (feed: Feed, answer: Answer) => Effect.Effect<void>
  /** Is told once of each operation: that it ended, or that nobody reads it any more. */
  readonly onEnd: (feed: Feed, ended?: Ended) => void
  /** After how many milliseconds a poll without an answer is taken for lost. */
  readonly lostAfter: number
}): Feeds => {
  const clock = Context.get(options.context, Clock.Clock)
  const send = Poll.make<Feed>(options)
  const now = () => Alarm.monotonicMillis(clock)
  const feeds = new Map<string, Feed>()
  let recent: Latency.Recent = []
  let isClosed = false

  const join: Feeds["join"] = (operationId, accountId, reader) => {
    const key = JSON.stringify([accountId, operationId])
    const feed = feeds.get(key) ?? begin(key, operationId, accountId)
    feeds.set(key, feed)
    if (feed.poll !== undefined && now() - feed.sentAt > options.lostAfter) giveUp(feed)
    feed.readers.add(reader)
    return feed
  }

  const giveUp: Feeds["giveUp"] = (feed) => {
    abort(feed)
    const lost: Poll.Lost = { _tag: "Lost", sentAt: feed.isSent ? feed.sentAt : undefined }
    feed.readers.forEach((reader) => reader.receive(lost))
  }

  const leave: Feeds["leave"] = (feed, reader) => {
    if (!feed.readers.delete(reader) || feed.readers.size > 0) return
    end(feed)
    abort(feed)
  }

  // Whoever joins from now on begins anew.
  const end = (feed: Feed, ended?: Ended) => {
    retire(feed)
    if (feed.isEnded) return
    feed.isEnded = true
    options.onEnd(feed, ended)
  }

  const retire = (feed: Feed) => {
    if (feeds.get(feed.key) === feed) feeds.delete(feed.key)
  }

  const abort = (feed: Feed) => {
    const { poll } = feed
    feed.poll = undefined
    poll?.interruptUnsafe()
  }

  const poll: Feeds["poll"] = (feed, priority, turnstile) => {
    const isMoreUrgent = priority === "lastPoll" && feed.priority === "poll"
    if (feed.poll !== undefined && (feed.isSent || !isMoreUrgent)) return
    abort(feed)
    feed.priority = priority
    feed.isSent = true
    feed.sentAt = now()
    const delayed = Effect.sync(() => {
      feed.isSent = false
      turnstile.delayed()
    })
    const admitted = Effect.sync(() => {
      // What it took to ask a store that many share is a part of what an answer takes; to wait for a turn is not.
      if (!feed.isSent) feed.sentAt = now()
      feed.isSent = true
      turnstile.admitted()
    })
    const fiber = send(feed, { priority, delayed, admitted })
    feed.poll = fiber
    fiber.addObserver((exit) => {
      turnstile.ended()
      if (feed.poll !== fiber) return
      feed.poll = undefined
      publish(feed, exit)
    })
  }

  const publish = (feed: Feed, exit: Exit.Exit<Answer>) => {
    const at = now()
    const observation = Poll.observationOf(feed.sentAt, at, exit)
    if (observation._tag === "Answered") take(feed, observation.answer, at)
    else retire(feed)
    feed.readers.forEach((reader) => reader.receive(observation))
  }

  const take = (feed: Feed, answer: Answer, at: number) => {
    const took = at - feed.sentAt
    feed.latency = Latency.observe(feed.latency, took)
    recent = Latency.remember(recent, took)
    if (Result.isFailure(answer)) {
      feed.failingSince ??= at
      return
    }
    feed.failingSince = undefined
    feed.last = { operation: answer.success, at }
    if (isTerminal(answer.success)) end(feed, { operation: answer.success, at })
    else feed.underWayAt = feed.sentAt
  }

  const close = () => {
    isClosed = true
    for (const feed of Array.from(feeds.values())) {
      end(feed)
      abort(feed)
      feed.readers.forEach((reader) => reader.receive(closed))
    }
  }

  return {
    join,
    leave,
    poll,
    giveUp,
    close,
    isClosed: () => isClosed,
    lead: ({ latency }) => Latency.lead(latency ?? Latency.guess(recent)),
    size: () => feeds.size
  }
}

const closed: Poll.Observation = { _tag: "Died", cause: Cause.interrupt() }

const begin = (key: string, operationId: string, accountId: string | undefined): Feed => ({
  key,
  operationId,
  accountId,
  readers: new Set(),
  last: undefined,
  underWayAt: undefined,
  origin: undefined,
  isEnded: false,
  failingSince: undefined,
  latency: undefined,
  poll: undefined,
  priority: "poll",
  isSent: false,
  sentAt: Number.NEGATIVE_INFINITY
})
