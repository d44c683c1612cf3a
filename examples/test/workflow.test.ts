import { Fault, OperationPlan, Simulator } from "@bulk-operations/simulator"
import { SimulatorServer } from "@bulk-operations/simulator/node"
import { assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect, Schedule, Schema, type Scope } from "effect"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Workerd from "./Workerd.ts"

const Instance = Schema.Struct({
  status: Schema.String,
  output: Schema.optional(Schema.Unknown),
  error: Schema.optional(Schema.NullOr(Schema.Struct({ name: Schema.String, message: Schema.String })))
})

let script: string
let reason: string | undefined

const folder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "workflows-"))),
  (path) => Effect.promise(() => rm(path, { recursive: true }))
)

// A Worker with Workflows, whose instances are in a folder. It ends with its scope, in the midst of whatever it does.
const worker = Effect.fnUntraced(function*(workflowsPersist: string, variables: Readonly<Record<string, string>> = {}) {
  const { baseUrl } = yield* Simulator.Simulator
  const running = yield* Effect.acquireRelease(
    Effect.sync(() =>
      Workerd.start({
        script,
        compatibilityDate: "2026-07-01",
        workflows: { WAITS: { name: "waits", className: "WaitForOperation" } },
        workflowsPersist,
        bindings: {
          CLOUDFLARE_API_TOKEN: "any-token",
          CLOUDFLARE_ACCOUNT_ID: Simulator.accountId,
          CLOUDFLARE_BASE_URL: baseUrl,
          ...variables
        }
      })
    ),
    (worker) => Effect.promise(() => worker.dispose())
  )
  const send = (method: "GET" | "POST", operationId: string) =>
    Effect.promise(async () => (await running.dispatchFetch(`http://localhost/${operationId}`, { method })).json())
      .pipe(
        Effect.flatMap(Schema.decodeUnknownEffect(Instance))
      )
  return {
    begin: (operationId: string) => send("POST", operationId),
    get: (operationId: string) => send("GET", operationId),
    end: (operationId: string) =>
      send("GET", operationId).pipe(
        Effect.repeat({
          schedule: Schedule.spaced("50 millis"),
          until: ({ status }) => status === "complete" || status === "errored"
        }),
        Effect.timeout("40 seconds")
      )
  }
})

const pollsOf = (operationId: string) =>
  Simulator.Simulator.use(({ requests }) =>
    Effect.map(requests, (all) => all.filter(({ url }) => url.endsWith(operationId)).length)
  )

const starting = (plan: Parameters<Simulator.Simulator["Service"]["startOperation"]>[0]) =>
  Simulator.Simulator.use((simulator) => simulator.startOperation(plan))

// A test with a Cloudflare and a folder of its own, where workerd runs.
const inWorkerd = (
  name: string,
  test: (folder: string) => Effect.Effect<void, unknown, Simulator.Simulator | Scope.Scope>
) =>
  it.live(name, ({ skip }) => {
    skip(reason !== undefined, reason)
    return Effect.flatMap(folder, test).pipe(Effect.scoped, Effect.provide(SimulatorServer.layer()))
  })

describe.concurrent("in a Cloudflare Workflow", { timeout: 90_000 }, () => {
  beforeAll(async () => {
    reason = await Workerd.whyNot()
    script = await Workerd.script("../workflow.ts")
  }, 60_000)

  inWorkerd("an instance has the operation for its output once it has completed", (folder) =>
    Effect.gen(function*() {
      const { begin, end } = yield* worker(folder)
      const id = yield* starting({ duration: "2 seconds" })
      yield* begin(id)
      assert.deepInclude(yield* end(id), { status: "complete", output: { id, status: "completed" } })
    }))

  inWorkerd("it has Cloudflare's text for its error where the operation failed", (folder) =>
    Effect.gen(function*() {
      const { begin, end } = yield* worker(folder)
      const id = yield* starting({ duration: "1 second", outcome: OperationPlan.failed("The list is full") })
      yield* begin(id)
      const { error, status } = yield* end(id)
      assert.deepStrictEqual([status, error?.message], [
        "errored",
        `BulkOperationFailed: Bulk operation ${id} failed: The list is full`
      ])
    }))

  inWorkerd("it times out with what is needed to wait again", (folder) =>
    Effect.gen(function*() {
      const { begin, end } = yield* worker(folder, { BULK_OPERATIONS_TIMEOUT: "2 seconds" })
      const id = yield* starting({ duration: "Infinity" })
      yield* begin(id)
      const { error } = yield* end(id)
      assert.match(
        error?.message ?? "",
        /^PollTimeout: .* did not end within 2s \(\d+ polls?, last seen .*\)\. To resume, wait again with startedAt \d{4}-/
      )
    }))

  inWorkerd("transient errors fail no step of it", (folder) =>
    Effect.gen(function*() {
      const { begin, end } = yield* worker(folder)
      const id = yield* starting({ duration: "1 second" })
      const simulator = yield* Simulator.Simulator
      yield* simulator.inject(Fault.htmlError(502), { times: 1 })
      yield* simulator.inject(Fault.reset("before"), { times: 1 })
      yield* begin(id)
      assert.deepInclude(yield* end(id), { status: "complete" })
      const faults = (yield* simulator.requests).flatMap(({ faults }) => faults.map(({ _tag }) => _tag))
      assert.sameMembers(faults, ["HtmlError", "Reset"])
    }))

  inWorkerd(
    "it goes on in another Worker, and makes no poll again that was answered",
    (folder) =>
      Effect.gen(function*() {
        const variables = { BULK_OPERATIONS_TIMEOUT: "10 seconds" }
        const id = yield* starting({ duration: "Infinity" })
        const begun = Effect.gen(function*() {
          const { begin } = yield* worker(folder, variables)
          yield* begin(id)
          yield* pollsOf(id).pipe(
            Effect.repeat({ schedule: Schedule.spaced("20 millis"), until: (polls) => polls >= 3 })
          )
        })
        yield* Effect.scoped(begun)
        const { begin, end } = yield* worker(folder, variables)
        // Locally nobody wakes an instance: it is begun anew with the same id, and goes on.
        yield* begin(id)
        const polls = Number((yield* end(id)).error?.message.match(/\((\d+) polls/)?.[1])
        assert.isAtLeast(polls, 4)
        // One may have been cut off before its answer.
        assert.include([polls, polls + 1], yield* pollsOf(id))
      })
  )
})
