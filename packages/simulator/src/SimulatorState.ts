/**
 * What a simulator is given by hand, and what it holds.
 */
import type * as BulkOperation from "@bulk-operations/core/BulkOperation"
import type * as DateTime from "effect/DateTime"
import type * as Option from "effect/Option"
import type * as Schema from "effect/Schema"
import type { Kind } from "./internal/items/newItem.ts"
import type { OperationPlan } from "./OperationPlan.ts"

export type { Kind } from "./internal/items/newItem.ts"

/** A list to be there at once. */
export interface NewList {
  /** A new one by default. Given ones let recordings and other people's tests run unchanged. */
  readonly id?: string
  readonly name: string
  readonly kind: Kind
  readonly description?: string
  /** As they are written to the API, `{ ip: "192.0.2.1", comment: "a scanner" }`, with an `id` beside or without. */
  readonly items?: ReadonlyArray<Schema.JsonObject>
  /** In how many rules the list is used; with any, it cannot be deleted. */
  readonly references?: number
  /** `Simulator.accountId` by default. */
  readonly accountId?: string
}

/** An operation that touches no list. */
export interface NewOperation extends OperationPlan {
  /** A new one by default. */
  readonly id?: string
  /** `Simulator.accountId` by default. */
  readonly accountId?: string
}

/** All that a simulator holds. */
export interface State {
  readonly lists: ReadonlyArray<{
    readonly accountId: string
    readonly id: string
    readonly name: string
    readonly kind: Kind
    /** As the API answers them. */
    readonly items: ReadonlyArray<Schema.JsonObject>
  }>
  readonly operations: ReadonlyArray<{
    readonly accountId: string
    /** None if it was started with `startOperation`. */
    readonly listId: Option.Option<string>
    readonly acceptedAt: DateTime.Utc
    readonly operation: BulkOperation.BulkOperation
  }>
}
