import { CloudflareApi } from "@bulk-operations/core"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Schedule, Schema, Stream } from "effect"
import { FetchHttpClient, HttpClient, HttpClientRequest } from "effect/http"
import { TestClock } from "effect/testing"
import type { Socket } from "node:net"
import { gzipSync } from "node:zlib"
import * as Client from "../Client.ts"
import * as LoopbackServer from "../LoopbackServer.ts"

const mebibyte = 1024 * 1024
const blanks = Buffer.alloc(mebibyte, " ")
const size = 50 * mebibyte
// A gzip file may be many in a row: 1 GiB of blanks in 1 MiB.
const bomb = Buffer.alloc(1024 * gzipSync(blanks).length, gzipSync(blanks))

// As fast as the client reads.
const pour = (socket: Socket) => {
  let left = size
  const more = () => {
    while (left > 0 && !socket.destroyed) {
      left -= blanks.length
      if (!socket.write(blanks)) return
    }
  }
  socket.on("drain", more)
  more()
}

const endless: ReadonlyArray<readonly [string, LoopbackServer.Answer]> = [
  ["with a length", (response, socket) => {
    response.writeHead(200, { "content-length": size }).flushHeaders()
    pour(socket)
  }],
  ["in chunks", (response, socket) => {
    response.writeHead(200, { "transfer-encoding": "chunked" }).flushHeaders()
    socket.write(`${size.toString(16)}\r\n`)
    pour(socket)
  }],
  ["until the connection closes", (_, socket) => {
    socket.write("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n")
    pour(socket)
  }],
  ["behind a whole answer", (response, socket) => {
    response.writeHead(200, { "content-length": size + JSON.stringify(Client.answered).length }).flushHeaders()
    socket.write(JSON.stringify(Client.answered))
    pour(socket)
  }]
]

// How much memory the process gained at most while the effect ran.
const memoryFor = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const before = process.memoryUsage.rss()
    let most = before
    const measure = Effect.sync(() => {
      most = Math.max(most, process.memoryUsage.rss())
    })
    yield* Effect.raceFirst(effect, Effect.repeat(measure, Schedule.spaced("1 millis")))
    return most - before
  })

describe.each(Client.transports)("over %s", (_, transport) => {
  const serving = Client.serving(transport)

  it.live.each(endless)(
    "a body of 50 MB %s is not read to its end: a typed error, the connection closed, memory bounded",
    ([, answer]) =>
      Effect.gen(function*() {
        let written = 0
        const { fail, server } = yield* serving((response, socket) => {
          socket.once("close", () => {
            written = socket.bytesWritten
          })
          answer(response, socket)
        })
        const memory = yield* memoryFor(Effect.gen(function*() {
          const { message, reason } = yield* fail(Client.ask)
          assert.strictEqual(reason._tag, "UnexpectedResponse")
          assert.include(message, "longer than the 16 MiB that this library reads")
        }))
        assert.isBelow(memory, 120 * mebibyte)
        const { disconnected } = yield* server.arrival(0)
        yield* disconnected
        assert.isBelow(written, 40 * mebibyte)
      })
  )

  it.live("an error with an endless body is recognised by its status", () =>
    Effect.gen(function*() {
      const { fail } = yield* serving((response, socket) => {
        response.writeHead(503, { "content-length": size, "retry-after": "7" }).flushHeaders()
        pour(socket)
      })
      const { message, reason } = yield* fail(Client.ask)
      assert.strictEqual(reason._tag, "ServerError")
      assert.include(message, "longer than the 16 MiB that this library reads")
      assert.include(message, "Try again in 7s.")
    }))

  it.live("a body of exactly 16 MiB is read", () =>
    Effect.gen(function*() {
      const body = JSON.stringify(Client.answered).padEnd(16 * mebibyte)
      const { fail, run } = yield* serving(
        LoopbackServer.text(body),
        LoopbackServer.chunked(body),
        LoopbackServer.chunked(`${body} `)
      )
      assert.deepStrictEqual(yield* run(Client.ask), { answer: 42 })
      assert.deepStrictEqual(yield* run(Client.ask), { answer: 42 })
      assert.strictEqual((yield* fail(Client.ask)).reason._tag, "UnexpectedResponse")
    }))

  it.live("a character may be cut in two by chunks", () =>
    Effect.gen(function*() {
      const body = Buffer.from(JSON.stringify(Client.success("😀")))
      const middle = body.indexOf("😀") + 2
      const { run } = yield* serving((response) => {
        response.write(body.subarray(0, middle))
        setTimeout(() => response.end(body.subarray(middle)), 30)
      })
      const text = CloudflareApi.CloudflareApi.use((api) => api.request(Client.request, Schema.String))
      assert.strictEqual(yield* run(text), "😀")
    }))

  it.live("the connection is kept for the next request, after errors too", () =>
    Effect.gen(function*() {
      const answers = [
        LoopbackServer.json(Client.answered),
        LoopbackServer.chunked(JSON.stringify(Client.answered)),
        LoopbackServer.json(Client.failure({ code: 10001, message: "not found" }), { status: 404 }),
        LoopbackServer.chunked("bad gateway", { status: 502 })
      ]
      const { run, server } = yield* serving((response, socket) => {
        answers[(server.received.length - 1) % answers.length]?.(response, socket)
      })
      for (let call = 0; call < 20; call++) yield* Effect.exit(run(Client.ask))
      // The transports may open a second one while the first is still busy with the end of an answer.
      assert.isAtMost(new Set(server.received.map(({ connection }) => connection)).size, 2)
      assert.strictEqual(server.received.length, 20)
    }))
})

describe("over undici, which does not decompress", () => {
  const serving = Client.serving(NodeHttpClient.layerUndici)
  const body = gzipSync(JSON.stringify(Client.answered))
  const gzip = { "content-encoding": "gzip" }

  it.live("an encoded body is refused with its encoding and a client that decodes it", () =>
    Effect.gen(function*() {
      const { fail } = yield* serving(
        LoopbackServer.text(body, { headers: gzip }),
        LoopbackServer.chunked(body, { headers: gzip }),
        LoopbackServer.text(body, { status: 502, headers: gzip })
      )
      for (const tag of ["UnexpectedResponse", "UnexpectedResponse", "ServerError"]) {
        const { message, reason } = yield* fail(Client.ask)
        assert.strictEqual<string>(reason._tag, tag)
        assert.include(
          message,
          "the answer is encoded (content-encoding: gzip), which this HttpClient does not decode; FetchHttpClient does"
        )
      }
    }))

  it.live("a body with content-encoding identity is read", () =>
    Effect.gen(function*() {
      const identity = { headers: { "content-encoding": "identity" } }
      const { run } = yield* serving(
        LoopbackServer.json(Client.answered, identity),
        LoopbackServer.chunked(JSON.stringify(Client.answered), identity)
      )
      assert.deepStrictEqual(yield* run(Client.ask), { answer: 42 })
      assert.deepStrictEqual(yield* run(Client.ask), { answer: 42 })
    }))
})

// As RFC 9110 has it: without a word about it, any encoding will do.
const encodedWhereAllowed: LoopbackServer.Answer = (response, socket) => {
  const accepted = String(response.req.headers["accept-encoding"] ?? "*")
  const answer = /gzip|\*/.test(accepted)
    ? LoopbackServer.text(gzipSync(JSON.stringify(Client.answered)), { headers: { "content-encoding": "gzip" } })
    : LoopbackServer.json(Client.answered)
  answer(response, socket)
}

describe.each(Client.transports)("over %s, a server that encodes where it may", (_, transport) => {
  it.live("is asked not to encode, so that every transport can read its answer", () =>
    Effect.gen(function*() {
      const { run, server } = yield* Client.serving(transport)(encodedWhereAllowed)
      assert.deepStrictEqual(yield* run(Client.ask), { answer: 42 })
      assert.strictEqual(server.received[0]?.headers["accept-encoding"], "identity")
    }))

  it.live("may encode if the request itself allows it", () =>
    Effect.gen(function*() {
      const { run, server } = yield* Client.serving(transport)(LoopbackServer.json(Client.answered))
      const request = HttpClientRequest.setHeader(Client.request, "Accept-Encoding", "br")
      yield* run(CloudflareApi.CloudflareApi.use((api) => api.request(request, Schema.Unknown)))
      assert.strictEqual(server.received[0]?.headers["accept-encoding"], "br")
    }))
})

// What the application does to each answer before this library sees it.
const servingThrough = (change: (response: Response) => Response | Promise<Response>) =>
  Client.serving(FetchHttpClient.layer.pipe(Layer.provide(
    Layer.succeed(FetchHttpClient.Fetch, (...request) => fetch(...request).then(change))
  )))

describe("over fetch, which decompresses", () => {
  const serving = Client.serving(FetchHttpClient.layer)

  it.live(
    "a gzip bomb is not decompressed to its end: a typed error, the connection closed, memory bounded",
    () =>
      Effect.gen(function*() {
        const { fail, server } = yield* serving(LoopbackServer.text(bomb, { headers: { "content-encoding": "gzip" } }))
        const memory = yield* memoryFor(Effect.gen(function*() {
          const { message, reason } = yield* fail(Client.ask)
          assert.strictEqual(reason._tag, "UnexpectedResponse")
          assert.include(message, "longer than the 16 MiB that this library reads")
        }))
        assert.isBelow(memory, 120 * mebibyte)
        const { disconnected } = yield* server.arrival(0)
        yield* disconnected
      })
  )

  const whole = [
    ["with a length", LoopbackServer.json(Client.answered)],
    ["in chunks", LoopbackServer.chunked(JSON.stringify(Client.answered))]
  ] as const

  it.live.each(whole)(
    "a body that the application's client has already read is read again: %s",
    ([, answer]) =>
      Effect.gen(function*() {
        const texts: Array<string> = []
        const tapped = Layer.effect(
          HttpClient.HttpClient,
          Effect.map(HttpClient.HttpClient, HttpClient.tap(({ text }) => Effect.map(text, (text) => texts.push(text))))
        ).pipe(Layer.provide(FetchHttpClient.layer))
        const { run } = yield* Client.serving(tapped)(answer)
        assert.deepStrictEqual(yield* run(Client.ask), { answer: 42 })
        assert.deepStrictEqual(texts, [JSON.stringify(Client.answered)])
      })
  )

  it.live("a body that is not a web stream is read as text", () =>
    Effect.gen(function*() {
      const { run } = yield* servingThrough((response) =>
        new Proxy(response, {
          get: (target, key) => {
            const value: unknown = Reflect.get(target, key, target)
            return key === "body" ? undefined : typeof value === "function" ? value.bind(target) : value
          }
        })
      )(LoopbackServer.json(Client.answered))
      assert.deepStrictEqual(yield* run(Client.ask), { answer: 42 })
    }))

  it.effect("an unread clone of the answer does not delay a timeout or an interruption", () =>
    Effect.gen(function*() {
      const clones: Array<Response> = []
      const { fail, run } = yield* servingThrough((response) => {
        clones.push(response.clone())
        return response
      })((response) => response.writeHead(200, { "content-length": 100 }).write("{"))
      const cloned = (count: number) =>
        TestClock.withLive(Effect.repeat(Effect.sleep("1 millis"), { until: () => clones.length === count }))
      const late = yield* Effect.forkChild(fail(Client.ask))
      yield* cloned(1)
      yield* TestClock.adjust("30 seconds")
      assert.strictEqual((yield* Fiber.join(late)).reason._tag, "Timeout")
      const interrupted = yield* Effect.forkChild(run(Client.ask))
      yield* cloned(2)
      yield* Fiber.interrupt(interrupted)
    }))

  it.live("an upload stops when its answer is abandoned", () =>
    Effect.gen(function*() {
      let sent = 0
      const endless = Stream.forever(Stream.fromEffect(Effect.delay(
        Effect.sync(() => {
          sent += 1
          return new Uint8Array(10)
        }),
        "5 millis"
      )))
      const { fail } = yield* Client.serving(FetchHttpClient.layer)((response) =>
        response.writeHead(200, { "content-length": 100 }).write("{")
      )
      const upload = CloudflareApi.CloudflareApi.use((api) =>
        api.request(HttpClientRequest.bodyStream(HttpClientRequest.post("/upload"), endless), Schema.Unknown)
      ).pipe(
        Effect.updateService(
          CloudflareApi.RequestPolicy,
          (policy): CloudflareApi.Policy => ({ ...policy, timeout: "100 millis" })
        )
      )
      assert.strictEqual((yield* fail(upload)).reason._tag, "Timeout")
      const before = sent
      assert.isAbove(before, 0)
      yield* Effect.sleep("50 millis")
      assert.isAtMost(sent, before + 1)
    }))

  it.live("a compressed body is read", () =>
    Effect.gen(function*() {
      const body = gzipSync(JSON.stringify(Client.answered))
      const { run } = yield* serving(LoopbackServer.text(body, { headers: { "content-encoding": "gzip" } }))
      assert.deepStrictEqual(yield* run(Client.ask), { answer: 42 })
    }))
})
