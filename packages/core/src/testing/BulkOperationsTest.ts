/**
 * `BulkOperations` without a network, for tests: each operation plays a script, and every call is recorded.
 */
import * as Context from "effect/Context"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type { BulkOperation, Status } from "../BulkOperation.ts"
import { OperationId } from "../BulkOperation.ts"
import { BulkOperations } from "../BulkOperations.ts"
import { CloudflareError, NotFound, type Reason } from "../CloudflareError.ts"
import * as Admission from "../internal/budget/admission.ts"

/**
 * The answer to a call: a state, the reason of a `CloudflareError`, or no answer at all (`"hang"`).
 *
 * A bare `"completed"` or `"failed"` ended at the time of the call; `failed(text)` gives the reason.
 */
export type Answer =
  | Status
  | "hang"
  | Reason
  | { readonly status: "completed"; readonly completed: DateTime.Utc }
  | { readonly status: "failed"; readonly error: string }

/** A recorded call. */
export interface Call {
  readonly operationId: string
  readonly accountId: string
  readonly at: DateTime.Utc
  /** When this operation of this account was polled for the first time. */
  readonly firstAt: DateTime.Utc
  /** Which call for this operation of this account it is, from 1. */
  readonly attempt: number
}

/** Answers in order, of which the last one repeats; or a function of the call. */
export type Script = ReadonlyArray<Answer> | ((call: Call) => Answer)

type Scripts = Readonly<Record<string, Script>> | ((call: Call) => Answer)

// Calls draw on a budget as real ones do, so that a test with very many waits is realistic.
const budgetKey = "@bulk-operations/core/testing/BulkOperationsTest"

/** Options of `layer`. */
export interface Options {
  /** The default account of calls. Default `"account"`. */
  readonly accountId?: string | undefined
  /** How long every answer takes. Default zero. */
  readonly latency?: Duration.Input | undefined
}

/** The calls to the scripted `BulkOperations`. */
export class BulkOperationsTest extends Context.Service<BulkOperationsTest, {
  /** Every call so far, in order. */
  readonly calls: Effect.Effect<ReadonlyArray<Call>>
  /** How many calls have no answer yet. */
  readonly inFlight: Effect.Effect<number>
}>()("@bulk-operations/core/testing/BulkOperationsTest") {}

/**
 * The answer for an operation that failed with a text.
 *
 * @example
 * import { BulkOperation, BulkOperations } from "@bulk-operations/core"
 * import { BulkOperationsTest } from "@bulk-operations/core/testing"
 * import { Effect } from "effect"
 *
 * const scripted = BulkOperationsTest.layer({ "op-1": [BulkOperationsTest.failed("This list is full")] })
 * const get = BulkOperations.BulkOperations.use((operations) => operations.get("op-1"))
 * const operation = await Effect.runPromise(Effect.provide(get, scripted))
 *
 * BulkOperation.isTerminal(operation) // => true
 */
export const failed = (error: string): Answer => ({ status: "failed", error })

/**
 * The script of an operation that runs for a while, counted from its first call, and completes.
 *
 * Its `completed` is the exact end, so that lateness can be measured.
 */
export const lasting = (duration: Duration.Input): Script => ({ at, firstAt }) => {
  const completed = DateTime.addDuration(firstAt, duration)
  return DateTime.isLessThan(at, completed) ? "running" : { status: "completed", completed }
}

/**
 * `BulkOperations` from a script for each operation id (any other id fails with `NotFound`), or from one function for
 * all.
 *
 * @example
 * import { BulkOperations } from "@bulk-operations/core"
 * import { BulkOperationsTest } from "@bulk-operations/core/testing"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function*() {
 *   const operations = yield* BulkOperations.BulkOperations
 *   const first = yield* operations.get("op-1")
 *   const second = yield* operations.get("op-1")
 *   const { calls } = yield* BulkOperationsTest.BulkOperationsTest
 *   return [first.status, second.status, (yield* calls).length]
 * })
 *
 * await Effect.runPromise(
 *   program.pipe(Effect.provide(BulkOperationsTest.layer({ "op-1": ["pending", "completed"] })))
 * ) // => ["pending", "completed", 2]
 */
export const layer = (
  scripts: Scripts,
  options: Options = {}
): Layer.Layer<BulkOperations | BulkOperationsTest> =>
  Layer.effectContext(Effect.sync(() => {
    const calls: Array<Call> = []
    const last = new Map<string, Call>()
    let inFlight = 0
    const defaultAccountId = options.accountId ?? "account"

    const play = Effect.fnUntraced(function*(
      operationId: string,
      accountId: string
    ): Effect.fn.Return<BulkOperation, CloudflareError> {
      const key = `${accountId}/${operationId}`
      const at = yield* DateTime.now
      const previous = last.get(key) ?? { attempt: 0, firstAt: at }
      const call = { operationId, accountId, at, firstAt: previous.firstAt, attempt: previous.attempt + 1 }
      last.set(key, call)
      calls.push(call)
      if (options.latency !== undefined) yield* Effect.sleep(options.latency)
      const script = scriptOf(scripts, operationId)
      const answer = typeof script === "function" ? script(call) : script?.[Math.min(call.attempt, script.length) - 1]
      if (answer === "hang") return yield* Effect.never
      return yield* answer === undefined ? unknown(call) : reply(OperationId.make(operationId), answer)
    })

    const get = Effect.fn("BulkOperations.get")(
      (operationId: string, call?: { readonly accountId?: string | undefined }) => {
        const accountId = call?.accountId ?? defaultAccountId
        const played = Effect.suspend(() => {
          inFlight += 1
          return Effect.ensuring(play(operationId, accountId), Effect.sync(() => inFlight -= 1))
        })
        return Admission.through(budgetKey, operationId, played, () => undefined)
      }
    )

    return Context.make(BulkOperations, { accountId: defaultAccountId, get }).pipe(
      Context.add(BulkOperationsTest, {
        calls: Effect.sync(() => calls.slice()),
        inFlight: Effect.sync(() => inFlight)
      })
    )
  }))

const scriptOf = (scripts: Scripts, operationId: string): Script | undefined => {
  if (typeof scripts === "function") return scripts
  return Object.hasOwn(scripts, operationId) ? scripts[operationId] : undefined
}

const reply = Effect.fnUntraced(function*(
  id: OperationId,
  answer: Exclude<Answer, "hang">
): Effect.fn.Return<BulkOperation, CloudflareError> {
  if (typeof answer === "object" && "_tag" in answer) return yield* new CloudflareError({ reason: answer })
  if (answer === "pending" || answer === "running") return { id, status: answer }
  const now = Option.some(yield* DateTime.now)
  if (answer === "completed") return { id, status: answer, completed: now }
  if (answer === "failed") return { id, status: answer, completed: now, error: Option.none() }
  if (answer.status !== "completed" && answer.status !== "failed") {
    throw new RangeError(
      `BulkOperationsTest: an answer for ${JSON.stringify(id)} is ${JSON.stringify(answer)}. ` +
        `Expected a status, "hang", the reason of a CloudflareError, or failed("a reason").`
    )
  }
  return answer.status === "completed"
    ? { id, status: "completed", completed: Option.some(answer.completed) }
    : { id, status: "failed", completed: now, error: Option.some(answer.error) }
})

const unknown = ({ accountId, operationId }: Call) =>
  new CloudflareError({
    reason: new NotFound({
      method: "GET",
      path: `/accounts/${accountId}/rules/lists/bulk_operations/${operationId}`,
      errors: [],
      detail: `the test has no script for ${JSON.stringify(operationId)}`
    })
  })
