/**
 * An account's lists and bulk operations, as a function of time: nothing happens in the background. Every access
 * settles the account first, which applies all due events in order.
 */
import * as BulkOperation from "@bulk-operations/core/BulkOperation"
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import type { Outcome } from "../OperationPlan.ts"
import * as Agenda from "./agenda.ts"
import type { Change, Instant, ItemSet } from "./items/itemSet.ts"
import type { Kind } from "./items/newItem.ts"

export interface List {
  readonly id: string
  readonly kind: Kind
  readonly name: string
  readonly description: string | undefined
  readonly references: number
  readonly createdOn: Instant
  readonly modifiedOn: Instant
  readonly items: ItemSet
}

/** The drawn plan: how long this operation takes, in milliseconds, and how it ends. */
export interface Plan {
  readonly pendingFor: number
  readonly duration: number
  readonly outcome: Outcome
  readonly readableAfter: number
}

export interface Operation {
  readonly id: string
  /** Absent for an operation that was started without a list. */
  readonly listId: string | undefined
  readonly plan: Plan
  /** The written change; absent once the operation has ended. */
  readonly change: Change | undefined
  readonly acceptedAt: Instant
  /** When it began; absent while it waits behind another operation of its list. */
  readonly begunAt: Instant | undefined
  readonly end: { readonly at: Instant; readonly outcome: Outcome } | undefined
}

type Event =
  | { readonly _tag: "End"; readonly operationId: string }
  /** A change, made when its operation ended, becomes readable. */
  | { readonly _tag: "Change"; readonly listId: string; readonly change: Change; readonly madeAt: Instant }

export interface Account {
  readonly lists: Map<string, List>
  readonly operations: Map<string, Operation>
  /** Ids of the operations that have not ended. */
  readonly open: Set<string>
  /**
   * For each list, the ids of its operations that have not ended, in the order of their writes. The first one has
   * begun.
   */
  readonly lanes: Map<string, Set<string>>
  /** When the last change of a list becomes readable, if it is not yet: later changes cannot become readable sooner. */
  readonly readableAt: Map<string, Instant>
  readonly agenda: Agenda.Agenda<Event>
}

/** The example of Cloudflare's own documentation. */
export const defaultId = BulkOperation.AccountId.make("023e105f4ecef8ad9ca31a8372d0c353")

/** Source: the OpenAPI schema. */
export const isId = (id: string): boolean => id.length === 32

export const make = (): Account => ({
  lists: new Map(),
  operations: new Map(),
  open: new Set(),
  lanes: new Map(),
  readableAt: new Map(),
  agenda: Agenda.make()
})

const isRunning = ({ begunAt, plan }: Operation, now: Instant): boolean =>
  begunAt !== undefined && now >= begunAt + Math.min(plan.pendingFor, plan.duration)

export const toBulkOperation = (operation: Operation, now: Instant): BulkOperation.BulkOperation => {
  const id = BulkOperation.OperationId.make(operation.id)
  if (operation.end === undefined) {
    return isRunning(operation, now) ? BulkOperation.Running.make({ id }) : BulkOperation.Pending.make({ id })
  }
  const { at, outcome } = operation.end
  const completed = Option.some(DateTime.makeUnsafe(at))
  return outcome._tag === "Completed"
    ? BulkOperation.Completed.make({ id, completed })
    : BulkOperation.Failed.make({ id, completed, error: Option.liftPredicate(outcome.error, (error) => error !== "") })
}

/** Accepts an operation. Those of one list run in the order of their writes; one without a list does not wait. */
export const accept = (account: Account, operation: Operation): void => {
  settle(account, operation.acceptedAt)
  account.operations.set(operation.id, operation)
  account.open.add(operation.id)
  const lane = account.lanes.get(operation.listId ?? operation.id) ?? new Set()
  account.lanes.set(operation.listId ?? operation.id, lane.add(operation.id))
  if (lane.size === 1) begin(account, operation, operation.acceptedAt)
  settle(account, operation.acceptedAt)
}

const begin = (account: Account, operation: Operation, at: Instant): void => {
  account.operations.set(operation.id, { ...operation, begunAt: at })
  const endsAt = at + operation.plan.duration
  if (endsAt !== Infinity) account.agenda.add(endsAt, { _tag: "End", operationId: operation.id })
}

/** Brings the account up to `now`. The cost depends on the due events, not on the open operations. */
export const settle = (account: Account, now: Instant): void => {
  for (let due = account.agenda.next(now); due !== undefined; due = account.agenda.next(now)) {
    const { at, entry } = due
    if (entry._tag === "Change") apply(account, entry.listId, entry.change, entry.madeAt)
    else {
      const operation = account.operations.get(entry.operationId)
      // An operation that was ended by hand is still on the agenda.
      if (operation !== undefined && operation.end === undefined) end(account, operation, at, operation.plan.outcome)
    }
  }
}

/** Ends the operation now, and makes its change of the list, if any. */
export const end = (account: Account, operation: Operation, at: Instant, planned: Outcome): void => {
  const { change, id, listId, plan } = operation
  // Chosen: no source says what happens to an operation whose list was deleted meanwhile.
  const outcome: Outcome = listId !== undefined && !account.lists.has(listId) && planned._tag === "Completed"
    ? { _tag: "Failed", error: "list not found" }
    : planned
  account.operations.set(id, { ...operation, change: undefined, end: { at, outcome } })
  account.open.delete(id)
  if (listId !== undefined && change !== undefined && outcome._tag === "Completed") {
    makeChange(account, listId, change, at, plan.readableAfter)
  }
  endTurn(account, operation, at)
}

const endTurn = (account: Account, { id, listId = id }: Operation, at: Instant): void => {
  const lane = account.lanes.get(listId)
  lane?.delete(id)
  const [nextId] = lane ?? []
  const next = nextId === undefined ? undefined : account.operations.get(nextId)
  if (next === undefined) account.lanes.delete(listId)
  else begin(account, next, at)
}

const makeChange = (account: Account, listId: string, change: Change, at: Instant, readableAfter: number): void => {
  const readableAt = Math.max(at + readableAfter, account.readableAt.get(listId) ?? 0)
  if (readableAt <= at) return apply(account, listId, change, at)
  account.readableAt.set(listId, readableAt)
  if (readableAt !== Infinity) account.agenda.add(readableAt, { _tag: "Change", listId, change, madeAt: at })
}

const apply = (account: Account, listId: string, change: Change, madeAt: Instant): void => {
  const list = account.lists.get(listId)
  if (list === undefined) return
  account.lists.set(listId, { ...list, items: change(list.items, madeAt), modifiedOn: madeAt })
}
