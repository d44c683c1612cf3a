import { BulkOperations } from "@bulk-operations/core"
import { BulkOperationsTest } from "@bulk-operations/core/testing"
import { BulkOperationPoller, PollHistory, PollOptions, PollSchedule } from "@bulk-operations/poll"
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Clock, DateTime, Duration, Effect, Exit, Fiber, FileSystem, Layer, Logger, References, Schedule } from "effect"
import { KeyValueStore } from "effect/persistence"
import { TestClock } from "effect/testing"
import { calls, every, everySecond, layer, Poller, timed } from "./Scripted.ts"

// Operations by the seconds that they take, which are the start of their ids: "90-1" takes a minute and a half.
const byId = (ids: ReadonlyArray<string>) =>
  Object.fromEntries(ids.map((id) => [id, BulkOperationsTest.lasting(Duration.seconds(Number.parseInt(id)))] as const))

const numbered = (seconds: number, count: number) => Array.from({ length: count }, (_, at) => `${seconds}-${at}`)

const all = [90, 5].flatMap((seconds) => numbered(seconds, 20))

const learned: BulkOperationPoller.WaitOptions = { schedule: PollSchedule.learned() }

// What a start costs is one poll that shows the operation under way, by which the script begins.
const start = (id: string) => Effect.as(BulkOperations.BulkOperations.use((operations) => operations.get(id)), id)

// When an operation was polled.
const pollTimes = (id: string) =>
  Effect.map(calls, (all) => all.filter((call) => call.operationId === id).map(({ at }) => at.epochMilliseconds))

const polls = (id: string) => Effect.map(pollTimes(id), (times) => times.length)

// Runs an operation while time passes, and says how many polls it took and how late its end was seen.
const cost = Effect.fnUntraced(function*(id: string, options: BulkOperationPoller.RunOptions = learned) {
  const before = (yield* calls).length
  const began = yield* Clock.currentTimeMillis
  const fiber = yield* Effect.forkChild(timed(Poller.use((poller) => poller.run(start(id), options))))
  yield* TestClock.adjust("10 minutes")
  const [exit, at] = yield* Fiber.join(fiber)
  assert.isTrue(Exit.isSuccess(exit))
  return { polls: (yield* calls).length - before - 1, late: at - began - 1000 * Number.parseInt(id) }
})

const costs = (ids: ReadonlyArray<string>, options?: BulkOperationPoller.RunOptions) =>
  Effect.forEach(ids, (id) => cost(id, options))

const withHistory = (scripts: Parameters<typeof layer>[0]) => layer(scripts).pipe(Layer.provideMerge(PollHistory.layer))

const historyOf = (name = "") =>
  PollHistory.PollHistory.use((histories) =>
    Effect.map(histories.history({ accountId: "account", name }), ({ operations }) => operations)
  )

// How old the operations of a history were, in seconds: not ended at the one age, ended at the other.
const ages = (name?: string) =>
  Effect.map(historyOf(name), (operations) => operations.map(({ from, to }) => [from / 1000, to && to / 1000]))

const waiting = (options: BulkOperationPoller.WaitOptions) =>
  Effect.forkChild(Poller.use((poller) => poller.wait("5-0", { ...learned, ...options })))

const diesOf = (...of: Parameters<BulkOperationPoller.BulkOperationPoller["Service"]["waitAll"]>) =>
  Effect.map(Effect.exit(Poller.use((poller) => poller.waitAll(...of))), Exit.hasDies)

describe("a poller that learns", () => {
  it.effect("polls less and detects the end sooner after similar operations", () =>
    Effect.gen(function*() {
      const [first, ...others] = yield* costs(numbered(90, 10))
      const last = others.at(-1)
      assert(first !== undefined && last !== undefined)
      assert.isAtLeast(first.polls, 15)
      assert.isAtMost(last.polls, 0.7 * first.polls)
      assert.isBelow(Math.max(...others.slice(4).map(({ late }) => late)), 5000)
      const quadratic = yield* costs(numbered(90, 20).slice(10), { schedule: PollSchedule.quadratic() })
      const lateness = (all: typeof quadratic) => all.reduce((sum, { late }) => sum + late, 0)
      assert.isBelow(lateness(others.slice(4)), lateness(quadratic.slice(5)) / 2)
    }).pipe(Effect.provide(layer(byId(all)))))

  it.effect("polls as quadratic does before anything was learned", () =>
    Effect.gen(function*() {
      const [first] = yield* costs(["90-0"], { ...learned, history: "none" })
      yield* TestClock.adjust("1 hour")
      const one = yield* pollTimes("90-0")
      assert.strictEqual(one.length - 1, first?.polls)
      const begun = one[0] ?? 0
      const quadratic = yield* PollSchedule.explain(PollSchedule.quadratic(), ["90 seconds"])
      assert.closeTo(one.length - 1, quadratic[0]?.polls ?? 0, 2)
      assert.isBelow((one[1] ?? 0) - begun, 251)
    }).pipe(Effect.provide(layer(byId(all)))))

  it.effect("learns from waits that follow another schedule", () =>
    Effect.gen(function*() {
      yield* costs(numbered(5, 3), { schedule: everySecond })
      assert.lengthOf(yield* historyOf(), 3)
    }).pipe(Effect.provide(withHistory(byId(all)))))

  it.effect("learns nothing from an operation whose start is unknown", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(Poller.use((poller) => poller.wait("5-0", learned)))
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(yield* ages(), [])
    }).pipe(Effect.provide(withHistory(byId(all)))))

  it.effect("learns once from an operation, from the first wait that knows its start", () =>
    Effect.gen(function*() {
      const startedAt = yield* DateTime.now
      const fibers = [
        yield* waiting({}),
        yield* waiting({ startedAt, history: "first" }),
        yield* waiting({ startedAt: DateTime.subtract(startedAt, { hours: 1 }), history: "second" })
      ]
      yield* TestClock.adjust("1 minute")
      yield* Fiber.joinAll(fibers)
      assert.deepStrictEqual(yield* ages("first"), [[5, 6]])
      assert.deepStrictEqual([...yield* ages("second"), ...yield* ages()], [])
    }).pipe(Effect.provide(withHistory(byId(all)))))

  it.effect("uses its polls if Cloudflare does not say when the operation ended", () =>
    Effect.gen(function*() {
      const startedAt = yield* DateTime.now
      const schedule = every("4 seconds")
      const fiber = yield* Effect.forkChild(
        Poller.use((poller) => Effect.exit(poller.wait("fails", { startedAt, schedule })))
      )
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(yield* ages(), [[8, 12]])
    }).pipe(Effect.provide(withHistory({
      fails: ({ at, firstAt }) =>
        at.epochMilliseconds - firstAt.epochMilliseconds < 5000
          ? "running"
          : { status: "completed", completed: DateTime.makeUnsafe(0) }
    }))))

  for (const how of ["timeout", "interrupt"] as const) {
    it.effect(`learns the age that an operation reached before ${how} ended the wait`, () =>
      Effect.gen(function*() {
        const startedAt = yield* DateTime.now
        const options: BulkOperationPoller.WaitOptions = {
          startedAt,
          schedule: every("4 seconds"),
          timeout: how === "timeout" ? "10 seconds" : "1 hour"
        }
        const fiber = yield* Effect.forkChild(Poller.use((poller) => Effect.exit(poller.wait("90-0", options))))
        yield* TestClock.adjust("10 seconds")
        assert.lengthOf(yield* historyOf(), how === "timeout" ? 1 : 0)
        yield* Fiber.interrupt(fiber)
        const [[from, to] = [], ...others] = yield* ages()
        assert.deepStrictEqual([to, others], [undefined, []])
        assert.closeTo(from ?? 0, how === "timeout" ? 10 : 8, 0.1)
      }).pipe(Effect.provide(withHistory(byId(all)))))
  }

  it.effect("learns from an operation that was under way when the poller closed", () =>
    Effect.gen(function*() {
      const startedAt = yield* DateTime.now
      yield* Effect.gen(function*() {
        yield* Effect.forkChild(
          Poller.use((poller) => Effect.exit(poller.wait("90-0", { startedAt, schedule: every("4 seconds") })))
        )
        yield* TestClock.adjust("9 seconds")
      }).pipe(Effect.provide(layer(byId(all)), { local: true }))
      assert.deepStrictEqual(yield* ages(), [[8, undefined]])
    }).pipe(Effect.provide(PollHistory.layer)))

  it.effect("keeps histories of two names apart", () =>
    Effect.gen(function*() {
      yield* costs(numbered(90, 6), { ...learned, history: "slow" })
      yield* costs(numbered(5, 6), { ...learned, history: "fast" })
      const slow = yield* cost("90-6", { ...learned, history: "slow" })
      const fast = yield* cost("5-6", { ...learned, history: "fast" })
      const strange = yield* cost("5-7", { ...learned, history: "slow" })
      assert.isBelow(slow.late, 5000)
      assert.isBelow(fast.late, 1100)
      assert.isAbove(strange.late, 2 * fast.late)
      assert.lengthOf(yield* historyOf("slow"), 8)
      assert.lengthOf(yield* historyOf("fast"), 7)
      assert.lengthOf(yield* historyOf(), 0)
    }).pipe(Effect.provide(withHistory(byId(all)))))

  it.effect("keeps histories of two accounts apart", () =>
    Effect.gen(function*() {
      const startedAt = yield* DateTime.now
      const fiber = yield* Effect.forkChild(
        Poller.use((poller) => poller.wait("5-0", { ...learned, accountId: "other", startedAt }))
      )
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(fiber)
      const histories = yield* PollHistory.PollHistory
      assert.lengthOf((yield* histories.history({ accountId: "other" })).operations, 1)
      assert.lengthOf(yield* historyOf(), 0)
    }).pipe(Effect.provide(withHistory(byId(all)))))

  it.effect("polls less for waits with an expected duration, but not for others", () =>
    Effect.gen(function*() {
      const startedAt = yield* DateTime.now
      const wait = (id: string, expected?: Duration.Input) =>
        Effect.forkChild(Poller.use((poller) => poller.wait(id, { ...learned, startedAt, expected })))
      const fibers = [yield* wait("5-0", "5 seconds"), yield* wait("5-1"), yield* wait("5-2", "5 seconds")]
      yield* TestClock.adjust("1 minute")
      yield* Fiber.joinAll(fibers)
      const [told, untold, toldToo] = yield* Effect.forEach(["5-0", "5-1", "5-2"], polls)
      assert.isBelow(told ?? Infinity, untold ?? 0)
      assert.isBelow(toldToo ?? Infinity, untold ?? 0)
    }).pipe(Effect.provide(withHistory(byId(all)))))

  it.effect("takes history and expected from PollOptions by default", () =>
    Effect.gen(function*() {
      yield* cost("5-0", learned)
      assert.lengthOf(yield* historyOf("application"), 1)
    }).pipe(
      Effect.provideService(PollOptions.PollOptions, { history: "application", expected: "5 seconds" }),
      Effect.provide(withHistory(byId(all)))
    ))

  it.effect("takes history and expected from the options of waitAll by default", () =>
    Effect.gen(function*() {
      const startedAt = yield* DateTime.now
      const targets = [{ operationId: "5-0", history: "own" }, { operationId: "5-1", history: undefined }, "5-2"]
      const fiber = yield* Effect.forkChild(
        Poller.use((poller) => poller.waitAll(targets, { ...learned, startedAt, history: "all" }))
      )
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual([(yield* historyOf("own")).length, (yield* historyOf("all")).length], [1, 2])
      // One that cannot be expected shows whose is taken.
      assert.isTrue(yield* diesOf([{ operationId: "5-0", expected: undefined }], { expected: 0 }))
      assert.isTrue(yield* diesOf([{ operationId: "5-0", expected: 0 }], { expected: "1 second" }))
      assert.isFalse(yield* diesOf([{ operationId: "5-0", expected: "1 second" }], { expected: 0 }))
    }).pipe(Effect.provide(withHistory(byId(all)))))

  for (const expected of ["0 seconds", "-1 seconds"] as const) {
    it.effect(`refuses ${expected} as expected`, () =>
      Effect.gen(function*() {
        const exit = yield* Effect.exit(Poller.use((poller) => poller.wait("5-0", { expected })))
        assert(Exit.isFailure(exit))
        assert.match(String(exit.cause), /expected is .* It must be longer than zero/)
      }).pipe(Effect.provide(layer(byId(all)))))
  }
})

describe("run", () => {
  it.effect("returns the completed operation that was started, and knows its start", () =>
    Effect.gen(function*() {
      const slowly = Effect.delay(start("5-0"), "20 seconds")
      const fiber = yield* Effect.forkChild(Poller.use((poller) => poller.run(slowly)))
      yield* TestClock.adjust("1 minute")
      const operation = yield* Fiber.join(fiber)
      assert.deepStrictEqual([operation.id, operation.status], ["5-0", "completed"])
      assert.deepStrictEqual(yield* ages(), [[5, 6]])
    }).pipe(Effect.provide(withHistory(byId(all)))))

  it.effect("fails as start does, and polls nothing", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Poller.use((poller) => poller.run(Effect.fail("no permission" as const))))
      assert.strictEqual(error, "no permission")
      assert.lengthOf(yield* calls, 0)
    }).pipe(Effect.provide(layer({}))))

  it.effect("fails as the wait does", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(
        Effect.flip(Poller.use((poller) => poller.run(Effect.succeed("90-0"), { timeout: "10 seconds" })))
      )
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* Fiber.join(fiber))._tag, "PollTimeout")
    }).pipe(Effect.provide(layer(byId(all)))))

  it.effect("polls nothing when it is interrupted while start is under way", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(Poller.use((poller) => poller.run(Effect.never)))
      yield* TestClock.adjust("1 minute")
      yield* Fiber.interrupt(fiber)
      assert.lengthOf(yield* calls, 0)
    }).pipe(Effect.provide(layer({}))))

  it.effect("ends as given to layerTest", () =>
    Effect.gen(function*() {
      const { run } = yield* Poller
      assert.strictEqual((yield* run(Effect.succeed("good"))).status, "completed")
      assert.strictEqual((yield* Effect.flip(run(Effect.succeed("bad"))))._tag, "BulkOperationFailed")
    }).pipe(Effect.provide(BulkOperationPoller.layerTest({ good: "completed", bad: { failed: "full" } }))))
})

const broken = (message: string) => Effect.fail(new KeyValueStore.KeyValueStoreError({ method: "set", message }))

const stores: Readonly<Record<string, Partial<Pick<KeyValueStore.KeyValueStore, "get" | "set">>>> = {
  fails: { get: () => broken("no connection"), set: () => broken("no connection") },
  throws: {
    get: () => {
      throw new Error("broken")
    },
    set: () => {
      throw new Error("broken")
    }
  },
  hangs: { get: () => Effect.never, set: () => Effect.never },
  "is full": { get: () => Effect.undefined, set: () => broken("no space left on device") },
  "holds something else": { get: () => Effect.succeed("{\"version\":9}"), set: () => Effect.void }
}

// Real files take real time, of which the clock of a test knows nothing.
const read = historyOf().pipe(
  Effect.repeat({
    until: (operations) => operations.length > 0,
    schedule: Schedule.spaced("5 millis").pipe(Schedule.upTo({ times: 1000 }))
  }),
  TestClock.withLive
)

describe("stored histories", () => {
  for (const [how, overrides] of Object.entries(stores)) {
    it.effect(`a store that ${how} harms no wait`, () => {
      const store = KeyValueStore.makeStringOnly({
        get: () => Effect.undefined,
        set: () => Effect.void,
        remove: () => Effect.void,
        clear: Effect.void,
        size: Effect.succeed(0),
        keys: Effect.succeed([]),
        ...overrides
      })
      return Effect.gen(function*() {
        const all = yield* costs(numbered(90, 6))
        assert.isBelow(all.at(-1)?.polls ?? Infinity, all[0]?.polls ?? 0)
      }).pipe(Effect.provide(
        layer(byId(all)).pipe(
          Layer.provide(PollHistory.layerStore()),
          Layer.provide(Layer.succeed(KeyValueStore.KeyValueStore, store))
        )
      ))
    })
  }

  it.effect("a PollHistory that throws harms no wait, and is logged at debug level", () => {
    const lines: Array<string> = []
    const logger = Logger.make(({ message }) => {
      lines.push(String(Array.isArray(message) ? message[0] : message))
    })
    const histories: PollHistory.PollHistory["Service"] = {
      record: () => {
        throw new Error("broken")
      },
      hazard: () => Effect.succeed(PollHistory.hazard(PollHistory.empty)),
      history: () => Effect.succeed(PollHistory.empty)
    }
    return Effect.gen(function*() {
      yield* cost("5-0")
      assert.include(lines, "Bulk operation 5-0 is missing from its history")
    }).pipe(
      Effect.provide(
        layer(byId(all)).pipe(
          Layer.provide(Layer.succeed(PollHistory.PollHistory, histories)),
          Layer.provideMerge(Logger.layer([logger])),
          Layer.provideMerge(Layer.succeed(References.MinimumLogLevel, "Debug"))
        )
      )
    )
  })

  it.effect("in files, the next process polls by what the previous one learned", () =>
    Effect.gen(function*() {
      const directory = yield* FileSystem.FileSystem.use((files) => files.makeTempDirectoryScoped())
      const process = (name: string) =>
        layer(byId(all)).pipe(
          // Written at the end alone: this clock would have a write last for minutes.
          Layer.provideMerge(PollHistory.layerStore({ writeAfter: "1 day" })),
          Layer.provide(KeyValueStore.layerFileSystem(`${directory}/${name}`))
        )
      yield* Effect.provide(costs(numbered(90, 6)), process("histories"), { local: true })
      const later = Effect.andThen(read, costs(["90-6"]))
      const knowing = yield* Effect.provide(later, process("histories"), { local: true })
      const unknowing = yield* Effect.provide(costs(["90-6"]), process("others"), { local: true })
      assert.isBelow(knowing[0]?.polls ?? Infinity, 0.8 * (unknowing[0]?.polls ?? 0))
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer)))
})
