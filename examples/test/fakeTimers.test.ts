import { BulkOperationsTest } from "@bulk-operations/core/testing"
import { BulkOperationPoller, PollSchedule } from "@bulk-operations/poll"
import { afterEach, assert, describe, it, vi } from "@effect/vitest"
import { Effect, Fiber, Layer } from "effect"
import { TestClock } from "effect/testing"

const wait = BulkOperationPoller.BulkOperationPoller.use((poller) =>
  poller.wait("op-1", { schedule: PollSchedule.spaced("1 minute") })
)
const scripted = BulkOperationPoller.layer.pipe(
  Layer.provide(BulkOperationsTest.layer({ "op-1": ["running", "completed"] }))
)

describe("a wait under vitest's fake timers", () => {
  afterEach(() => {
    vi.useRealTimers()
  })

  // With all that vitest fakes by default, no Effect program runs at all: its scheduler is one of setImmediate's users.
  const toFake = ["setTimeout", "clearTimeout", "Date"] as const

  it("is not moved by them, as docs/testing.md warns", async () => {
    vi.useFakeTimers({ toFake: [...toFake] })
    const fiber = Effect.runFork(Effect.provide(wait, scripted))
    await vi.advanceTimersByTimeAsync(3_600_000)
    const exit = fiber.pollUnsafe()
    await Effect.runPromise(Fiber.interrupt(fiber))
    assert.isUndefined(exit)
  })

  it("is moved by TestClock, under them too", async () => {
    vi.useFakeTimers({ toFake: [...toFake] })
    const program = Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(wait)
      yield* TestClock.adjust("1 hour")
      return yield* Fiber.join(fiber)
    })
    const ended = Effect.runPromise(Effect.provide(program, Layer.provideMerge(scripted, TestClock.layer())))
    assert.strictEqual((await ended).status, "completed")
  })
})
