import { assert, describe, it } from "@effect/vitest"
import { DateTime, Option } from "effect"
import * as RequestLog from "../../src/internal/requestLog.ts"

const request = (body: string, headers: Record<string, string> = {}) => ({
  receivedAt: DateTime.makeUnsafe(0),
  method: "GET",
  url: "/",
  endpoint: Option.none(),
  headers,
  body,
  faults: []
})

const kept = (log: RequestLog.RequestLog) => log.latest().map(({ body }) => body)

const filled = (capacity: RequestLog.Capacity, ...bodies: ReadonlyArray<string>) => {
  const log = RequestLog.make(capacity)
  for (const body of bodies) log.add(request(body))
  return kept(log)
}

describe("the request log", () => {
  it("keeps the latest requests, up to a number", () => {
    assert.deepStrictEqual(filled({ requests: 2, bytes: 100 }, "a", "b", "c", "d", "e"), ["d", "e"])
    assert.deepStrictEqual(filled({ requests: 0, bytes: 100 }, "a"), [])
    assert.deepStrictEqual(filled({ requests: 2, bytes: 100 }), [])
  })

  it("keeps the latest requests, up to a size of their URLs and bodies", () => {
    assert.deepStrictEqual(filled({ requests: 9, bytes: 8 }, "aa", "bb", "c"), ["aa", "bb", "c"])
    assert.deepStrictEqual(filled({ requests: 9, bytes: 7 }, "aa", "bb", "c"), ["bb", "c"])
  })

  it("counts names and values of headers towards the size", () => {
    const log = RequestLog.make({ requests: 9, bytes: 11 })
    log.add(request("a", { "x-y": "zz" }))
    log.add(request("b"))
    log.add(request("c"))
    assert.deepStrictEqual(kept(log), ["a", "b", "c"])
    log.add(request(""))
    assert.deepStrictEqual(kept(log), ["b", "c", ""])
  })

  it("keeps the latest request, however large, until the next arrives", () => {
    assert.deepStrictEqual(filled({ requests: 9, bytes: 3 }, "a", "much too large"), ["much too large"])
    assert.deepStrictEqual(filled({ requests: 9, bytes: 3 }, "much too large", "a"), ["a"])
  })

  it("shows the status of an answer once it is noted, also after other requests", () => {
    const log = RequestLog.make({ requests: 2, bytes: 100 })
    const note = log.add(request("a"))
    log.add(request("b"))
    note(200)
    assert.deepStrictEqual(log.latest().map(({ status }) => status), [Option.some(200), Option.none()])
    log.add(request("c"))
    note(500)
    assert.deepStrictEqual(log.latest().map(({ status }) => status), [Option.none(), Option.none()])
  })
})
