import { assert, beforeAll, describe, it } from "@effect/vitest"
import { type Request as WorkerRequest, Response as WorkerResponse } from "miniflare"
import { setTimeout } from "node:timers/promises"
import * as Workerd from "./Workerd.ts"

// A Cloudflare of which each operation ends so many milliseconds after its first poll. Polls of "hanging" hang at first.
const cloudflare = (endsAfter: number) => {
  const firstPolls = new Map<string, number>()
  const polls: Array<string> = []
  const answer = async ({ url }: WorkerRequest) => {
    const id = new URL(url).pathname.split("/").at(-1) ?? ""
    polls.push(id)
    if (id === "hanging" && polls.length === 1) await setTimeout(30_000, undefined, { ref: false })
    const first = firstPolls.get(id) ?? performance.now()
    firstPolls.set(id, first)
    const ended = performance.now() - first >= endsAfter
      ? { status: "completed", completed: "2026-01-01T00:00:00Z" }
      : { status: "running" }
    return WorkerResponse.json({ success: true, errors: [], messages: [], result: { id, ...ended } })
  }
  return { answer, polls }
}

const start = (script: string, outboundService: (request: WorkerRequest) => Promise<WorkerResponse>) => {
  const worker = Workerd.start({
    script,
    compatibilityDate: "2026-07-01",
    compatibilityFlags: ["enable_request_signal"],
    bindings: { CLOUDFLARE_API_TOKEN: "any-token", CLOUDFLARE_ACCOUNT_ID: "account" },
    // Everything that a Worker sends comes here; nothing leaves the machine.
    outboundService
  })
  return {
    get: async (path: string, signal: AbortSignal | null = null) => {
      const answer = await worker.dispatchFetch(`http://localhost/${path}`, { signal })
      return answer.text()
    },
    [Symbol.asyncDispose]: () => worker.dispose()
  }
}

describe.concurrent("in a Cloudflare Worker", { timeout: 30_000 }, () => {
  let scripts: Record<"perRequest" | "moduleScope", string>
  let reason: string | undefined

  beforeAll(async () => {
    reason = await Workerd.whyNot()
    scripts = { perRequest: await Workerd.script("../worker.ts"), moduleScope: await Workerd.script("ModuleScope.ts") }
  }, 30_000)

  it("with a poller for each request, all see the end, whoever disconnects before", async ({ skip }) => {
    skip(reason !== undefined, reason)
    const { answer } = cloudflare(2000)
    await using worker = start(scripts.perRequest, answer)
    const disconnecting = worker.get("op", AbortSignal.timeout(1000)).catch(({ name }: Error) => name)
    const answers = await Promise.all([disconnecting, worker.get("op"), worker.get("op")])
    assert.deepStrictEqual(answers, ["TimeoutError", "completed", "completed"])
  })

  it("with one in the module, a request works although one before it ended within its wait", async ({ skip }) => {
    skip(reason !== undefined, reason)
    const { answer } = cloudflare(1500)
    await using worker = start(scripts.moduleScope, answer)
    assert.strictEqual(await worker.get("op?leave"), "left")
    await setTimeout(1500)
    assert.strictEqual(await worker.get("op"), "completed")
    assert.strictEqual(await worker.get("another"), "completed")
  })

  it("with one in the module, a request works although one before it ended within its poll", async ({ skip }) => {
    skip(reason !== undefined, reason)
    const { answer, polls } = cloudflare(0)
    await using worker = start(scripts.moduleScope, answer)
    assert.strictEqual(await worker.get("hanging?leave"), "left")
    await setTimeout(5500)
    assert.strictEqual(await worker.get("hanging"), "completed")
    assert.lengthOf(polls, 2)
  })

  it("with one in the module, a request times out although one before it ended within its wait", async ({ skip }) => {
    skip(reason !== undefined, reason)
    const { answer } = cloudflare(Infinity)
    await using worker = start(scripts.moduleScope, answer)
    assert.strictEqual(await worker.get("op?leave&timeout=3000&interval=20000"), "left")
    await setTimeout(500)
    const began = performance.now()
    assert.strictEqual(await worker.get("another?timeout=3500&interval=20000"), "PollTimeout")
    assert.isBelow(performance.now() - began, 10_000)
  })
})
