import { Fault, OperationPlan } from "@bulk-operations/simulator"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Random, Result } from "effect"
import * as Input from "../../src/internal/controlInput.ts"

const faults: ReadonlyArray<readonly [name: string, args: object, fault: Fault.Fault, wrong?: object]> = [
  ["latency", { by: "2s" }, Fault.latency(Duration.seconds(2)), { by: 2 }],
  ["stall", {}, Fault.stall(), { at: "after" }],
  ["stall", { at: "before" }, Fault.stall(), { carriedOut: "yes" }],
  ["stall", { at: "in", carriedOut: true }, Fault.stall({ at: "in", carriedOut: true })],
  ["reset", { at: "before", carriedOut: true }, Fault.reset("before", { carriedOut: true }), { at: "now" }],
  ["reset", { at: "in" }, Fault.reset("in"), { at: "in", carriedOut: 1 }],
  ["reset", { at: "after" }, Fault.reset("after")],
  ["truncatedJson", {}, Fault.truncatedJson],
  ["htmlError", { status: 504, carriedOut: true }, Fault.htmlError(504, { carriedOut: true }), { status: 200 }],
  ["wrongShape", {}, Fault.wrongShape()],
  ["wrongShape", { body: [] }, Fault.wrongShape([])],
  ["editedOperation", { edit: { status: "paused" } }, Fault.editedOperation({ status: "paused" }), { edit: 1 }],
  ["editedOperation", { without: ["error"] }, Fault.editedOperation({ error: undefined }), { without: "error" }],
  ["unknownStatus", {}, Fault.unknownStatus()],
  ["unknownStatus", { status: "lost" }, Fault.unknownStatus("lost"), { status: 1 }],
  ["otherOperation", {}, Fault.otherOperation()],
  ["otherOperation", { id: "another" }, Fault.otherOperation("another"), { id: 1 }],
  ["unauthorized", {}, Fault.unauthorized],
  ["malformedCredentials", {}, Fault.malformedCredentials],
  ["forbidden", {}, Fault.forbidden],
  ["notFound", {}, Fault.notFound],
  ["rateLimited", {}, Fault.rateLimited()],
  ["rateLimited", { retryAfter: "2s" }, Fault.rateLimited({ retryAfter: "2 seconds" }), { retryAfter: "Infinity" }],
  ["clockSkew", { by: "-90s" }, Fault.clockSkew("-90 seconds"), { by: "36501d" }]
]

const failureOf = <A>(read: Input.Read<A>) => Result.getOrThrow(Result.flip(read))

describe("a fault", () => {
  for (const [name, args, fault, wrong] of faults) {
    it(`is read: ${name} ${JSON.stringify(args)}`, () => {
      assert.deepStrictEqual<unknown>(Input.readFault({ fault: name, ...args }), Result.succeed({ fault, when: {} }))
      for (const given of [{ ...args, extra: 1 }, ...(wrong === undefined ? [] : [wrong])]) {
        assert.match(failureOf(Input.readFault({ fault: name, ...given })), new RegExp(`^Expected a fault ${name}: `))
      }
    })
  }

  it.each([["passing", Fault.passing], ["everyKind", Fault.everyKind]] as const)(
    "is drawn from several for the name %s",
    (name, all) => {
      const { fault } = Result.getOrThrow(Input.readFault({ fault: name }))
      const drawn = Effect.isEffect(fault) ? Effect.runSync(fault.pipe(Random.withSeed("a draw"))) : undefined
      assert.isTrue(all.some((one) => one === drawn))
      assert.match(failureOf(Input.readFault({ fault: name, extra: 1 })), new RegExp(`^Expected a fault ${name}: `))
    }
  )

  it("keeps the choice of requests that meet it", () => {
    const when = { on: "lists.list", after: 1, times: 2, probability: 0.5 } as const
    const { when: read } = Result.getOrThrow(Input.readFault({ fault: "notFound", ...when }))
    assert.deepStrictEqual<unknown>(read, when)
  })

  it("is refused without a known name", () => {
    for (const fault of [["stall"], 1, undefined, "toString", "", null]) {
      assert.match(failureOf(Input.readFault({ fault })), /^Expected a fault: one of latency, stall, .*, everyKind$/)
    }
  })
})

describe("plans", () => {
  it("have durations and an outcome, or leave them out", () => {
    const plans = [{}, { duration: "500ms", pendingFor: "Infinity", readableAfter: "1m" }, { outcome: "completed" }, {
      outcome: { failed: "full" }
    }]
    assert.deepStrictEqual<unknown>(
      Input.readPlans(plans),
      Result.succeed([
        {},
        { duration: Duration.millis(500), pendingFor: Duration.infinity, readableAfter: Duration.minutes(1) },
        { outcome: OperationPlan.completed },
        { outcome: OperationPlan.failed("full") }
      ])
    )
  })

  it("are refused with unknown keys or invalid values", () => {
    for (
      const plan of [{ outcome: { failed: 1 } }, { outcome: {} }, { outcome: "failed" }, { pendingFor: "-1s" }, {
        id: "x"
      }]
    ) {
      assert.match(failureOf(Input.readPlans([plan])), /^Expected a list of plans: /, JSON.stringify(plan))
    }
  })
})
