import { BulkOperation, CloudflareApi, RequestBudget } from "@bulk-operations/core"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, Fiber, Layer, Logger, Metric, Option, References, Schedule, Tracer } from "effect"
import { Headers, HttpClient, HttpClientResponse } from "effect/http"
import { TestClock } from "effect/testing"
import * as Observers from "../../src/internal/observers.ts"
import * as Scripted from "../Scripted.ts"

const { everySecond, Poller, tracing } = Scripted

const broken = (): never => {
  throw new Error("an observer broke")
}

const breaking = (method: "attribute" | "end" | "event" | "addLinks") => {
  const { tracer } = tracing((span) => {
    span[method] = broken
  })
  return Layer.succeed(Tracer.Tracer, tracer)
}

class BrokenRegistry extends Map<string, never> {
  override get = broken
}

// A Cloudflare that is down for a while and then says that the operation has completed, at an odd time.
const client = () => {
  let requests = 0
  return HttpClient.make((request) =>
    Effect.sync(() => {
      requests += 1
      if (requests <= 20) return HttpClientResponse.fromWeb(request, new Response("no", { status: 502 }))
      const result = requests === 21
        ? { id: "op", status: "running" }
        : { id: "op", status: "completed", completed: "?" }
      return Scripted.answer(request, result)
    })
  )
}

const guarded = <A>(observer: Layer.Layer<never>, effect: Effect.Effect<A>) =>
  Effect.updateContext(effect, Observers.guard).pipe(Effect.provide(observer))

describe("an observer of the poller that throws harms no wait:", () => {
  for (
    const [name, observer] of [
      ["a logger", Layer.merge(Logger.layer([Logger.make(broken)]), Layer.succeed(References.MinimumLogLevel, "All"))],
      ["a tracer", Layer.succeed(Tracer.Tracer, Tracer.make({ span: broken }))],
      ["a tracer, at the end of a span", breaking("end")],
      ["a tracer, at an attribute", breaking("attribute")],
      ["a tracer, at an event", Layer.merge(breaking("event"), Layer.succeed(References.MinimumLogLevel, "All"))],
      ["a registry of metrics", Layer.succeed(Metric.MetricRegistry, new BrokenRegistry())],
      ["an observer of answers", Layer.succeed(CloudflareApi.AnswerObserver, broken)],
      ["an observer of answers that dies", Layer.succeed(CloudflareApi.AnswerObserver, () => Effect.sync(broken))]
    ] as const
  ) {
    it.effect(name, () =>
      Effect.gen(function*() {
        const { wait } = yield* Poller
        const transientSchedule = Schedule.spaced("1 second")
        const fibers = yield* Effect.forEach(
          [1, 2],
          () => Effect.forkChild(Effect.exit(wait("op", { schedule: everySecond, transientSchedule })))
        )
        yield* TestClock.adjust("1 minute")
        for (const exit of yield* Effect.forEach(fibers, Fiber.join)) assert.isTrue(Exit.isSuccess(exit), String(exit))
      }).pipe(Effect.provide(Layer.provide(Scripted.overHttp(client()), observer))))
  }

  it.effect("a tracer, at a link that a transport adds", () =>
    guarded(breaking("addLinks"), Effect.useSpan("a poll", (span) => Effect.sync(() => span.addLinks([])))))

  it.effect("a registry of metrics, when the overdue gauge is set", () =>
    Effect.gen(function*() {
      // The budget lets a poll through every two seconds.
      const get = Effect.fnUntraced(function*(operationId: string) {
        const { admitted, delayed } = yield* RequestBudget.CurrentClaim
        yield* delayed
        yield* Effect.sleep("2 seconds")
        yield* admitted
        return BulkOperation.Completed.make({
          id: BulkOperation.OperationId.make(operationId),
          completed: Option.none()
        })
      })
      const layer = Layer.provide(
        Scripted.getting(get),
        Layer.succeed(Metric.MetricRegistry, new BrokenRegistry())
      )
      const [exit, at] = yield* Scripted.within(
        Effect.provide(Poller.use((poller) => poller.waitAll(["a", "b", "c", "d"])), layer)
      )
      assert.isTrue(Exit.isSuccess(exit), String(exit))
      assert.approximately(at, 8000, 10)
    }))
})

describe("an observer of the poller that works is passed everything:", () => {
  it.effect("each logger receives every message of its level", () =>
    Effect.gen(function*() {
      const seen: Array<unknown> = []
      const loggers = ["one", "two"].map((name) => Logger.make(({ message }) => seen.push([name, message])))
      yield* guarded(Logger.layer(loggers), Effect.andThen(Effect.logWarning("loud"), Effect.logDebug("quiet")))
      assert.deepStrictEqual(seen, [["one", ["loud"]], ["two", ["loud"]]])
    }))

  it.effect("a tracer receives its own spans, with attributes, events and links", () =>
    Effect.gen(function*() {
      const { spans, tracer } = tracing()
      const links: Array<unknown> = []
      const seen = yield* guarded(
        Layer.succeed(Tracer.Tracer, tracer),
        Effect.useSpan("a poll", (span) =>
          Effect.sync(() => {
            const other = Tracer.externalSpan({ spanId: "1", traceId: "1" })
            span.attribute("key", "value")
            span.event("event", 1n)
            span.addLinks([{ span: other, attributes: {} }])
            links.push(...span.links.map(({ span }) => span.spanId))
            return span
          }))
      )
      assert.strictEqual(seen, spans[0])
      assert.strictEqual(seen.attributes.get("key"), "value")
      assert.strictEqual(seen.status._tag, "Ended")
      assert.deepStrictEqual(spans[0]?.events.map(([name]) => name), ["event"])
      assert.deepStrictEqual(links, ["1"])
    }))

  it.effect("a tracer receives every step if it asks for them", () =>
    Effect.gen(function*() {
      let steps = 0
      const tracer: Tracer.Tracer = {
        span: (options) => new Tracer.NativeSpan(options),
        context: (primitive, fiber) => {
          steps += 1
          return primitive["~effect/Effect/evaluate"](fiber)
        }
      }
      yield* guarded(Layer.succeed(Tracer.Tracer, tracer), Effect.withSpan(Effect.yieldNow, "a poll"))
      assert.isAbove(steps, 0)
    }))

  it("no tracer is added if there is none", () => {
    assert.isFalse(Observers.guard(Context.empty()).mapUnsafe.has(Tracer.Tracer.key))
  })

  it.effect("an observer of answers receives each answer", () =>
    Effect.gen(function*() {
      const seen: Array<number> = []
      const observer = Layer.succeed(CloudflareApi.AnswerObserver, ({ status }) => Effect.sync(() => seen.push(status)))
      yield* guarded(
        observer,
        Effect.flatMap(CloudflareApi.AnswerObserver, (observe) => observe({ status: 200, headers: Headers.empty }))
      )
      assert.deepStrictEqual(seen, [200])
    }))
})
