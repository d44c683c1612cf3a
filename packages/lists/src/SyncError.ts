/** Errors of a sync, in addition to those of any write. */
import { CloudflareError } from "@bulk-operations/core/CloudflareError"
import { BulkOperationFailed, PollTimeout } from "@bulk-operations/poll/WaitError"
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import { AnotherOperationPending, OutcomeUnknown } from "./WriteError.ts"

/**
 * More items would be deleted than `maxDeletions` allows. Nothing was written.
 *
 * @example
 * import { ListItem, ListItems } from "@bulk-operations/lists"
 * import { ListsTest } from "@bulk-operations/lists/testing"
 * import { Effect } from "effect"
 *
 * const sync = ListItems.ListItems.use((items) => items.sync("list", [ListItem.asn(1)], { maxDeletions: 1 })).pipe(
 *   Effect.as("synced"),
 *   Effect.catchTags({
 *     TooManyDeletions: ({ deletions }) => Effect.succeed(`${deletions} would go`),
 *     SyncIncomplete: ({ remaining }) => Effect.succeed(`${remaining} are still to go`),
 *     SyncNotVisible: () => Effect.succeed("what was written cannot be read yet")
 *   })
 * )
 * const held = ListsTest.layer([{ id: "list", kind: "asn", items: [2, 3, 4].map((number) => ListItem.asn(number)) }])
 *
 * await Effect.runPromise(Effect.provide(sync, held)) // => "3 would go"
 */
export class TooManyDeletions extends Schema.TaggedError<TooManyDeletions>("@bulk-operations/lists/TooManyDeletions")(
  "TooManyDeletions",
  {
    listId: Schema.String,
    /** Items that would be deleted. */
    deletions: Schema.Int,
    /** Items in the list. */
    held: Schema.Int,
    /** How many may be deleted. */
    allowed: Schema.Int
  }
) {
  override get message(): string {
    return `${this.deletions} of the ${this.held} items of list ${this.listId} would be deleted, but maxDeletions ` +
      `allows only ${this.allowed}, so nothing was written. Check the source of the items; if it is right, raise maxDeletions.`
  }
}

/** Only the first of two writes has taken effect: new items are in the list, and old ones still are. */
export class SyncIncomplete extends Schema.TaggedError<SyncIncomplete>("@bulk-operations/lists/SyncIncomplete")(
  "SyncIncomplete",
  {
    listId: Schema.String,
    /** Items that were added or changed. */
    written: Schema.Int,
    /** Items that are still to be deleted. */
    remaining: Schema.Int,
    /** Why they were not deleted. */
    cause: Schema.Union([AnotherOperationPending, OutcomeUnknown, BulkOperationFailed, PollTimeout, CloudflareError])
  }
) {
  override get message(): string {
    return `List ${this.listId} has the ${this.written} new or changed items, but ${this.remaining} unwanted ` +
      `items were not deleted: ${this.cause.message} Another sync does the rest.`
  }
}

/** All writes have completed, but the list did not show them in time. */
export class SyncNotVisible extends Schema.TaggedError<SyncNotVisible>("@bulk-operations/lists/SyncNotVisible")(
  "SyncNotVisible",
  {
    listId: Schema.String,
    /** Wanted items that are not shown, or shown with other content. */
    missing: Schema.Int,
    /** Unwanted items that are shown. */
    extra: Schema.Int,
    waited: Schema.Duration
  }
) {
  override get message(): string {
    return `The operations on list ${this.listId} have completed, but ${
      Duration.format(this.waited)
    } later it did not ` +
      `show ${this.missing} wanted items and still showed ${this.extra} others. Somebody else may have written to it.`
  }
}
