import { Draw, Endpoint, Fault, OperationPlan, Simulator } from "@bulk-operations/simulator"
import { SimulatorServer } from "@bulk-operations/simulator/node"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Layer } from "effect"
import * as Api from "../Api.ts"

type Given = Effect.Effect<unknown, unknown, Simulator.Simulator>

const simulator = (options: SimulatorServer.Options): Given =>
  Effect.asVoid(Layer.build(Simulator.layerHttpClient(options)))
    .pipe(Effect.scoped)
const server = (options: SimulatorServer.Options): Given => Effect.scoped(Layer.build(SimulatorServer.layer(options)))
const planned = (plan: OperationPlan.OperationPlan): Given =>
  Simulator.Simulator.use(({ planNext }) => planNext({}, plan))
const started = (options: Simulator.NewOperation): Given =>
  Simulator.Simulator.use(({ startOperation }) => startOperation(options))
const created = (references: number): Given =>
  Simulator.Simulator.use(({ createList }) => createList({ name: "blocked", kind: "ip", references }))
const injected = (when: object): Given => Simulator.Simulator.use(({ inject }) => inject(Fault.notFound, when))
const defectOf = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.catchDefect(effect, (defect) => Effect.succeed(defect))
const made = (make: () => unknown): Given => Effect.sync(make)

// What the compiler would refuse, but a program in JavaScript can pass.
const untyped = JSON.parse

const noDuration = (option: string, shown: string) =>
  `${option} is ${shown}, which is no duration. ` +
  `Give milliseconds, a Duration, or a text such as "10 minutes" or "500 millis".`

const refused: ReadonlyArray<readonly [message: string, given: () => Given]> = [
  ["keepRequests is -1. It must be 0 or more.", () => simulator({ keepRequests: -1 })],
  ["keepRequests is NaN. It must be 0 or more.", () => simulator({ keepRequests: NaN })],
  ["keepRequests is 1.5. It must be a whole number, or Infinity.", () => simulator({ keepRequests: 1.5 })],
  [`keepRequests is "9". It must be a whole number, or Infinity.`, () => simulator(untyped(`{"keepRequests":"9"}`))],
  ["keepRequestBytes is -1. It must be 0 or more.", () => simulator({ keepRequestBytes: -1 })],
  ["limits.requests is -1. It must be 1 or more.", () => simulator({ limits: { requests: -1 } })],
  ["limits.requests is 0. It must be 1 or more.", () => simulator({ limits: { requests: 0 } })],
  ["limits.pendingOperations is 0. It must be 1 or more.", () => simulator({ limits: { pendingOperations: 0 } })],
  ["limits.samePath is NaN. It must be 1 or more.", () => simulator({ limits: { samePath: NaN } })],
  ["limits.window is 0. It must be longer than zero.", () => simulator({ limits: { window: 0 } })],
  [`limits.window is "Infinity". It must be finite.`, () => simulator({ limits: { window: "Infinity" } })],
  [noDuration("limits.window", `"5m"`), () => simulator(untyped(`{"limits":{"window":"5m"}}`))],
  ["timestamps.fractionDigits is 10. It must be 9 or less.", () => simulator({ timestamps: { fractionDigits: 10 } })],
  ["timestamps.fractionDigits is -1. It must be 0 or more.", () => simulator({ timestamps: { fractionDigits: -1 } })],
  [
    "timestamps.offset is 1d. It must be shorter than a day, ahead or behind.",
    () => simulator({ timestamps: { offset: Duration.days(1) } })
  ],
  [noDuration("timestamps.offset", `"+08:00"`), () => simulator(untyped(`{"timestamps":{"offset":"+08:00"}}`))],
  ["duration is -1. It must not be negative.", () => simulator({ duration: -1 })],
  [noDuration("duration", "NaN"), () => simulator({ duration: NaN })],
  [noDuration("duration", `"5m"`), () => simulator(untyped(`{"duration":"5m"}`))],
  [noDuration("duration", "null"), () => simulator(untyped(`{"duration":null}`))],
  ["port is -1. It must be 0 or more.", () => server({ port: -1 })],
  ["port is 65536. It must be 65535 or less.", () => server({ port: 65_536 })],
  ["port is 1.5. It must be a whole number.", () => server({ port: 1.5 })],
  ["keepRequests is -1. It must be 0 or more.", () => server({ keepRequests: -1 })],
  ["pendingFor is -1. It must not be negative.", () => planned({ pendingFor: -1 })],
  ["readableAfter is -1s. It must not be negative.", () => planned({ readableAfter: Duration.seconds(-1) })],
  [
    `outcome is "failed". It must be OperationPlan.completed or OperationPlan.failed(text).`,
    () => planned(untyped(`{"outcome":"failed"}`))
  ],
  [
    `outcome is {"_tag":"Failed"}. It must be OperationPlan.completed or OperationPlan.failed(text).`,
    () => planned(untyped(`{"outcome":{"_tag":"Failed"}}`))
  ],
  ["duration is -1. It must not be negative.", () => started({ duration: -1 })],
  ["duration is -1. It must not be negative.", () => started({ duration: Effect.succeed(-1) })],
  [
    `outcome is 1. It must be OperationPlan.completed or OperationPlan.failed(text).`,
    () => started({ outcome: Effect.succeed(untyped("1")) })
  ],
  ["references is -1. It must be 0 or more.", () => created(-1)],
  ["after is -1. It must be 0 or more.", () => injected({ after: -1 })],
  ["times is -1. It must be 0 or more.", () => injected({ times: -1 })],
  ["times is NaN. It must be 0 or more.", () => injected({ times: NaN })],
  ["probability is 2. It must be from 0 to 1.", () => injected({ probability: 2 })],
  ["probability is -1. It must be from 0 to 1.", () => injected({ probability: -1 })],
  ["probability is NaN. It must be from 0 to 1.", () => injected({ probability: NaN })],
  [
    `on is "nonsense". It must be one of ${Endpoint.Endpoint.literals.join(", ")}.`,
    () => injected({ on: "nonsense" })
  ],
  [
    `on is "other". It must be one of ${Endpoint.Endpoint.literals.join(", ")}.`,
    () => injected({ on: ["lists.get", "other"] })
  ],
  ["latency is -1. It must not be negative.", () => made(() => Fault.latency(-1))],
  ["retryAfter is -1. It must not be negative.", () => made(() => Fault.rateLimited({ retryAfter: -1 }))],
  [`retryAfter is "Infinity". It must be finite.`, () => made(() => Fault.rateLimited({ retryAfter: "Infinity" }))],
  [noDuration("clockSkew", "NaN"), () => made(() => Fault.clockSkew(NaN))],
  [
    `clockSkew is "-Infinity". It must be 36500 days or less, ahead or behind.`,
    () => made(() => Fault.clockSkew("-Infinity"))
  ],
  [`at is "after". It must be one of before, in.`, () => made(() => Fault.stall(untyped(`{"at":"after"}`)))],
  [`at is "now". It must be one of before, in, after.`, () => made(() => Fault.reset(untyped(`"now"`)))],
  ["status is 200. It must be one of 502, 503, 504, 520.", () => made(() => Fault.htmlError(untyped("200")))],
  ["faults is empty. Give one or more.", () => made(() => Fault.anyOf([]))],
  ["minimum is -1. It must not be negative.", () => made(() => Draw.between(-1, 1))],
  [`maximum is "Infinity". It must be finite.`, () => made(() => Draw.between(0, "Infinity"))],
  ["maximum is 1. It must not be shorter than the minimum.", () => made(() => Draw.between(2, 1))],
  ["median is -1. It must not be negative.", () => made(() => Draw.logNormal({ median: -1 }))],
  ["spread is 0. It must be 1 or more.", () => made(() => Draw.logNormal({ median: 1, spread: 0 }))],
  ["weight is -1. It must be 0 or more.", () => made(() => Draw.oneOf([1, "a"], [-1, "b"]))],
  ["weight is Infinity. It must be finite.", () => made(() => Draw.oneOf([Infinity, "a"]))],
  ["weight is 0. One or more must be more than 0.", () => made(() => Draw.oneOf([0, "a"], [0, "b"]))]
]

describe("an invalid option", () => {
  for (const [message, given] of refused) {
    it.effect(`is refused where it is given: ${message}`, () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* defectOf(Effect.suspend(given)), new RangeError(message))
      }).pipe(Effect.provide(Simulator.layerHttpClient())))
  }

  it.effect("that is drawn is refused when it is drawn", () =>
    Effect.gen(function*() {
      const { createList, inject } = yield* Simulator.Simulator
      const listId = yield* createList({ name: "blocked", kind: "ip" })
      const write = Api.write("POST", listId, [{ ip: "192.0.2.1" }])
      assert.deepStrictEqual(
        yield* defectOf(write),
        new RangeError("duration is -1. It must not be negative.")
      )
      yield* inject(Fault.latency(Effect.succeed(-2)))
      const get = Api.call("GET", Api.operation("any"))
      assert.deepStrictEqual(
        yield* defectOf(get),
        new RangeError("latency is -2. It must not be negative.")
      )
    }).pipe(Effect.provide(Simulator.layerHttpClient({ duration: Effect.succeed(-1) }))))
})

const accepted: ReadonlyArray<readonly [option: string, given: () => Given]> = [
  ["no request and no byte kept", () => simulator({ keepRequests: 0, keepRequestBytes: 0 })],
  [
    "every limit at its least",
    () => simulator({ limits: { requests: 1, pendingOperations: 1, samePath: 1, window: 1 } })
  ],
  [
    "every limit switched off",
    () => simulator({ limits: { requests: Infinity, pendingOperations: Infinity, samePath: Infinity } })
  ],
  ["whole seconds with an offset", () => simulator({ timestamps: { fractionDigits: 0, offset: "-1439 minutes" } })],
  ["an offset as a letter", () => simulator({ timestamps: { fractionDigits: 9, offset: "z" } })],
  ["a plan of no time", () => simulator({ duration: 0, pendingFor: 0, readableAfter: 0 })],
  [
    "a plan that never ends",
    () => planned({ duration: "Infinity", pendingFor: "Infinity", readableAfter: "Infinity" })
  ],
  ["an outcome", () => started({ outcome: OperationPlan.failed("") })],
  ["a list without rules", () => created(0)],
  ["a fault that nothing meets", () => injected({ after: 0, times: 0, probability: 0, on: [] })],
  [
    "a fault that all meet",
    () => injected({ after: Infinity, times: Infinity, probability: 1, on: Endpoint.Endpoint.literals })
  ],
  ["faults at their least and greatest", () =>
    made(() => [
      Fault.latency("Infinity"),
      Fault.rateLimited({ retryAfter: 0 }),
      Fault.clockSkew("36500 days"),
      Fault.clockSkew("-36500 days")
    ])],
  ["draws of no time", () => made(() => [Draw.between(0, 0), Draw.logNormal({ median: 0, spread: 1 })])]
]

describe("a valid option", () => {
  for (const [option, given] of accepted) {
    it.effect(`is accepted: ${option}`, () => Effect.suspend(given).pipe(Effect.provide(Simulator.layerHttpClient())))
  }
})
