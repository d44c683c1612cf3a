import { PollHistory } from "@bulk-operations/poll"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Duration, Effect, Exit, Fiber, Layer, Logger, References, Schema, Scope } from "effect"
import { KeyValueStore } from "effect/persistence"
import { TestClock } from "effect/testing"

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

const at = (milliseconds: number) => DateTime.makeUnsafe(1_000_000 + milliseconds)

const sighted = (sighting: Omit<PollHistory.Sighting, "startedAt">) =>
  PollHistory.record(PollHistory.empty, { startedAt: at(0), ...sighting }).operations.map(({ from, to }) => [from, to])

// An operation that was started then and took fifteen seconds.
const fifteenSeconds = (start: number): PollHistory.Sighting => ({
  startedAt: at(start),
  completed: at(start + 15_000),
  seenAt: at(start + 16_000)
})

describe("hazard", () => {
  it("refuses an expected duration that is none, and takes no more than a day", () => {
    assert.throws(
      () => PollHistory.hazard(PollHistory.empty, { expected: -1 }),
      RangeError,
      "expected is -1. It must be longer than zero."
    )
    const [day, longer] = (["1 day", "3 days"] as const).map((expected) =>
      PollHistory.hazard(PollHistory.empty, { expected })
    )
    assert.deepStrictEqual(longer, day)
    const minute = PollHistory.hazard(PollHistory.empty, { expected: "1 minute" })
    assert.notDeepEqual(minute, day)
  })
})

describe("record", () => {
  it("takes a completed in whole seconds as anywhere in that second", () => {
    assert.deepStrictEqual(sighted({ completed: at(15_000), seenAt: at(18_000) }), [[15_000, 16_000]])
    assert.deepStrictEqual(sighted({ completed: at(15_250), seenAt: at(18_000) }), [[15_250, 15_251]])
  })

  it("narrows that second down by the polls", () => {
    const polled = { completed: at(15_000), underWayAt: at(15_200), seenAt: at(15_700) }
    assert.deepStrictEqual(sighted(polled), [[15_200, 15_700]])
  })

  it("uses the polls if completed is unknown or from another clock", () => {
    const polls = { underWayAt: at(9000), seenAt: at(16_000) }
    assert.deepStrictEqual(sighted(polls), [[9000, 16_000]])
    assert.deepStrictEqual(sighted({ ...polls, completed: at(60_000) }), [[9000, 16_000]])
    assert.deepStrictEqual(sighted({ ...polls, completed: at(-5000) }), [[9000, 16_000]])
  })

  it("keeps the age that an operation reached whose end was not detected", () => {
    assert.deepStrictEqual(sighted({ underWayAt: at(9000) }), [[9000, undefined]])
    assert.deepStrictEqual(sighted({}), [])
  })

  it("ignores operations that ended before they began, and caps durations at a day", () => {
    const day = 86_400_000
    assert.deepStrictEqual(sighted({ seenAt: at(-1) }), [])
    assert.deepStrictEqual(sighted({ seenAt: at(0) }), [])
    assert.deepStrictEqual(sighted({ underWayAt: at(5000), seenAt: at(4000) }), [])
    assert.deepStrictEqual(sighted({ underWayAt: at(1000), seenAt: at(365 * day) }), [[1000, day]])
    assert.deepStrictEqual(sighted({ underWayAt: at(364 * day), seenAt: at(365 * day) }), [[day, undefined]])
  })

  it("keeps the last 256 operations, even those that ended at the same moment", () => {
    let history = PollHistory.empty
    for (let count = 0; count < 300; count++) history = PollHistory.record(history, fifteenSeconds(0))
    assert.lengthOf(history.operations, 256)
    assert.lengthOf(PollHistory.merge(history, history).operations, 256)
  })
})

const json = Schema.fromJsonString(PollHistory.History)

const Drawn = Schema.Array(Schema.Tuple([between(0, 10_000), between(1, 100_000)])).check(Schema.isMaxLength(150))

const historyOf = (drawn: typeof Drawn.Type) =>
  drawn.reduce(
    (history, [start, took]) => PollHistory.record(history, { startedAt: at(start), seenAt: at(start + took) }),
    PollHistory.empty
  )

describe("History", () => {
  it.prop("survives JSON", { drawn: Drawn }, ({ drawn }) => {
    const history = historyOf(drawn)
    const text = Schema.encodeSync(json)(history)
    assert.deepStrictEqual(Schema.decodeSync(json)(text), history)
    assert.isBelow(text.length, 16_384)
  })

  it.prop("merging does not depend on order or repetition", { a: Drawn, b: Drawn, c: Drawn }, ({ a, b, c }) => {
    const [one, two, three] = [historyOf(a), historyOf(b), historyOf(c)]
    const merged = PollHistory.merge(PollHistory.merge(one, two), three)
    assert.deepStrictEqual(PollHistory.merge(three, PollHistory.merge(two, one)), merged)
    assert.deepStrictEqual(PollHistory.merge(merged, two), merged)
    assert.isAtMost(merged.operations.length, 256)
  })
})

const key = { accountId: "account" }

const seen = (key: PollHistory.Key) =>
  PollHistory.PollHistory.use((histories) => Effect.map(histories.hazard(key), ({ operations }) => operations))

const record = (key: PollHistory.Key, start = 0) =>
  PollHistory.PollHistory.use((histories) => histories.record(key, fifteenSeconds(start)))

describe("layer", () => {
  it.effect("keeps the histories of accounts and of names apart", () =>
    Effect.gen(function*() {
      yield* record(key)
      yield* record({ ...key, name: "nightly" }, 0)
      yield* record({ ...key, name: "nightly" }, 60_000)
      assert.strictEqual(yield* seen(key), 1)
      assert.strictEqual(yield* seen({ ...key, name: "nightly" }), 2)
      assert.strictEqual(yield* seen({ accountId: "other", name: "nightly" }), 0)
    }).pipe(Effect.provide(PollHistory.layer)))

  it.effect("returns the hazard of its history", () =>
    Effect.gen(function*() {
      const histories = yield* PollHistory.PollHistory
      for (let hour = 0; hour < 10; hour++) yield* record(key, 3_600_000 * hour)
      const history = yield* histories.history(key)
      assert.deepStrictEqual(yield* histories.hazard(key), PollHistory.hazard(history))
      assert.deepStrictEqual(
        yield* histories.hazard(key, { expected: "1 minute" }),
        PollHistory.hazard(history, { expected: "1 minute" })
      )
    }).pipe(Effect.provide(PollHistory.layer)))

  it.effect("keeps the 256 histories that were used last", () =>
    Effect.gen(function*() {
      yield* record(key)
      yield* record({ accountId: "forgotten" })
      for (let index = 0; index < 255; index++) {
        yield* seen(key)
        yield* seen({ accountId: `account-${index}` })
      }
      assert.strictEqual(yield* seen(key), 1)
      assert.strictEqual(yield* seen({ accountId: "forgotten" }), 0)
    }).pipe(Effect.provide(PollHistory.layer)))
})

// A store, what was done to it, and a poller's histories over it that can be closed.
const overStore = Effect.fnUntraced(function*(overrides?: Partial<KeyValueStore.KeyValueStore>) {
  const values = new Map<string, string>()
  let writes = 0
  const store = KeyValueStore.makeStringOnly({
    get: (path) => Effect.sync(() => values.get(path)),
    set: (path, value) =>
      Effect.sync(() => {
        writes++
        values.set(path, value)
      }),
    remove: (path) => Effect.sync(() => values.delete(path)),
    clear: Effect.sync(() => values.clear()),
    size: Effect.sync(() => values.size),
    keys: Effect.sync(() => Array.from(values.keys()))
  })
  const layer = PollHistory.layerStore().pipe(
    Layer.provide(Layer.succeed(KeyValueStore.KeyValueStore, { ...store, ...overrides }))
  )
  // Each time the histories of a process that begins anew.
  const open = Effect.gen(function*() {
    const scope = yield* Scope.make()
    const context = yield* Layer.buildWithMemoMap(layer, Layer.makeMemoMapUnsafe(), scope)
    return {
      run: <A, E>(effect: Effect.Effect<A, E, PollHistory.PollHistory>) => Effect.provide(effect, context),
      close: Scope.close(scope, Exit.void)
    }
  })
  return { open, values, writes: () => writes }
})

// The debug logs of an effect.
const logged = Effect.fnUntraced(function*<A, E, R>(effect: Effect.Effect<A, E, R>) {
  const lines: Array<unknown> = []
  const logger = Logger.make(({ logLevel, message }) => {
    lines.push(`${logLevel} ${Array.isArray(message) ? message[0] : message}`)
  })
  const result = yield* effect.pipe(
    Effect.provide(Logger.layer([logger])),
    Effect.provideService(References.MinimumLogLevel, "Debug")
  )
  return { lines, result }
})

const path = "bulk-operations/history/account/"

describe("layerStore", () => {
  it.effect("restores in the next process what this one observed", () =>
    Effect.gen(function*() {
      const { open } = yield* overStore()
      const first = yield* open
      yield* first.run(record(key))
      yield* first.close
      const second = yield* open
      yield* second.run(seen(key))
      yield* TestClock.adjust(0)
      assert.strictEqual(yield* second.run(seen(key)), 1)
      yield* second.close
    }))

  it.effect("does not wait for a slow store, and merges its history later", () =>
    Effect.gen(function*() {
      const text = yield* Schema.encodeEffect(json)(historyOf([[0, 15_000]]))
      const { open } = yield* overStore({ get: () => Effect.as(Effect.sleep("3 seconds"), text) })
      const process = yield* open
      assert.strictEqual(yield* process.run(seen(key)), 0)
      yield* process.run(record(key, 60_000))
      assert.strictEqual(yield* process.run(seen(key)), 1)
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual(yield* process.run(seen(key)), 2)
    }))

  it.effect("writes once a minute at most, and only after an observation", () =>
    Effect.gen(function*() {
      const { open, writes } = yield* overStore()
      const process = yield* open
      for (let index = 0; index < 100; index++) yield* process.run(record(key, index))
      yield* TestClock.adjust("59 seconds")
      assert.strictEqual(writes(), 0)
      yield* TestClock.adjust("10 minutes")
      assert.strictEqual(writes(), 1)
      yield* process.run(record(key, 1000))
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(writes(), 2)
      yield* process.close
      assert.strictEqual(writes(), 2)
    }))

  it.effect("keeps the observations of two processes", () =>
    Effect.gen(function*() {
      const { open } = yield* overStore()
      const [one, two] = [yield* open, yield* open]
      yield* one.run(record(key, 0))
      yield* two.run(record(key, 60_000))
      yield* one.close
      yield* two.close
      const later = yield* open
      yield* later.run(seen(key))
      yield* TestClock.adjust(0)
      assert.strictEqual(yield* later.run(seen(key)), 2)
    }))

  it.effect("writes what was observed during a write, too", () =>
    Effect.gen(function*() {
      const { open, values } = yield* overStore({ get: () => Effect.as(Effect.sleep("5 seconds"), undefined) })
      const process = yield* open
      yield* process.run(record(key, 0))
      yield* TestClock.adjust("62 seconds")
      yield* process.run(record(key, 1000))
      yield* TestClock.adjust("2 minutes")
      const { operations } = yield* Schema.decodeEffect(json)(values.get(path) ?? "")
      assert.lengthOf(operations, 2)
    }))

  for (const rubbish of ["", "no JSON", "{\"version\":2}", "{\"version\":1,\"operations\":[{\"at\":1,\"from\":-5}]}"]) {
    it.effect(`ignores and replaces an unreadable history, and logs it once: ${rubbish === "" ? "nothing" : rubbish}`, () =>
      Effect.gen(function*() {
        const { open, values } = yield* overStore()
        values.set(path, rubbish)
        const { lines } = yield* logged(Effect.gen(function*() {
          const process = yield* open
          yield* process.run(record(key))
          yield* TestClock.adjust(0)
          assert.strictEqual(yield* process.run(seen(key)), 1)
          yield* process.close
        }))
        assert.deepStrictEqual(lines, ["Debug Cannot read the history of account/: it is kept in memory alone"])
        assert.match(values.get(path) ?? "", /^\{"version":1,"operations":\[\{"at":/)
      }))
  }

  const broken = {
    fails: Effect.fail(new KeyValueStore.KeyValueStoreError({ method: "get", message: "no connection" })),
    dies: Effect.die("broken"),
    hangs: Effect.never
  }
  for (const [how, effect] of Object.entries(broken)) {
    it.effect(`logs a store that ${how} at debug level, and harms no wait`, () =>
      Effect.gen(function*() {
        const { open } = yield* overStore({ get: () => effect, set: () => effect })
        const { lines } = yield* logged(Effect.gen(function*() {
          const process = yield* open
          yield* process.run(record(key))
          assert.strictEqual(yield* process.run(seen(key)), 1)
          yield* TestClock.adjust("2 minutes")
          assert.strictEqual(yield* process.run(seen(key)), 1)
          yield* process.close
        }))
        assert.deepStrictEqual(lines, [
          "Debug Cannot read the history of account/: it is kept in memory alone",
          "Debug Cannot write the history of account/: it is kept in memory alone"
        ])
      }))
  }

  it.effect("waits for a hanging store ten seconds at most when it closes", () =>
    Effect.gen(function*() {
      const { open } = yield* overStore({ get: () => Effect.never, set: () => Effect.never })
      const process = yield* open
      yield* process.run(record(key))
      const closing = yield* Effect.forkChild(Effect.timed(process.close))
      yield* TestClock.adjust("1 minute")
      const [took] = yield* Fiber.join(closing)
      assert.isTrue(Duration.isLessThanOrEqualTo(took, Duration.seconds(10)))
    }))
})
