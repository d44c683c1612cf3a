/** The controls of a simulator for a test or a demo. */
import * as BulkOperation from "@bulk-operations/core/BulkOperation"
import type * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import type { Draw } from "../Draw.ts"
import type * as Fault from "../Fault.ts"
import * as OperationPlan from "../OperationPlan.ts"
import * as SimulatorError from "../SimulatorError.ts"
import type * as SimulatorState from "../SimulatorState.ts"
import * as Account from "./account.ts"
import type { Faults } from "./faults.ts"
import * as ItemPage from "./items/itemPage.ts"
import * as ItemSet from "./items/itemSet.ts"
import * as ReadItems from "./items/readItems.ts"
import * as ListRecord from "./listRecord.ts"
import * as OptionChecks from "./optionChecks.ts"
import * as Refusals from "./refusals.ts"
import type { Refusal } from "./reply.ts"
import type { RequestLog } from "./requestLog.ts"
import type { State } from "./state.ts"

export interface Options {
  readonly state: State
  readonly faults: Faults
  readonly requestLog: RequestLog
  readonly clock: Clock.Clock
  readonly newId: () => string
  readonly anyAccountId: boolean
  readonly timestamp: (at: number) => string
}

type Reason = SimulatorError.SimulatorError["reason"]

const error = (reason: Reason) => new SimulatorError.SimulatorError({ reason })

const refused = ({ error: { code, message } }: Refusal): Reason =>
  new SimulatorError.ListRefused({ refusal: `${message} (${code})` })

// One rule for all: an id that fits an operation's URL fits a list's or an item's as well.
const isUsable = Schema.is(BulkOperation.OperationId)

/** The given id, or a new one. */
const idOf = (
  of: SimulatorError.IdRefused["of"],
  given: string | undefined,
  isTaken: (id: string) => boolean,
  newId: () => string
): Result.Result<string, Reason> => {
  if (given === undefined) return Result.succeed(newId())
  if (!isUsable(given)) return Result.fail(new SimulatorError.IdRefused({ of, id: given, why: "unusable" }))
  return isTaken(given)
    ? Result.fail(new SimulatorError.IdRefused({ of, id: given, why: "taken" }))
    : Result.succeed(given)
}

const decodeNewList = Schema.decodeUnknownResult(ListRecord.NewList, { onExcessProperty: "error" })

const GivenId = Schema.Struct({ id: Schema.optionalKey(Schema.String) })
const decodeGivenIds = Schema.decodeUnknownResult(Schema.Array(GivenId))

const readItems = (
  kind: SimulatorState.Kind,
  written: ReadonlyArray<Schema.JsonObject>,
  newId: () => string
): Result.Result<ItemSet.Change, Reason> =>
  Result.gen(function*() {
    const given = yield* Result.mapError(decodeGivenIds(written), () => refused(Refusals.invalidJson))
    const items = yield* Result.mapError(ReadItems.read(kind, written.map(Struct.omit(["id"]))), refused)
    const ids = new Set<string>()
    const byKey = new Map<string, string>()
    for (const [position, { key }] of items.entries()) {
      const id = yield* idOf("item", given[position]?.id, (id) => ids.has(id), newId)
      ids.add(id)
      byKey.set(key, id)
    }
    return ItemSet.append(items, ({ key }) => byKey.get(key) ?? newId())
  })

const addList = (
  account: Account.Account,
  { id: given, items = [], references = 0, ...list }: Omit<SimulatorState.NewList, "accountId">,
  at: number,
  newId: () => string
): Result.Result<string, Reason> =>
  Result.gen(function*() {
    const read = yield* Result.mapError(decodeNewList(list), () => refused(Refusals.invalidJson))
    const id = yield* idOf("list", given, (id) => account.lists.has(id), newId)
    const append = yield* readItems(read.kind, items, newId)
    const added = yield* Result.mapError(ListRecord.add(account, read, id, at), refused)
    account.lists.set(id, { ...added, references, items: append([], at) })
    return id
  })

/** Everything but the `baseUrl`. */
export const make = ({ anyAccountId, clock, faults, newId, requestLog, state, timestamp }: Options) => {
  const now = Effect.sync(() => clock.currentTimeMillisUnsafe())

  const findAccount = (accountId: string, at: number) =>
    anyAccountId || Account.isId(accountId)
      ? Effect.succeed(state.account(accountId, at))
      : Effect.fail(error(new SimulatorError.AccountIdRefused({ accountId })))

  const find = (id: string, at: number) => [...state.accounts(at).values()].find(({ operations }) => operations.has(id))

  const openOperation = Effect.fnUntraced(function*(operationId: string) {
    const at = yield* now
    const notOpen = (state: SimulatorError.OperationNotOpen["state"]) =>
      error(new SimulatorError.OperationNotOpen({ operationId, state }))
    const account = find(operationId, at)
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

  return {
    inject: (fault: Draw<Fault.Fault>, when: Fault.When = {}) =>
      Effect.sync(() => {
        OptionChecks.when(when)
        faults.inject(fault, when)
      }),
    clearFaults: Effect.sync(() => faults.clear()),
    planNext: (...plans: ReadonlyArray<OperationPlan.OperationPlan>) =>
      Effect.sync(() => {
        plans.forEach(OptionChecks.plan)
        state.planNext(plans)
      }),
    createList: Effect.fn("Simulator.createList")(
      function*({ accountId = Account.defaultId, ...list }: SimulatorState.NewList) {
        OptionChecks.count("references", 0, list.references)
        const at = yield* now
        const account = yield* findAccount(accountId, at)
        return yield* Effect.mapError(Effect.fromResult(addList(account, list, at, newId)), error)
      }
    ),
    startOperation: Effect.fn("Simulator.startOperation")(
      function*({ accountId = Account.defaultId, id: given, ...plan }: SimulatorState.NewOperation = {}) {
        const at = yield* now
        const account = yield* findAccount(accountId, at)
        const isTaken = (id: string) => find(id, at) !== undefined
        const id = yield* Effect.mapError(Effect.fromResult(idOf("operation", given, isTaken, newId)), error)
        const operation = yield* state.start(account, at, id, plan)
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
    state: Effect.map(now, (at) => snapshot(state.accounts(at), at, timestamp))
  }
}

const snapshot = (
  accounts: ReadonlyMap<string, Account.Account>,
  now: number,
  timestamp: (at: number) => string
): SimulatorState.State => {
  const all = [...accounts]
  return {
    lists: all.flatMap(([accountId, { lists }]) =>
      [...lists.values()].map(({ id, items, kind, name }) => ({
        accountId,
        id,
        name,
        kind,
        items: items.map((item) => ItemPage.view(item, timestamp))
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
