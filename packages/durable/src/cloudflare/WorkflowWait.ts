/**
 * Waits for a bulk operation in a Cloudflare Workflow: each poll is a step, and each gap is a durable sleep.
 *
 * It does not use Effect's cluster: Cloudflare's engine stores the result of each step, and sleeps. Everything that
 * depends on a clock or on random numbers happens once, within a step, so that an instance that runs again reaches the
 * same steps.
 */
import type { Completed } from "@bulk-operations/core/BulkOperation"
import { BulkOperations } from "@bulk-operations/core/BulkOperations"
import type { WaitOptions } from "@bulk-operations/poll/BulkOperationPoller"
import * as PollOptions from "@bulk-operations/poll/PollOptions"
import * as Wait from "@bulk-operations/poll/Wait"
import type { WaitError } from "@bulk-operations/poll/WaitError"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Journal from "../internal/cloudflare/journal.ts"
import * as Polling from "../internal/cloudflare/polling.ts"
import * as StartedAt from "../internal/startedAt.ts"

/** The needed part of the `WorkflowStep` that Cloudflare passes to `run`. */
export interface WorkflowStep {
  readonly do: (name: string, config: StepConfig, callback: () => Promise<Journal.Entry>) => Promise<Journal.Entry>
  readonly sleep: (name: string, milliseconds: number) => Promise<void>
}

/** When Cloudflare retries a step that was cut off. */
export interface StepConfig {
  readonly retries: { readonly limit: number; readonly delay: number; readonly backoff: "exponential" }
}

/**
 * Options of a wait, as for `BulkOperationPoller.wait`; those left out come from `PollOptions`.
 *
 * There is no poller to keep a history, so `PollSchedule.learned` uses the `PollHistory.CurrentHazard` in the context
 * of the wait.
 */
export interface WaitInOptions extends Omit<WaitOptions, "history" | "expected"> {}

// The wait handles transient errors: a step fails only with its Worker.
const config: StepConfig = { retries: { limit: 5, delay: 1000, backoff: "exponential" } }

// Cloudflare accepts names of up to 256 characters without control characters.
const nameOf = (operationId: string) => operationId.replace(/\p{C}/gu, "").slice(0, 200)

/**
 * Returns the operation once it has completed, with the polls, the errors and the deadline of
 * `BulkOperationPoller.wait`.
 *
 * The wait has one step at its beginning, then two for each poll, `<operation>: poll 1` and
 * `<operation>: until poll 2`. If the Worker is redeployed, evicted or moved, the wait resumes where it was. Options
 * that changed meanwhile apply to later waits, except `schedule` and `transientSchedule`, which apply from the next
 * poll on.
 *
 * - **Gotcha:** `startedAt` must come from the event or from a step: a clock that is read in `run` itself differs each
 *   time.
 * - Errors of Cloudflare's engine, such as too many steps, are defects.
 * - Return from `run` only what can be stored, such as the operation's `status`.
 *
 * @example
 * import { BulkOperations, CloudflareApi } from "@bulk-operations/core"
 * import { WorkflowWait } from "@bulk-operations/durable/cloudflare"
 * import { Effect, Layer } from "effect"
 * import { FetchHttpClient } from "effect/http"
 *
 * const live = BulkOperations.layer.pipe(Layer.provide(CloudflareApi.layerConfig), Layer.provide(FetchHttpClient.layer))
 *
 * // In a class that extends WorkflowEntrypoint of "cloudflare:workers".
 * const run = (event: { readonly payload: { readonly operationId: string } }, step: WorkflowWait.WorkflowStep) =>
 *   WorkflowWait.runPromise(
 *     WorkflowWait.waitIn(step, event.payload.operationId, { timeout: "12 hours" }).pipe(
 *       Effect.map(({ status }) => status),
 *       Effect.provide(live)
 *     )
 *   )
 */
export const waitIn: (
  step: WorkflowStep,
  operationId: string,
  options?: WaitInOptions
) => Effect.Effect<Completed, WaitError, BulkOperations> = Effect.fn("WorkflowWait.waitIn")(
  function*(step, operationId, options) {
    const name = nameOf(operationId)
    const request = yield* requestOf(operationId, options)
    const run = Effect.runPromiseWith(yield* Effect.context<BulkOperations>())
    const keep = (what: string, effect: Effect.Effect<Journal.Entry, never, BulkOperations>) =>
      Effect.promise(() => step.do(`${name}: ${what}`, config, () => run(effect)))

    let entry = yield* keep("begin", Polling.begin(request))
    for (let n = 1; entry.pollIn !== null; n++) {
      const { pollIn } = entry
      if (pollIn > 0) yield* Effect.promise(() => step.sleep(`${name}: until poll ${n}`, pollIn))
      // The previous state is decoded only when the poll is sent, not each time the steps are replayed.
      const before = Journal.stateOf(entry)
      entry = yield* keep(`poll ${n}`, Effect.flatMap(before, (state) => Polling.poll(request, state)))
    }
    return yield* Effect.flatMap(Journal.endedOf(entry), Effect.fromResult)
  }
)

// An invalid option is reported before the first step, which Cloudflare would retry again and again.
const requestOf = Effect.fnUntraced(function*(operationId: string, options: WaitInOptions | undefined) {
  const { accountId } = yield* BulkOperations
  const resolved = PollOptions.resolve(options, yield* PollOptions.PollOptions)
  const now = yield* DateTime.now
  const request: Polling.Request = {
    operationId,
    accountId: options?.accountId ?? accountId,
    startedAt: options?.startedAt && StartedAt.check(options.startedAt, now),
    schedule: resolved.schedule,
    transientSchedule: resolved.transientSchedule,
    fromZero: Wait.make({ ...resolved, now: 0 })
  }
  return request
})

/**
 * Runs an effect as the result of a Workflow's `run`: like `Effect.runPromise`, but it rejects with an `Error` whose
 * name and message reach Cloudflare's engine, so that the instance shows them.
 *
 * @example
 * import { WorkflowWait } from "@bulk-operations/durable/cloudflare"
 * import { WaitError } from "@bulk-operations/poll"
 * import { BulkOperation } from "@bulk-operations/core"
 * import { Effect, Option } from "effect"
 *
 * const operation = BulkOperation.Failed.make({
 *   id: BulkOperation.OperationId.make("op-1"),
 *   completed: Option.none(),
 *   error: Option.some("This list is full")
 * })
 * const failing = Effect.fail(new WaitError.BulkOperationFailed({ operation }))
 * const error = await WorkflowWait.runPromise(failing).catch((error: Error) => structuredClone(error))
 * error.message // => "BulkOperationFailed: Bulk operation op-1 failed: This list is full"
 */
export const runPromise = <A, E extends { readonly _tag: string; readonly message: string }>(
  effect: Effect.Effect<A, E>
): Promise<A> =>
  // The engine passes on only own messages and JavaScript's built-in error names.
  Effect.runPromise(Effect.catch(effect, ({ _tag, message }) => Effect.die(new Error(`${_tag}: ${message}`))))

/**
 * The id for the instance that waits for an operation, so that Cloudflare refuses a second one for the same operation.
 *
 * It is the operation's id, after the account's if there is one. Characters that Cloudflare does not accept are written
 * as `_<code point>_`. Throws a `RangeError` if the id is longer than the 100 characters that Cloudflare accepts.
 *
 * An ended instance keeps its id for as long as Cloudflare keeps the instance (3 days on the free plan, 30 on the paid
 * one). To wait again after a `PollTimeout`, restart the instance.
 *
 * Source: limits of Cloudflare Workflows, `^[a-zA-Z0-9_][a-zA-Z0-9-_]*$`.
 *
 * @example
 * import { WorkflowWait } from "@bulk-operations/durable/cloudflare"
 *
 * WorkflowWait.instanceId("4da8780eeb215e6cb7f48dd981c4ea02") // => "4da8780eeb215e6cb7f48dd981c4ea02"
 * WorkflowWait.instanceId("op:1", { accountId: "acme" }) // => "acme__op_3a_1"
 */
export const instanceId = (
  operationId: string,
  options?: { readonly accountId?: string | undefined }
): string => {
  const parts = options?.accountId === undefined ? [operationId] : [options.accountId, operationId]
  // A part never contains "__", which would be an empty code point.
  const id = parts.map(escape).join("__")
  if (id.length <= longestId) return id
  throw new RangeError(
    `The id of the instance would be ${id.length} characters long, ${id}, and Cloudflare takes ${longestId} at most. ` +
      "Choose a shorter one, such as a digest of the operation's id."
  )
}

const longestId = 100

const escape = (part: string) =>
  part.replace(/^-|[^a-zA-Z0-9-]/gu, (character) => `_${character.codePointAt(0)?.toString(16)}_`)
