/** Lists and operations to create by hand, and the state of a simulator. */
import type * as BulkOperation from "@bulk-operations/core/BulkOperation"
import type * as DateTime from "effect/DateTime"
import type * as Option from "effect/Option"
import type * as Schema from "effect/Schema"
import type { Kind } from "./internal/items/newItem.ts"
import type { OperationPlan } from "./OperationPlan.ts"

export type { Kind } from "./internal/items/newItem.ts"

/** A list to create at once. */
export interface NewList {
  /** A new one by default. Set it so that recordings and existing tests run unchanged. */
  readonly id?: string
  readonly name: string
  readonly kind: Kind
  readonly description?: string
  /** In the form of the API, `{ ip: "192.0.2.1", comment: "a scanner" }`, optionally with an `id`. */
  readonly items?: ReadonlyArray<Schema.JsonObject>
  /** How many rules use the list; a list in use cannot be deleted. */
  readonly references?: number
  /** `Simulator.accountId` by default. */
  readonly accountId?: string
}

/** An operation that changes no list. */
export interface NewOperation extends OperationPlan {
  /** A new one by default. */
  readonly id?: string
  /** `Simulator.accountId` by default. */
  readonly accountId?: string
}

/** The state of a simulator. */
export interface State {
  readonly lists: ReadonlyArray<{
    readonly accountId: string
    readonly id: string
    readonly name: string
    readonly kind: Kind
    /** In the form of the API's answers. */
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
