import { BulkOperation, CloudflareError } from "@bulk-operations/core"
import { WaitError } from "@bulk-operations/poll"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Duration, Effect, Option, Schema } from "effect"
import { badGateway } from "./Scripted.ts"

const id = BulkOperation.OperationId.make("op")
const cloudflareError = new CloudflareError.CloudflareError({ reason: badGateway })

const timeout = (fields?: Partial<ConstructorParameters<typeof WaitError.PollTimeout>[0]>) =>
  new WaitError.PollTimeout({
    operationId: "op",
    accountId: "account",
    startedAt: DateTime.makeUnsafe("2026-01-02T03:04:05.678Z"),
    last: Option.some({ id, status: "running" }),
    polls: 12,
    timeout: Duration.seconds(3),
    elapsed: Duration.millis(3001),
    endedBy: "timeout",
    lastError: Option.none(),
    ...fields
  })

const failed = (error: Option.Option<string>) =>
  new WaitError.BulkOperationFailed({ operation: { id, status: "failed", completed: Option.none(), error } })

describe("the message", () => {
  for (
    const [name, error, message] of [
      [
        "of a timeout has the timeout it had, not what it took, and the startedAt to go on with",
        timeout(),
        "Bulk operation op did not end within 3s (12 polls, last seen running). " +
        "To resume, wait again with startedAt 2026-01-02T03:04:05.678Z."
      ],
      [
        "of a timeout speaks of 1 poll, and of an operation that was never seen",
        timeout({ polls: 1, last: Option.none() }),
        "Bulk operation op did not end within 3s (1 poll, never seen). " +
        "To resume, wait again with startedAt 2026-01-02T03:04:05.678Z."
      ],
      [
        "of a timeout has the error that the last poll met",
        timeout({ polls: 0, lastError: Option.some(cloudflareError) }),
        `Bulk operation op did not end within 3s (0 polls, last seen running; last error: ${cloudflareError.message}). ` +
        "To resume, wait again with startedAt 2026-01-02T03:04:05.678Z."
      ],
      [
        "of a schedule that ended says so, and after how long",
        timeout({ endedBy: "schedule", elapsed: Duration.seconds(510) }),
        "The schedule ended before bulk operation op did, after 8m 30s (12 polls, last seen running). " +
        "To resume, wait again with startedAt 2026-01-02T03:04:05.678Z."
      ],
      [
        "of a failed operation has Cloudflare's text",
        failed(Option.some("This list is full")),
        "Bulk operation op failed: This list is full"
      ],
      [
        "of a failed operation without a text says that there is none",
        failed(Option.none()),
        "Bulk operation op failed: Cloudflare gives no reason"
      ],
      [
        "of one among many names its operation, once",
        new WaitError.WaitAllError({ operationId: "op", accountId: "account", reason: failed(Option.none()) }),
        "Bulk operation op failed: Cloudflare gives no reason"
      ],
      [
        "of one among many names its operation where the error of Cloudflare does not",
        new WaitError.WaitAllError({ operationId: "op", accountId: undefined, reason: cloudflareError }),
        `Bulk operation op: ${cloudflareError.message}`
      ]
    ] as const
  ) {
    it(`${name}`, () => assert.strictEqual(error.message, message))
  }
})

const exitCode = (error: WaitError.WaitError) =>
  WaitError.WaitError.match(error, { BulkOperationFailed: () => 1, PollTimeout: () => 3, CloudflareError: () => 5 })

describe("WaitError", () => {
  const json = Schema.toCodecJson(WaitError.WaitError)
  const all = Schema.toCodecJson(WaitError.WaitAllError)

  for (
    const error of [
      failed(Option.some("no")),
      failed(Option.none()),
      timeout(),
      timeout({ last: Option.none(), lastError: Option.some(cloudflareError), timeout: Duration.infinity }),
      cloudflareError
    ]
  ) {
    it.effect(`survives JSON: ${error._tag}, ${error.message}`, () =>
      Effect.gen(function*() {
        const stored = JSON.stringify(yield* Schema.encodeEffect(json)(error))
        const back = yield* Schema.decodeUnknownEffect(json)(JSON.parse(stored))
        assert.deepStrictEqual(back, error)
        assert.strictEqual(back.message, error.message)
        const one = new WaitError.WaitAllError({ operationId: "op", accountId: "account", reason: error })
        const storedOne = JSON.stringify(yield* Schema.encodeEffect(all)(one))
        assert.deepStrictEqual(yield* Schema.decodeUnknownEffect(all)(JSON.parse(storedOne)), one)
      }))
  }

  it("is distinguished by its tag", () => {
    assert.deepStrictEqual([failed(Option.none()), timeout(), cloudflareError].map(exitCode), [1, 3, 5])
  })

  it("prints with the module's name", () => {
    assert.strictEqual(timeout().name, "@bulk-operations/poll/PollTimeout")
    assert.strictEqual(failed(Option.none()).name, "@bulk-operations/poll/BulkOperationFailed")
    const one = new WaitError.WaitAllError({ operationId: "op", accountId: undefined, reason: timeout() })
    assert.strictEqual(one.name, "@bulk-operations/poll/WaitAllError")
  })
})
