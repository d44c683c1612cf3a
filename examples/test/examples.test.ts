import { assert, describe, it } from "@effect/vitest"
import { spawn } from "node:child_process"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { text } from "node:stream/consumers"

// Each example is run as a reader would run it, in a process of its own.
const run = async (name: string, args: ReadonlyArray<string> = []) => {
  const child = spawn(process.execPath, ["--conditions=@bulk-operations/source", `examples/${name}.ts`, ...args], {
    cwd: new URL("../..", import.meta.url),
    env: {},
    timeout: 45_000
  })
  const exit = new Promise<number | string | null>((resolve) =>
    child.on("exit", (code, signal) => resolve(signal ?? code))
  )
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
  return { exit: await exit, output: stdout + stderr, lines: stdout.trimEnd().split("\n") }
}

// What changes from run to run.
const steady = (line: string) =>
  line.replace(/[0-9a-f]{32}/, "<id>").replace(/\d+(\.\d+)? s /, "<time> ").replace(/\d+ polls/, "<n> polls")

describe.concurrent("examples", { timeout: 60_000 }, () => {
  it("providing-layers waits with layers from the environment", async () => {
    const { exit, lines, output } = await run("providing-layers")
    assert.strictEqual(exit, 0, output)
    assert.deepStrictEqual(lines.map(steady), ["<id> is completed"])
  })

  it("composing-waits waits in sequence, at once, against the clock and recovers by reason", async () => {
    const { exit, lines, output } = await run("composing-waits")
    assert.strictEqual(exit, 0, output)
    assert.deepStrictEqual(lines.map(steady), [
      "in sequence: completed, then completed",
      "many at once: all 20 completed",
      "all or nothing: PollTimeout of the slow one",
      "as they end: 1 of 3 failed",
      "against the clock: went on without it",
      "recovered: Bulk operation <id> failed: The list is full",
      "recovered: still under way after <n> polls",
      "recovered: Cloudflare does not know it"
    ])
  })

  it("drawing-progress draws each poll, a transient error, the next poll and the deadline", async () => {
    const { exit, lines, output } = await run("drawing-progress")
    assert.strictEqual(exit, 0, output)
    const next = /polling again in \d+\.\d s, giving up in \d+\.\d s$/
    assert.match(lines[0] ?? "", next)
    assert.match(lines.find((line) => line.includes("ServerError")) ?? output, next)
    assert.match(lines.at(-1) ?? "", /poll \d+: completed$/)
  })

  it("poller-per-tenant polls for each tenant with its own credentials", async () => {
    const { exit, lines, output } = await run("poller-per-tenant")
    assert.strictEqual(exit, 0, output)
    assert.deepStrictEqual(lines, ["acme: completed", "globex: completed", "globex: no such operation"])
  })

  it("asking-the-budget puts off what can wait while polls wait for their turn", async () => {
    const { exit, lines, output } = await run("asking-the-budget")
    assert.strictEqual(exit, 0, output)
    assert.deepStrictEqual(lines, [
      "before: 8 requests at once",
      "while 20 waits poll: short, 1 waiting",
      "time for the report"
    ])
  })

  it("learning-durations knows in each run what the ones before saw", async () => {
    const folder = await mkdtemp(join(tmpdir(), "histories-"))
    const first = await run("learning-durations", [folder])
    const second = await run("learning-durations", [folder])
    await rm(folder, { recursive: true })
    assert.strictEqual(first.output, "operations in the history: 1\n")
    assert.strictEqual(second.output, "operations in the history: 2\n")
  })

  it("testing-your-code passes an hour at once", async () => {
    const { exit, lines, output } = await run("testing-your-code")
    assert.strictEqual(exit, 0, output)
    assert.deepStrictEqual(lines, ["passed, with 5 polls"])
  })

  it("telemetry exports spans, events and metrics over OTLP", async () => {
    const { exit, lines, output } = await run("telemetry")
    assert.strictEqual(exit, 0, output)
    assert.includeMembers(lines, [
      "metric bulk_operation_detection_lateness_seconds",
      "metric bulk_operation_polls_total",
      "metric bulk_operation_wait_duration_seconds",
      "metric bulk_operation_waits_active",
      "span BulkOperationPoller.wait pending running completed",
      "span BulkOperations.get"
    ])
  })

  it("blocklist keeps a list in sync with a file, and refuses a broken one", async () => {
    const { exit, lines, output } = await run("blocklist")
    assert.strictEqual(exit, 0, output)
    assert.deepStrictEqual(lines.map(steady), [
      "\"192.168.1.1\": a private address: Cloudflare receives no requests from it",
      "blocked: 22 added, 0 deleted, 0 unchanged",
      "blocked: 1 added, 3 deleted, 19 unchanged",
      "The file has 3 wrong lines, so none of it is used:",
      "  line 2, \"<<<<<<< HEAD\": not an IP address, such as 192.0.2.1, 192.0.2.0/24 or 2001:db8::/32",
      "  line 3, \"198.51.100.05\": not an IP address, such as 192.0.2.1, 192.0.2.0/24 or 2001:db8::/32",
      "  line 4, \"198.51.100.5/32\": the same as line 1",
      "19 of the 20 items of list <id> would be deleted, but maxDeletions allows only 4, so nothing was written. " +
      "Check the source of the items; if it is right, raise maxDeletions."
    ])
  })

  it("redirects makes a dry run, and then replaces a list by a CSV", async () => {
    const { exit, lines, output } = await run("redirects")
    assert.strictEqual(exit, 0, output)
    assert.deepStrictEqual(lines, [
      "3 redirects would be added",
      "replaced: completed",
      "302 example.com/a,b -> https://example.com/c,d",
      "301 example.com/blog -> https://blog.example.com/",
      "308 example.com/docs -> https://docs.example.com/"
    ])
  })

  it("demo shows each change as it happens, and how each operation ended", async () => {
    const { exit, output } = await run("demo")
    assert.strictEqual(exit, 0, output)
    assert.match(output, /completes: [^]*pending[^]*running[^]*completed[^]*It has taken effect[^]*detected .* later/)
    assert.match(output, /fails: [^]*failed: This list is at the maximum number of items/)
    assert.match(output, /did not end within 3s.*last seen running/)
  })

  it("demo says what is missing for a real operation", async () => {
    const { exit, output } = await run("demo", ["4da8780eeb215e6cb7f48dd981c4ea02"])
    assert.strictEqual(exit, 1, output)
    assert.include(output, "CLOUDFLARE_API_TOKEN is missing or empty")
  })
})
