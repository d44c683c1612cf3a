/**
 * Carries out `wait`.
 */
import type { WaitError } from "@bulk-operations/poll/WaitError"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type { WaitFlags } from "../commands/wait.ts"
import * as DurationText from "../DurationText.ts"
import { any, Exit, ExitCode, gravest } from "../ExitCode.ts"
import * as Failure from "../Failure.ts"
import { Output } from "../Output.ts"
import type { SharedFlags } from "../root.ts"
import * as Cloudflare from "./cloudflare.ts"
import * as Ids from "./ids.ts"
import * as Interruption from "./interruption.ts"
import * as Operation from "./operation.ts"
import * as Resume from "./resume.ts"
import * as WaitOptions from "./waitOptions.ts"
import { type Followed, Watch } from "./watch.ts"

/** How one of the waits ended. */
export interface Ending {
  readonly id: string
  readonly result: Result.Result<Followed, WaitError>
  readonly elapsed: Duration.Duration
}

export const codeOf = ({ result }: Ending): ExitCode =>
  Result.isSuccess(result) ? ExitCode.completed : Failure.of(result.failure).code

const count = (endings: ReadonlyArray<Ending>, code: ExitCode) =>
  endings.filter((ending) => codeOf(ending) === code).length

// Reports an operation after its wait.
const report = Effect.fnUntraced(function*({ elapsed, id, result }: Ending, resume: string) {
  const output = yield* Output
  const line = (mark: string, text: string) =>
    `${mark} ${id}  ${text}  ${output.paint.dim(DurationText.format(elapsed))}`
  if (Result.isSuccess(result)) {
    const { operation, polls } = result.success
    const took = `  ${output.paint.dim(polls === 1 ? "1 poll" : `${polls} polls`)}`
    return yield* output.result(
      output.isLive ? line(output.paint.good("✔"), "completed") + took : Operation.text(operation),
      Operation.event(operation, result.success)
    )
  }
  const error = result.failure
  if (error._tag === "BulkOperationFailed") {
    const reason = Option.getOrElse(error.operation.error, () => "Cloudflare gives no reason")
    return yield* output.result(
      output.isLive ? `${line(output.paint.bad("✘"), "failed")}  ${reason}` : Operation.text(error.operation),
      Operation.event(error.operation)
    )
  }
  const { code, error: name, message } = Failure.of(error)
  yield* output.event({
    type: "error",
    error: name,
    message,
    exitCode: code,
    operationId: id,
    ...(error._tag === "PollTimeout" && { resume })
  })
  if (output.isJson) return
  const what = error._tag === "PollTimeout" ? "timed out" : "error"
  const seen = error._tag === "PollTimeout"
    ? Option.match(error.last, { onNone: () => "never seen", onSome: ({ status }) => `last seen ${status}` })
    : message
  yield* output.note(output.isLive ? `${line(output.paint.bad("✘"), what)}  ${seen}` : `${id} ${what}: ${seen}`)
})

const summarize = Effect.fnUntraced(function*(
  endings: ReadonlyArray<Ending>,
  total: number,
  elapsed: Duration.Duration,
  exitCode: ExitCode
) {
  const output = yield* Output
  const [completed, failed, timedOut] = [
    count(endings, ExitCode.completed),
    count(endings, ExitCode.failed),
    count(endings, ExitCode.timedOut)
  ]
  const errors = endings.length - completed - failed - timedOut
  const numbers = { completed, failed, timedOut, errors, left: total - endings.length }
  yield* output.event({ type: "summary", exitCode, ...numbers, elapsedSeconds: DurationText.seconds(elapsed) })
  if (output.isJson || total === 1) return
  const parts = [
    [numbers.completed, "completed"],
    [numbers.failed, "failed"],
    [numbers.timedOut, "timed out"],
    [numbers.errors, numbers.errors === 1 ? "error" : "errors"],
    [numbers.left, "left alone"]
  ] as const
  yield* output.note(
    `${parts.filter(([n]) => n > 0).map(([n, what]) => `${n} ${what}`).join(", ")} in ${DurationText.format(elapsed)}`
  )
})

/** Waits, reports how each operation ended, and returns the exit code of all of them. */
export const waitForAll = Effect.fnUntraced(function*(
  ids: ReadonlyArray<string>,
  shared: SharedFlags,
  flags: Omit<WaitFlags, "ids" | "all">
) {
  const watch = yield* Watch
  const output = yield* Output
  const options = { ...(yield* WaitOptions.of(flags)), startedAt: Option.getOrUndefined(flags.startedAt) }
  const began = yield* DateTime.now
  const monotonic = Effect.map(Clock.monotonicTimeNanos, (now) => Duration.nanos(now))
  const start = yield* monotonic
  const since = Effect.map(monotonic, (now) => Duration.subtract(now, start))
  const resume = (...left: ReadonlyArray<string>) =>
    Resume.command(left, options.startedAt ?? began, shared, flags, flags.any ? ["--any"] : [])
  const endings: Array<Ending> = []
  const done = yield* Deferred.make<void>()

  const waitForOne = Effect.fnUntraced(function*(id: string) {
    const result = yield* Effect.result(watch.follow(id, options))
    const ending = { id, result, elapsed: yield* since }
    endings.push(ending)
    yield* report(ending, resume(id))
    if (flags.any && Result.isSuccess(result)) yield* Deferred.succeed(done, undefined)
  })

  const interrupted = Effect.gen(function*() {
    const left = ids.filter((id) => endings.every((ending) => ending.id !== id))
    yield* Interruption.report(left, resume(...left))
    if (output.isJson) yield* summarize(endings, ids.length, yield* since, ExitCode.interrupted)
  })

  yield* watch.expect(ids.length)
  yield* Effect.forEach(ids, waitForOne, { concurrency: "unbounded", discard: true }).pipe(
    Effect.raceFirst(Deferred.await(done)),
    Effect.onInterrupt(() => interrupted)
  )
  const code = (flags.any ? any : gravest)(endings.map(codeOf))
  yield* summarize(endings, ids.length, yield* since, code)
  const late = endings.filter((ending) => codeOf(ending) === ExitCode.timedOut).map(({ id }) => id)
  if (late.length > 0 && !output.isJson && code !== ExitCode.completed) {
    yield* output.note(`To resume waiting:\n  ${resume(...late)}`)
  }
  return code
})

export const run = Effect.fnUntraced(function*(shared: SharedFlags, flags: WaitFlags) {
  if (flags.any && flags.all) {
    return yield* new Failure.UsageError({ message: "--any and --all exclude each other: pass one of them." })
  }
  const ids = yield* Ids.operations(flags.ids)
  const code = yield* Effect.provide(waitForAll(ids, shared, flags), Cloudflare.layer(shared, flags.history))
  if (code !== ExitCode.completed) return yield* new Exit({ code })
})
