/**
 * Shows waits and retries under way: a live line for each on a terminal, a line for each change in a pipe, events with
 * `--json`.
 */
import type { Completed } from "@bulk-operations/core/BulkOperation"
import type { Retrying } from "@bulk-operations/lists/WritePolicy"
import { BulkOperationPoller, type RunOptions, type WaitOptions } from "@bulk-operations/poll/BulkOperationPoller"
import type { PollProgress } from "@bulk-operations/poll/PollProgress"
import { BulkOperationFailed, type WaitError } from "@bulk-operations/poll/WaitError"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type * as Terminal from "effect/Terminal"
import * as LiveRegion from "../LiveRegion.ts"
import { Output } from "../Output.ts"
import * as RetryRow from "./retryRow.ts"
import * as WaitRow from "./waitRow.ts"

/** A completed operation, with the polls and time of its wait. */
export interface Followed {
  readonly operation: Completed
  readonly polls: number
  readonly elapsed: Duration.Duration
}

export class Watch extends Context.Service<Watch, {
  /** Waits for an operation, and shows its progress. The caller reports how it ended. */
  readonly follow: (operationId: string, options?: WaitOptions) => Effect.Effect<Followed, WaitError>
  /** Shows that a write is retried, until an operation is followed or `retried` runs. */
  readonly retrying: (retrying: Retrying) => Effect.Effect<void>
  /** No write is retried any longer. */
  readonly retried: Effect.Effect<void>
  /** Announces how many waits belong together. */
  readonly expect: (total: number) => Effect.Effect<void>
  /** The operations under way. */
  readonly active: Effect.Effect<ReadonlyArray<string>>
}>()("@bulk-operations/cli/Watch") {}

const lines =
  (rows: ReadonlyMap<string, WaitRow.WaitRow>, total: number, now: number, paint: Output["Service"]["paint"]) =>
  (
    { columns, rows: height }: LiveRegion.Size
  ): ReadonlyArray<string> => {
    const all = Array.from(rows.values())
    // One row stays free for the next prompt, and one is for the footer.
    const shown = all.slice(0, Math.max(1, height - 2)).map((row) => WaitRow.line(row, now, columns, paint))
    if (total <= 1 || all.length === 0) return shown
    const hidden = all.length - shown.length
    const ended = total - all.length
    return [...shown, paint.dim(`  ${ended} of ${total} ended${hidden > 0 ? `, ${hidden} more going on` : ""}`)]
  }

const make = Effect.gen(function*() {
  const poller = yield* BulkOperationPoller
  const output = yield* Output
  const clock = yield* Clock.Clock
  const rows = new Map<string, WaitRow.WaitRow>()
  let total = 0
  let retry: Retrying | undefined
  if (output.isLive) {
    const region = yield* LiveRegion.make((size) => {
      const now = clock.currentTimeMillisUnsafe()
      return retry === undefined
        ? lines(rows, total, now, output.paint)(size)
        : [RetryRow.line(retry, now, output.paint)]
    })
    yield* Effect.acquireRelease(output.above(region), () => output.above(undefined))
  }

  const notice = (id: string, progress: PollProgress) =>
    Effect.suspend(() => {
      const before = rows.get(id)
      if (before === undefined) return Effect.void
      const after = { ...before, progress }
      rows.set(id, after)
      const change = WaitRow.change(before, after)
      if (output.isLive || change === undefined) return Effect.void
      return output.isJson ? output.event(WaitRow.event(id, progress)) : output.note(`${id} ${change}`)
    })

  const retrying = (next: Retrying) =>
    Effect.suspend(() => {
      retry = next
      if (output.isLive) return Effect.void
      return output.isJson ? output.event(RetryRow.event(next)) : output.note(RetryRow.text(next))
    })

  const retried = Effect.sync(() => {
    retry = undefined
  })

  const follow = Effect.fnUntraced(function*(id: string, options?: WaitOptions): Effect.fn.Return<Followed, WaitError> {
    yield* retried
    rows.set(id, { id, since: clock.currentTimeMillisUnsafe(), progress: undefined })
    const last = yield* poller.progress(id, options).pipe(
      Stream.tap((progress) => notice(id, progress)),
      Stream.runLast,
      Effect.tap(() => Effect.sync(() => rows.delete(id))),
      Effect.tapError(() => Effect.sync(() => rows.delete(id)))
    )
    if (Option.isNone(last) || Option.isNone(last.value.operation)) {
      return yield* Effect.die("a wait ends with its operation")
    }
    const { elapsed, operation: { value: operation }, polls } = last.value
    if (operation.status === "failed") return yield* new BulkOperationFailed({ operation })
    if (operation.status !== "completed") return yield* Effect.die("a wait ends with a terminal operation")
    return { operation, elapsed, polls }
  })

  return Watch.of({
    follow,
    retrying,
    retried,
    active: Effect.sync(() => Array.from(rows.keys())),
    expect: (n) =>
      Effect.sync(() => {
        total = n
      })
  })
})

/** Shows the waits of `Watch`, and those of all users of its `BulkOperationPoller`. */
export const layer: Layer.Layer<Watch | BulkOperationPoller, never, BulkOperationPoller | Output | Terminal.Terminal> =
  Layer.effectContext(Effect.gen(function*() {
    const watch = yield* make
    const poller = yield* BulkOperationPoller
    const wait = (id: string, options?: WaitOptions) =>
      Effect.map(watch.follow(id, options), ({ operation }) => operation)
    const run = <E, R>(start: Effect.Effect<string, E, R>, options?: RunOptions) =>
      Effect.gen(function*() {
        const id = yield* start
        return yield* wait(id, { ...options, startedAt: yield* DateTime.now })
      })
    return Context.make(Watch, watch).pipe(Context.add(BulkOperationPoller, { ...poller, wait, run }))
  }))
