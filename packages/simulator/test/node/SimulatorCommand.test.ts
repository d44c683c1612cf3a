import { Simulator } from "@bulk-operations/simulator"
import { SimulatorCommand } from "@bulk-operations/simulator/node"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Logger, Result } from "effect"
import { CliOutput, Command } from "effect/cli"
import { FetchHttpClient, HttpClient, HttpClientRequest, type HttpMethod } from "effect/http"
import { TestClock, TestConsole } from "effect/testing"

// What is wrong with a flag is looked at without the help around it.
const Quiet = CliOutput.layerPresenter({ present: () => Effect.void })

const provided = Effect.provide(Layer.mergeAll(NodeServices.layer, FetchHttpClient.layer, TestConsole.layer, Quiet))

const run = Command.runWith(SimulatorCommand.make("simulate"), { version: "1.2.3" })

/** The program under way, and what it has printed. */
const start = Effect.fnUntraced(function*(...flags: ReadonlyArray<string>) {
  const before = (yield* TestConsole.logLines).length
  const fiber = yield* Effect.forkChild(run(flags))
  const turn = Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
  const lines = yield* Effect.repeat(Effect.andThen(turn, TestConsole.logLines), {
    until: (lines) => lines.length > before || fiber.pollUnsafe() !== undefined
  })
  const text = lines.slice(before).join("\n")
  const value = (name: string) => new RegExp(`^export ${name}=(.*)$`, "m").exec(text)?.[1] ?? ""
  return { fiber, text, baseUrl: value("CLOUDFLARE_BASE_URL"), token: value("CLOUDFLARE_API_TOKEN") }
})

interface Asked {
  readonly method?: HttpMethod.HttpMethod
  readonly body?: string
  readonly token?: string
}

const ask = Effect.fnUntraced(function*(url: string, { body, method = "GET", token = "any-token" }: Asked = {}) {
  const request = HttpClientRequest.make(method)(url, { headers: { authorization: `Bearer ${token}` } })
  const sent = body === undefined ? request : HttpClientRequest.bodyText(request, body)
  const response = yield* HttpClient.execute(sent)
  return { status: response.status, headers: response.headers, text: yield* response.text }
})

const lists = (baseUrl: string, account: string = Simulator.accountId) => `${baseUrl}/accounts/${account}/rules/lists`

const control = (baseUrl: string) => baseUrl.replace("/client/v4", "/simulator")

/** The status of an operation. */
const operation = Effect.fnUntraced(function*(baseUrl: string, id = "one") {
  const { text } = yield* ask(`${lists(baseUrl)}/bulk_operations/${id}`)
  return text
})

const startOperation = (baseUrl: string) =>
  ask(`${control(baseUrl)}/operations`, { method: "POST", body: `{"id":"one"}` })

const ray = Effect.fnUntraced(function*(...flags: ReadonlyArray<string>) {
  const { baseUrl, fiber } = yield* start(...flags)
  const { headers } = yield* ask(lists(baseUrl))
  yield* Fiber.interrupt(fiber)
  return headers["cf-ray"]
})

describe("the simulator as a program", () => {
  it.effect("prints what a client needs, and where the control API is", () =>
    Effect.gen(function*() {
      const { baseUrl, text } = yield* start()
      assert.match(baseUrl, /^http:\/\/127\.0\.0\.1:\d+\/client\/v4$/)
      assert.strictEqual(
        text,
        `A Cloudflare Lists API is listening. Point a client at it:\n\n` +
          `export CLOUDFLARE_BASE_URL=${baseUrl}\n` +
          `export CLOUDFLARE_API_TOKEN=any-token\n` +
          `export CLOUDFLARE_ACCOUNT_ID=${Simulator.accountId}\n\n` +
          `To control it: curl ${control(baseUrl)}\nStop it: Ctrl-C`
      )
      const answer = yield* ask(lists(baseUrl))
      assert.strictEqual(answer.status, 200)
      assert.strictEqual(answer.headers["ratelimit-policy"], `"default";q=1200;w=300`)
      assert.notProperty(answer.headers, "access-control-allow-origin")
      assert.strictEqual((yield* ask(lists(baseUrl, "short"))).status, 404)
      assert.strictEqual((yield* ask(control(baseUrl))).status, 200)
    }).pipe(provided))

  it.effect("has operations of 3 seconds by default, half a second of them pending", () =>
    Effect.gen(function*() {
      const { baseUrl } = yield* start()
      yield* startOperation(baseUrl)
      yield* TestClock.adjust("499 millis")
      assert.include(yield* operation(baseUrl), `"pending"`)
      yield* TestClock.adjust("2500 millis")
      assert.include(yield* operation(baseUrl), `"running"`)
      yield* TestClock.adjust("1 millis")
      assert.include(yield* operation(baseUrl), `"completed"`)
    }).pipe(provided))

  it.effect("has operations as long as the flags say, with their outcome", () =>
    Effect.gen(function*() {
      const { baseUrl } = yield* start("--duration", "10s", "--pending-for", "2 seconds", "--fail", "list is full")
      yield* startOperation(baseUrl)
      yield* TestClock.adjust("1999 millis")
      assert.include(yield* operation(baseUrl), `"pending"`)
      yield* TestClock.adjust("8 seconds")
      assert.include(yield* operation(baseUrl), `"running"`)
      yield* TestClock.adjust("1 millis")
      assert.include(yield* operation(baseUrl), `"error":"list is full"`)
    }).pipe(provided))

  it.effect("can show items late, and accept several pending operations", () =>
    Effect.gen(function*() {
      const { baseUrl } = yield* start("--duration", "0s", "--readable-after", "1m", "--pending-operations", "2")
      yield* ask(`${control(baseUrl)}/lists`, { method: "POST", body: `{"id":"a-list","name":"blocked","kind":"ip"}` })
      yield* ask(`${control(baseUrl)}/operations`, { method: "POST", body: `{"duration":"Infinity"}` })
      const items = `${lists(baseUrl)}/a-list/items`
      assert.strictEqual((yield* ask(items, { method: "PUT", body: `[{"ip":"192.0.2.1"}]` })).status, 200)
      assert.notInclude((yield* ask(items)).text, "192.0.2.1")
      yield* TestClock.adjust("1 minute")
      assert.include((yield* ask(items)).text, "192.0.2.1")
    }).pipe(provided))

  it.effect("accepts only the tokens that it is given, and prints the first of them", () =>
    Effect.gen(function*() {
      const { baseUrl, token } = yield* start("--token", "aZ0-._~+/=", "--token", "two")
      assert.strictEqual(token, "aZ0-._~+/=")
      const statuses = yield* Effect.forEach(["aZ0-._~+/=", "two", "three"], (token) => ask(lists(baseUrl), { token }))
      assert.deepStrictEqual(statuses.map(({ status }) => status), [200, 200, 401])
    }).pipe(provided))

  it.effect("injects the faults that it is given, by name or as JSON", () =>
    Effect.gen(function*() {
      const { baseUrl } = yield* start(
        "--fault",
        `{"fault":"htmlError","status":503,"times":1}`,
        "--fault",
        "forbidden"
      )
      const statuses = yield* Effect.forEach([1, 2, 3], () => ask(lists(baseUrl)))
      assert.deepStrictEqual(statuses.map(({ status }) => status), [503, 403, 403])
    }).pipe(provided))

  it.effect("can be without a limit on requests, for any account, and for web pages", () =>
    Effect.gen(function*() {
      const { baseUrl } = yield* start("--no-request-limit", "--any-account-id", "--cors")
      const { headers, status } = yield* ask(lists(baseUrl, "short"))
      assert.strictEqual(status, 200)
      assert.notProperty(headers, "ratelimit")
      assert.strictEqual(headers["access-control-allow-origin"], "*")
    }).pipe(provided))

  it.effect("gives the same answers for the same seed", () =>
    Effect.gen(function*() {
      const one = yield* ray("--seed", "one")
      assert.strictEqual(yield* ray("--seed", "one"), one)
      assert.notStrictEqual(yield* ray("--seed", "two"), one)
      assert.strictEqual(yield* ray(), yield* ray("--seed", "simulator"))
    }).pipe(provided))

  it.effect("listens on an address that others can reach only with --allow-remote", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(run(["--host", "0.0.0.0"]))
      assert.strictEqual(error._tag, "CannotStart")
      const message = "Other machines can reach 0.0.0.0, and any credential is accepted. " +
        "Leave out --host, or add --allow-remote if that is intended."
      assert.deepStrictEqual(yield* TestConsole.errorLines, [message])
      const { baseUrl } = yield* start("--host", "0.0.0.0", "--allow-remote")
      assert.strictEqual((yield* ask(lists(baseUrl))).status, 200)
    }).pipe(provided))

  it.effect("says where it cannot listen, and what to do", () =>
    Effect.gen(function*() {
      const { baseUrl } = yield* start()
      const { port } = new URL(baseUrl)
      yield* Effect.flip(run(["-p", port]))
      yield* Effect.flip(run(["--host", "192.0.2.1", "--allow-remote"]))
      const [taken, elsewhere] = yield* TestConsole.errorLines
      assert.match(String(taken), /EADDRINUSE.* Leave out --port to get one that is free\.$/)
      assert.match(String(taken), new RegExp(`^Cannot listen on 127.0.0.1, port ${port}: `))
      assert.match(
        String(elsewhere),
        /^Cannot listen on 192\.0\.2\.1, port 0: .* Is --host an address of this machine\?$/
      )
    }).pipe(provided))

  it.effect("accepts the lowest and the highest value of a flag", () =>
    Effect.gen(function*() {
      const { text } = yield* start("--port", "0", "--pending-operations", "1")
      assert.include(text, "export CLOUDFLARE_BASE_URL=")
      const error = yield* Effect.flip(run(["--port", "65535", "--host", "192.0.2.1", "--allow-remote"]))
      assert.strictEqual(error._tag, "CannotStart")
    }).pipe(provided))

  it.effect("logs requests with --log, and none otherwise", () =>
    Effect.gen(function*() {
      const lines: Array<string> = []
      const logger = Logger.make(({ message }) => {
        lines.push(String(message))
      })
      const asked = (...flags: ReadonlyArray<string>) =>
        Effect.flatMap(start(...flags), ({ baseUrl }) => ask(lists(baseUrl))).pipe(
          Effect.provide(Logger.layer([logger]))
        )
      yield* asked()
      assert.deepStrictEqual(lines, [])
      yield* asked("--log")
      assert.deepStrictEqual(lines, [`GET /client/v4/accounts/${Simulator.accountId}/rules/lists 200`])
    }).pipe(provided))

  it.effect("says what is wrong with a flag", () =>
    Effect.gen(function*() {
      const cases = [
        [["--port", "65536"], "Expected a port from 0 to 65535, got 65536"],
        [["--port=-1"], "Expected a port from 0 to 65535, got -1"],
        [["--duration", "soon"], `Expected a duration such as 30s, 1h30m, "2 hours" or Infinity, got "soon"`],
        [["--pending-for=-3s"], "Expected a duration that is not negative"],
        [["--fault", "nonsense"], "Expected a fault: one of latency"],
        [["--fault", "htmlError"], `Expected a fault htmlError: Missing key at ["status"]`],
        [["--fault", "{bad"], "Expected JSON, as it begins like it"],
        [["--pending-operations", "0"], "Expected 1 or more, got 0"],
        [["--token", ""], "Expected letters, digits and -._~+/=, as bearer tokens have them"],
        [["--token", "good", "--token", "a b"], "Expected letters, digits and -._~+/=, as bearer tokens have them"]
      ] as const
      for (const [flags, expected] of cases) {
        const result = yield* Effect.result(run(flags))
        const error = Result.isFailure(result) ? result.failure : assert.fail("it was started")
        const told = error._tag === "ShowHelp" ? error.errors.map(({ message }) => message).join("\n") : error._tag
        assert.include(told, expected)
      }
    }).pipe(provided))

  it.effect("describes each of its flags, with examples", () =>
    Effect.gen(function*() {
      yield* run(["--help"]).pipe(
        Effect.provide(CliOutput.layerPresenter(CliOutput.defaultPresenter))
      )
      const help = (yield* TestConsole.logLines).join("\n")
      for (
        const text of [
          "A Cloudflare Lists API for tests and demos: lists, items, bulk operations,",
          "Port to listen on. Default: a free one",
          "Address to listen on. Default: 127.0.0.1",
          "Allow a --host that other machines can reach",
          "--duration duration",
          "How long operations take. Default: 3s",
          "Default: 500ms",
          "Delay until items can be read. Default: 0s",
          "--fail text",
          "Operations fail with this text",
          "--fault fault",
          "A fault for requests, by name or JSON. Repeatable",
          "The same seed and requests give the same answers",
          "An API token to accept. Repeatable. Default: any",
          "1,200 requests in 5 min, or --no-request-limit",
          "Pending operations of an account. Default: 1",
          "Accept account ids of any length",
          "Let web pages of any origin call it",
          "Log each request with the status of its answer",
          "simulate --port 8700 --duration 10s",
          "Operations take ten seconds",
          `simulate --fault '{"fault":"reset","probability":0.1}'`,
          "One request in ten loses its connection"
        ]
      ) assert.include(help, text)
    }).pipe(provided))
})
