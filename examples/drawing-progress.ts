/** Displays a wait: a line for each element of `progress`, with the next poll, the deadline, and any error. */
import { BulkOperationPoller, type PollProgress } from "@bulk-operations/poll"
import { Fault, Simulator } from "@bulk-operations/simulator"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Console, DateTime, Duration, Effect, Option, Stream } from "effect"
import * as Simulated from "./simulated.ts"

const seconds = (duration: Duration.Duration) => `${Duration.toSeconds(duration).toFixed(1)} s`

// An element has everything except the current time.
const line = (
  { deadline, elapsed, isThrottled, nextPollAt, operation, polls, transientError }: PollProgress.PollProgress,
  now: DateTime.DateTime
) => {
  const until = (moment: DateTime.DateTime) => seconds(Duration.max(Duration.zero, DateTime.distance(now, moment)))
  const parts = [
    Option.match(operation, { onNone: () => "not seen yet", onSome: ({ status }) => status }),
    ...Option.toArray(transientError).map(({ reason }) => reason._tag),
    ...Option.toArray(nextPollAt).map((at) =>
      isThrottled ? "waiting for the request budget" : `polling again in ${until(at)}`
    ),
    ...Option.toArray(Option.andThen(nextPollAt, deadline)).map((at) => `giving up in ${until(at)}`)
  ]
  return `${seconds(elapsed)}  poll ${polls}: ${parts.join(", ")}`
}

const draw = Effect.fn("draw")(function*(operationId: string) {
  const poller = yield* BulkOperationPoller.BulkOperationPoller
  yield* poller.progress(operationId, { timeout: "30 seconds" }).pipe(
    Stream.mapEffect((progress) => Effect.map(DateTime.now, (now) => line(progress, now))),
    Stream.runForEach(Console.log)
  )
})

const program = Effect.gen(function*() {
  const simulator = yield* Simulator.Simulator
  // The third poll meets a bad gateway.
  yield* simulator.inject(Fault.htmlError(502), { after: 2, times: 1 })
  yield* draw(yield* simulator.startOperation({ duration: "2 seconds" }))
})

program.pipe(Effect.provide(Simulated.layerPoller), NodeRuntime.runMain)
