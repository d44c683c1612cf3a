/**
 * The shared polls of an operation and their answers. A feed exists as long as it has subscribers, here called readers.
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

/** A subscriber to a feed. */
export interface Reader {
  readonly span: Tracer.AnySpan
  /** Receives an observation. It must return at once and must not run the application's code. */
  readonly receive: (observation: Poll.Observation) => void
}

/** An operation that has ended, and when its end was detected. */
export interface Ended {
  readonly operation: Terminal
  readonly at: number
}

/** One operation, and its subscribers. */
export interface Feed {
  readonly key: string
  readonly operationId: string
  readonly accountId: string | undefined
  readonly readers: Set<Reader>
  /** The last known state of the operation, and when it was answered. */
  last: { readonly operation: BulkOperation; readonly at: number } | undefined
  /** When the latest poll that showed it under way was sent. */
  underWayAt: number | undefined
  /** Whether the operation has ended, or its feed is closed. */
  isEnded: boolean
  /** When the operation was started, if a subscriber knows. */
  origin: Origin | undefined
  /** Since when all polls have failed. */
  failingSince: number | undefined
  latency: Latency.Estimate | undefined
  /** The poll under way. */
  poll: Fiber.Fiber<unknown, unknown> | undefined
  /** Its priority, and whether the request budget has admitted it. */
  priority: Priority
  isSent: boolean
  /** When the latest poll was sent. */
  sentAt: number
}

/** The start and kind of an operation, from the first subscriber that knows them. */
export interface Origin {
  /** Epoch milliseconds. */
  readonly startedAt: number
  /** What to add to a time of the feed to get epoch time. */
  readonly wallTime: number
  /** The name of its history. */
  readonly history: string
}

export interface Feeds {
  /** Subscribes to an operation. */
  readonly join: (operationId: string, accountId: string | undefined, reader: Reader) => Feed
  /** Unsubscribes. A poll under way is aborted with the last subscriber. */
  readonly leave: (feed: Feed, reader: Reader) => void
  /** Polls the operation, unless a poll is under way that has been sent or has at least this priority. */
  readonly poll: (feed: Feed, priority: Priority, queue: Turnstile) => void
  /** Abandons the poll under way. */
  readonly giveUp: (feed: Feed) => void
  /** How many milliseconds before its limit the last poll of a wait must begin. */
  readonly lead: (feed: Feed) => number
  readonly size: () => number
  /** Closes all feeds. */
  readonly close: () => void
  readonly isClosed: () => boolean
}

/** No feeds yet. */
export const make = (options: {
  readonly operations: BulkOperations["Service"]
  /** The context of polls. */
  readonly context: Context.Context<never>
  /** Is notified of every answer, in the fiber of its poll. */
  readonly onAnswer: (feed: Feed, answer: Answer) => Effect.Effect<void>
  /** Is notified once for each operation: that it ended, or that it has no subscribers left. */
  readonly onEnd: (feed: Feed, ended?: Ended) => void
  /** After how many milliseconds a poll without an answer is abandoned. */
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

  // Later subscribers get a new feed.
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
      // Latency includes the request to a shared budget store, but not the wait for a turn.
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
