/** Errors of a write to a list, except wrong items and `CloudflareError`. */
import { CloudflareError } from "@bulk-operations/core/CloudflareError"
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"

/**
 * The action of a write.
 *
 * @example
 * import { WriteError } from "@bulk-operations/lists"
 *
 * WriteError.Action.literals // => ["create", "replace", "delete"]
 */
export const Action = Schema.Literals(["create", "replace", "delete"])
export type Action = typeof Action.Type

const describe: Readonly<Record<Action, string>> = {
  create: "adding items",
  replace: "replacing all items",
  delete: "deleting items"
}

/**
 * No items were given, which would empty the list or do nothing. Nothing was sent.
 *
 * The usual cause is an empty file or query, which must not empty a blocklist.
 */
export class NoItems extends Schema.TaggedError<NoItems>("@bulk-operations/lists/NoItems")("NoItems", {
  listId: Schema.String,
  action: Schema.Literals(["create", "replace", "delete", "sync"])
}) {
  override get message(): string {
    return this.action === "replace" || this.action === "sync"
      ? `There are no items, and ${this.action} would empty list ${this.listId}, so nothing was sent. ` +
        "If that is intended, set allowEmpty: true."
      : `There are no items to ${this.action}, so nothing was sent to list ${this.listId}.`
  }
}

/**
 * Cloudflare refused the write for as long as it was retried, because another bulk operation of the account was
 * pending, which this process did not start. Nothing was written.
 *
 * **Gotcha:** Cloudflare gives the same answer (429, code 10040) for its limits on writes: 1,000,000 items and 30,000
 * requests in 12 hours.
 */
export class AnotherOperationPending
  extends Schema.TaggedError<AnotherOperationPending>("@bulk-operations/lists/AnotherOperationPending")(
    "AnotherOperationPending",
    {
      accountId: Schema.String,
      listId: Schema.String,
      /** How often the write was sent. */
      attempts: Schema.Int,
      /** How long it was tried. */
      waited: Schema.Duration,
      /** Cloudflare's last refusal. */
      cause: CloudflareError
    }
  )
{
  override get message(): string {
    const [time, attempts] = this.attempts === 1
      ? ["", "1 attempt"]
      : [` for ${Duration.format(this.waited)}`, `${this.attempts} attempts`]
    return `Another bulk operation of account ${this.accountId} was pending${time}, so list ${this.listId} was not ` +
      `written to (${attempts}). Somebody else writes to lists of this ` +
      `account, or its limit on writes is reached (1,000,000 items or 30,000 requests in 12 hours). ` +
      `Last answer: ${this.cause.message}`
  }
}

/**
 * The write was sent and its answer was lost: it is unknown whether Cloudflare has begun it.
 *
 * Read the list again after a minute to find out. Repeating the write is safe: the list ends up the same.
 * `onLostAnswer: "repeat"` repeats it for you.
 */
export class OutcomeUnknown extends Schema.TaggedError<OutcomeUnknown>("@bulk-operations/lists/OutcomeUnknown")(
  "OutcomeUnknown",
  {
    listId: Schema.String,
    action: Action,
    /** The error instead of an answer. */
    cause: CloudflareError
  }
) {
  override get message(): string {
    return `It is unknown whether ${describe[this.action]} of list ${this.listId} has begun: the answer was lost ` +
      `(${this.cause.message}) Check what the list holds in a minute, or do the same once more, which is safe: ` +
      `onLostAnswer: "repeat" does so.`
  }
}

/**
 * Errors of a write, except wrong items.
 *
 * @example
 * import { ListItem, ListItems } from "@bulk-operations/lists"
 * import { ListsTest } from "@bulk-operations/lists/testing"
 * import { Effect } from "effect"
 *
 * const replace = (listId: string, items: ReadonlyArray<ListItem.ListItem>) =>
 *   ListItems.ListItems.use((service) => service.replaceAndWait(listId, items)).pipe(
 *     Effect.as("replaced"),
 *     Effect.catchTags({
 *       NoItems: () => Effect.succeed("nothing was given"),
 *       AnotherOperationPending: () => Effect.succeed("somebody else writes"),
 *       OutcomeUnknown: () => Effect.succeed("read the list"),
 *       InvalidItems: ({ message }) => Effect.succeed(message)
 *     })
 *   )
 *
 * await Effect.runPromise(Effect.provide(replace("list", []), ListsTest.layer([{ id: "list", kind: "ip" }])))
 * // => "nothing was given"
 */
export type WriteError = NoItems | AnotherOperationPending | OutcomeUnknown | CloudflareError
