import type { WritePolicy } from "@bulk-operations/lists"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Option } from "effect"
import { painter } from "../../src/Output.ts"
import * as RetryRow from "../../src/run/retryRow.ts"

const at = DateTime.makeUnsafe("2026-01-31T08:15:00.250Z")
const retrying = (reason: WritePolicy.Retrying["reason"], until = Option.some(at)): WritePolicy.Retrying => ({
  accountId: "account",
  listId: "list",
  action: "create",
  reason,
  until
})
const line = (row: WritePolicy.Retrying) =>
  RetryRow.line(row, DateTime.toEpochMillis(at) - 90_000, painter(false)).slice(2)

describe("a write that is retried", () => {
  it.each(
    [
      ["operationPending", "Another operation of this account is pending"],
      ["writeLimit", "The limit on writes of this account is reached"],
      ["requestLimit", "Cloudflare asked to slow down"],
      ["answerLost", "The answer to the write was lost"]
    ] as const
  )("because of %s says so, and until when", (reason, text) => {
    assert.strictEqual(RetryRow.text(retrying(reason)), `${text}; retrying until 2026-01-31T08:15:00Z.`)
    assert.strictEqual(line(retrying(reason)), `${text}; retrying  1m30s left`)
  })

  it("without a limit names none", () => {
    const row = retrying("requestLimit", Option.none())
    assert.strictEqual(RetryRow.text(row), "Cloudflare asked to slow down; retrying.")
    assert.strictEqual(line(row), "Cloudflare asked to slow down; retrying")
    assert.notProperty(RetryRow.event(row), "until")
  })
})
