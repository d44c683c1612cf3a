/**
 * Puts one simulator together: its application, and the service that controls it.
 */
import * as BulkOperation from "@bulk-operations/core/BulkOperation"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as OperationPlan from "../OperationPlan.ts"
import type * as Simulator from "../Simulator.ts"
import * as SimulatorError from "../SimulatorError.ts"
import * as Account from "./account.ts"
import * as Application from "./application.ts"
import * as Credentials from "./credentials.ts"
import * as Faults from "./faults.ts"
import * as ListItem from "./item.ts"
import * as Items from "./items.ts"
import * as Lists from "./lists.ts"
import * as Randomness from "./randomness.ts"
import * as Refusals from "./refusals.ts"
import type { Refusal } from "./reply.ts"
import * as RequestLimit from "./requestLimit.ts"
import * as RequestLog from "./requestLog.ts"
import * as State from "./state.ts"
import * as Timestamp from "./timestamp.ts"

export const make = Effect.fnUntraced(function*(options: Simulator.Options) {
  const { credentials, keepRequests = 10_000, limits = {}, seed = "simulator", timestamps = {} } = options
  const clock = yield* Clock.Clock
  const random = yield* Randomness.make(seed)
  const newId = () => Randomness.hex(random.ids, 32)
  let position = 0
  const newPlace = () => ({ id: newId(), position: ++position })
  const faults = Faults.make(random.faults)
  const state = State.make({
    plan: options,
    pendingOperations: limits.pendingOperations ?? 1,
    random: random.plans,
    newId
  })
  const requestLog = RequestLog.make(keepRequests)
  const application = Application.make({
    state,
    faults,
    clock,
    requestLimit: RequestLimit.make(limits.requests ?? 1200, Duration.fromInputUnsafe(limits.window ?? "5 minutes")),
    requestLog,
    accepted: credentials === undefined ? undefined : new Set(credentials.map(Credentials.identity)),
    timestamps,
    newId,
    newPlace,
    newRay: () => `${Randomness.hex(random.rays, 16)}-SIM`
  })

  const now = Effect.sync(() => clock.currentTimeMillisUnsafe())

  const openOperation = Effect.fnUntraced(function*(operationId: string) {
    const at = yield* now
    const notOpen = (state: SimulatorError.OperationNotOpen["state"]) =>
      new SimulatorError.SimulatorError({ reason: new SimulatorError.OperationNotOpen({ operationId, state }) })
    const account = [...state.accounts(at).values()].find(({ operations }) => operations.has(operationId))
    const operation = account?.operations.get(operationId)
    if (account === undefined || operation === undefined) return yield* notOpen("unknown")
    if (operation.end !== undefined) return yield* notOpen("ended")
    if (operation.begunAt === undefined) return yield* notOpen("waiting")
    return { account, operation, begunAt: operation.begunAt, at }
  })

  const endNow = Effect.fnUntraced(function*(id: string, outcome: OperationPlan.Outcome) {
    const { account, at, operation } = yield* openOperation(id)
    Account.end(account, operation, at, outcome)
  })

  const addList = (
    { accountId = Account.defaultId, items = [], references = 0, ...list }: Simulator.NewList,
    at: number
  ): Result.Result<string, Refusal> =>
    Result.gen(function*() {
      const account = state.account(accountId, at)
      const read = yield* Result.mapError(decodeNewList(list), () => Refusals.invalidJson)
      const written = yield* ListItem.read(read.kind, items)
      const added = yield* Lists.add(account, read, newId(), at)
      account.lists.set(added.id, { ...added, references, items: Items.append(written, newPlace)([], at) })
      return added.id
    })

  const control = (baseUrl: string): Simulator.Simulator["Service"] => ({
    baseUrl,
    inject: (fault, when = {}) => Effect.sync(() => faults.inject(fault, when)),
    clearFaults: Effect.sync(() => faults.clear()),
    planNext: (...plans) => Effect.sync(() => state.planNext(plans)),
    createList: Effect.fn("Simulator.createList")(function*(list: Simulator.NewList) {
      return yield* Effect.mapError(
        Effect.fromResult(addList(list, yield* now)),
        ({ error }) =>
          new SimulatorError.SimulatorError({
            reason: new SimulatorError.ListRefused({ refusal: `${error.message} (${error.code})` })
          })
      )
    }),
    startOperation: Effect.fn("Simulator.startOperation")(
      function*({ accountId = Account.defaultId, ...plan }: Simulator.NewOperation = {}) {
        const at = yield* now
        const operation = yield* state.start(state.account(accountId, at), at, plan)
        return BulkOperation.OperationId.make(operation.id)
      }
    ),
    begin: Effect.fn("Simulator.begin")(function*(id: string) {
      const { account, at, begunAt, operation } = yield* openOperation(id)
      account.operations.set(id, { ...operation, plan: { ...operation.plan, pendingFor: at - begunAt } })
    }),
    complete: Effect.fn("Simulator.complete")((id: string) => endNow(id, OperationPlan.completed)),
    fail: Effect.fn("Simulator.fail")((id: string, error: string) => endNow(id, OperationPlan.failed(error))),
    requests: Effect.sync(() => requestLog.latest()),
    state: Effect.map(now, (at) => snapshot(state.accounts(at), at, Timestamp.rfc3339(timestamps)))
  })

  return { application, control }
})

const decodeNewList = Schema.decodeUnknownResult(Lists.NewList, { onExcessProperty: "error" })

const snapshot = (
  accounts: ReadonlyMap<string, Account.Account>,
  now: number,
  timestamp: (at: number) => string
): Simulator.State => {
  const all = [...accounts]
  return {
    lists: all.flatMap(([accountId, { lists }]) =>
      [...lists.values()].map(({ id, items, kind, name }) => ({
        accountId,
        id,
        name,
        kind,
        items: items.map((item) => Items.view(item, timestamp))
      }))
    ),
    operations: all.flatMap(([accountId, { operations }]) =>
      [...operations.values()].map((operation) => ({
        accountId,
        listId: Option.fromUndefinedOr(operation.listId),
        acceptedAt: DateTime.makeUnsafe(operation.acceptedAt),
        operation: Account.toBulkOperation(operation, now)
      }))
    )
  }
}
