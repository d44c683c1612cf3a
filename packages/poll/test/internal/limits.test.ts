import { BulkOperations, CloudflareApi, Credentials } from "@bulk-operations/core"
import { BulkOperationPoller, PollSchedule } from "@bulk-operations/poll"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Fiber, Layer, Redacted } from "effect"
import { HttpClient, HttpClientResponse } from "effect/http"
import { TestClock } from "effect/testing"

// When a wait looks whose answers have these headers, in seconds, for a minute.
const looksWith = Effect.fnUntraced(function*(headers: Readonly<Record<string, string>>, waits = 1) {
  const looks: Array<number> = []
  const transport = HttpClient.make((request) =>
    Effect.map(Clock.currentTimeMillis, (now) => {
      looks.push(now / 1000)
      const id = request.url.split("/").at(-1)
      const body = { success: true, errors: [], messages: [], result: { id, status: "running" } }
      return HttpClientResponse.fromWeb(request, Response.json(body, { headers }))
    })
  )
  const layer = BulkOperationPoller.layer.pipe(
    Layer.provide(BulkOperations.layer),
    Layer.provide(
      CloudflareApi.layer({ credentials: Credentials.apiToken(Redacted.make("token")), accountId: "account" })
    ),
    Layer.provide(Layer.succeed(HttpClient.HttpClient, transport))
  )
  const run = Effect.gen(function*() {
    const poller = yield* BulkOperationPoller.BulkOperationPoller
    const ids = Array.from({ length: waits }, (_, index) => `op-${index}`)
    const fiber = yield* Effect.forkChild(poller.waitAll(ids, { schedule: PollSchedule.spaced("1 second") }))
    yield* TestClock.adjust("1 minute")
    yield* Fiber.interrupt(fiber)
  })
  yield* Effect.provide(run, layer)
  return looks
})

describe("the limits in an answer", () => {
  it.effect("a tighter policy is kept to, less the share of others", () =>
    Effect.gen(function*() {
      const looks = yield* looksWith({ "ratelimit-policy": "\"burst\";q=60;w=60, \"default\";q=1200;w=300" }, 20)
      // 0.8 looks a second and what the bucket holds; the first twenty are made before any answer is read.
      assert.isAtMost(looks.length, 20 + 0.8 * 60 + 24)
      assert.isAtLeast(looks.length, 0.8 * 60)
    }))

  it.effect("when only the share of others is left, looks pause until the reset", () =>
    Effect.gen(function*() {
      const looks = yield* looksWith({
        "ratelimit": "\"default\";r=100;t=20",
        "ratelimit-policy": "\"default\";q=1200;w=300"
      })
      assert.deepStrictEqual(looks, [0, 21, 42])
    }))

  it.effect("a header that cannot be read changes nothing", () =>
    Effect.gen(function*() {
      const looks = yield* looksWith({ "ratelimit": "soon", "ratelimit-policy": "\"x\";q=;w=-1" })
      assert.lengthOf(looks, 61)
    }))
})
