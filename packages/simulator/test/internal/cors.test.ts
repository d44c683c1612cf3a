import { Fault, Simulator } from "@bulk-operations/simulator"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Struct } from "effect"
import * as Api from "../Api.ts"

const memory = (options?: Simulator.Options) => Effect.provide(Simulator.layerHttpClient(options))

const allowed = ["access-control-allow-origin", "access-control-expose-headers"] as const

const asked = {
  origin: "https://app.example",
  "access-control-request-method": "PUT",
  "access-control-request-headers": "authorization,content-type"
}

describe("a page of another origin", () => {
  it.effect("may call the simulator if cors is on, and read answers and errors", () =>
    Effect.gen(function*() {
      yield* (yield* Simulator.Simulator).inject(Fault.htmlError(502), { times: 1 })
      for (const expected of [502, 200]) {
        const { headers, status } = yield* Api.request("GET", Api.lists)
        assert.strictEqual(status, expected)
        assert.deepStrictEqual(Struct.pick(headers, allowed), {
          "access-control-allow-origin": "*",
          "access-control-expose-headers": "*"
        })
      }
    }).pipe(memory({ cors: true })))

  it.effect("gets an answer to its preflight, which is not recorded as a request", () =>
    Effect.gen(function*() {
      const { inject, requests } = yield* Simulator.Simulator
      yield* inject(Fault.forbidden)
      const { headers, status } = yield* Api.request("OPTIONS", Api.lists, { headers: asked })
      assert.strictEqual(status, 204)
      assert.deepInclude({ ...headers }, {
        "access-control-allow-origin": "*",
        "access-control-allow-methods": "GET, POST, PUT, DELETE",
        "access-control-allow-headers": "authorization,content-type",
        "access-control-allow-private-network": "true"
      })
      assert.notProperty(headers, "content-type")
      assert.deepStrictEqual(yield* requests, [])
      const { "access-control-request-headers": _, ...withoutHeaders } = asked
      const other = yield* Api.request("OPTIONS", Api.lists, { headers: withoutHeaders })
      assert.strictEqual(other.headers["access-control-allow-headers"], "*")
      assert.strictEqual(other.headers["access-control-max-age"], "600")
      const { origin, ...withoutOrigin } = asked
      for (const headers of [{ origin }, withoutOrigin]) {
        assert.strictEqual(yield* Api.status("OPTIONS", Api.lists, { headers }), 403)
      }
      assert.strictEqual(yield* Api.status("GET", Api.lists, { headers: asked }), 403)
    }).pipe(memory({ cors: true })))

  it.effect("may not call the simulator by default, as it may not call Cloudflare", () =>
    Effect.gen(function*() {
      const { headers } = yield* Api.request("GET", Api.lists)
      assert.notProperty(headers, "access-control-allow-origin")
      const headersToo = { ...asked, authorization: "Bearer a-token" }
      assert.strictEqual(yield* Api.status("OPTIONS", Api.lists, { headers: headersToo }), 404)
    }).pipe(memory()))
})
