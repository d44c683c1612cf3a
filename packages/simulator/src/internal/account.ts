/**
 * An account's lists and bulk operations, as a function of time: nothing happens in the background. Whoever looks at
 * the account settles it first, which applies what has come due since, in order.
 */
import * as BulkOperation from "@bulk-operations/core/BulkOperation"
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import type { Outcome } from "../OperationPlan.ts"
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

/** Chance taken: how long this one operation takes, in milliseconds, and how it ends. */
export interface Plan {
  readonly pendingFor: number
  readonly duration: number
  readonly outcome: Outcome
}

export interface Operation {
  readonly id: string
  /** Absent for an operation that was started without a list. */
  readonly listId: string | undefined
  readonly plan: Plan
  readonly change: Change
  readonly acceptedAt: Instant
  /** When its turn came; absent while it waits behind another operation of its list. */
  readonly begunAt: Instant | undefined
  readonly end: { readonly at: Instant; readonly outcome: Outcome } | undefined
}

export interface Account {
  readonly lists: Map<string, List>
  readonly operations: Map<string, Operation>
  /** Ids of the operations that have not ended, in the order of their writes. */
  readonly open: Set<string>
  /** When the last operation of a list ended: the next one begins no sooner. */
  readonly freeSince: Map<string, Instant>
}

/** The example of Cloudflare's own documentation. */
export const defaultId = BulkOperation.AccountId.make("023e105f4ecef8ad9ca31a8372d0c353")

/** Source: the OpenAPI schema. */
export const isId = (id: string): boolean => id.length === 32

export const make = (): Account => ({
  lists: new Map(),
  operations: new Map(),
  open: new Set(),
  freeSince: new Map()
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

/** Brings the account up to `now`. Operations of one list take their turns in the order of their writes. */
export const settle = (account: Account, now: Instant): void => {
  const busy = new Set<string>()
  for (const id of account.open) {
    const operation = account.operations.get(id)
    // An operation without a list waits for nobody.
    const lane = operation?.listId ?? id
    if (operation === undefined || busy.has(lane)) continue
    const begunAt = operation.begunAt ?? Math.max(operation.acceptedAt, account.freeSince.get(lane) ?? 0)
    const endsAt = begunAt + operation.plan.duration
    if (endsAt > now) {
      account.operations.set(id, { ...operation, begunAt })
      busy.add(lane)
    } else {
      end(account, { ...operation, begunAt }, endsAt, operation.plan.outcome)
    }
  }
}

/** Ends the operation at once. Its effect on the list, if it has one, takes place now. */
export const end = (account: Account, operation: Operation, at: Instant, planned: Outcome): void => {
  const { change, id, listId } = operation
  const list = listId === undefined ? undefined : account.lists.get(listId)
  // Chosen: no source tells what becomes of an operation whose list was deleted meanwhile.
  const outcome: Outcome = listId !== undefined && list === undefined && planned._tag === "Completed"
    ? { _tag: "Failed", error: "list not found" }
    : planned
  if (list !== undefined && outcome._tag === "Completed") {
    account.lists.set(list.id, { ...list, items: change(list.items, at), modifiedOn: at })
  }
  account.operations.set(id, { ...operation, begunAt: operation.begunAt ?? at, end: { at, outcome } })
  account.open.delete(id)
  if (listId !== undefined) account.freeSince.set(listId, at)
}
