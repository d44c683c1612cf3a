import { BulkOperation, CloudflareError } from "@bulk-operations/core"
import type { PollProgress } from "@bulk-operations/poll"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Duration, Option } from "effect"
import { painter } from "../../src/Output.ts"
import * as WaitRow from "../../src/run/waitRow.ts"

const id = "4da8780eeb215e6cb7f48dd981c4ea02"
const running = BulkOperation.Running.make({ id: BulkOperation.OperationId.make(id) })
const failed = new CloudflareError.CloudflareError({
  reason: new CloudflareError.ServerError({ method: "GET", path: "/", status: 502, errors: [] })
})
const at = (millis: number) => Option.some(DateTime.makeUnsafe(millis))

const progress: PollProgress.PollProgress = {
  operationId: id,
  accountId: Option.none(),
  operation: Option.some(running),
  polls: 5,
  elapsed: Duration.seconds(12),
  nextPollAt: at(14_000),
  deadline: at(600_000),
  transientError: Option.none(),
  isThrottled: false
}
const row = (changed: Partial<PollProgress.PollProgress> = {}): WaitRow.WaitRow => ({
  id,
  since: 0,
  progress: { ...progress, ...changed }
})
const unseen: WaitRow.WaitRow = { id, since: 0, progress: undefined }
const line = (of: WaitRow.WaitRow, columns: number) => WaitRow.line(of, 12_000, columns, painter(false)).slice(2)

describe("waitRow", () => {
  it.each([
    [120, `${id}  running       12s   5 polls  next in 2.0s   9m48s left`],
    [80, "4da8780eeb21…  running       12s   5 polls  next in 2.0s   9m48s left"],
    [60, "4da8780eeb21…  running       12s   5 polls  next in 2.0s"],
    [45, "4da8780eeb21…  running       12s   5 polls"],
    [36, "4da8780eeb21…  running       12s"],
    [20, "4da8780e  running"]
  ])("fits a window of %d columns", (columns, text) => {
    assert.strictEqual(line(row(), columns), text)
  })

  it("prefers an error, or the wait for the budget, if there is little room", () => {
    const failing = row({ transientError: Option.some(failed) })
    assert.match(line(failing, 130), /9m48s left {3}Cloudflare failed \(HTTP 502\)$/)
    assert.match(line(failing, 60), /^4da8780eeb21… .* Cloudflare failed \(HTTP 502\)$/)
    assert.match(line(row({ isThrottled: true }), 60), /waits for the request budget$/)
  })

  it("reports each change once", () => {
    assert.strictEqual(WaitRow.change(unseen, row()), "running")
    assert.strictEqual(WaitRow.change(row(), row({ polls: 6 })), undefined)
    const failing = row({ transientError: Option.some(failed) })
    assert.strictEqual(WaitRow.change(row(), failing), "Cloudflare failed (HTTP 502), last seen running")
    assert.strictEqual(WaitRow.change(failing, failing), undefined)
    assert.strictEqual(WaitRow.change(failing, row()), "answers again: running")
  })

  it("does not report the end", () => {
    const operation = BulkOperation.Completed.make({ id: BulkOperation.OperationId.make(id), completed: Option.none() })
    assert.strictEqual(WaitRow.change(row(), row({ operation: Option.some(operation) })), undefined)
  })
})
