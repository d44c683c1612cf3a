/** Checks all items of a write before anything is sent: every wrong one is reported with its position and reason. */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Excerpt from "./internal/excerpt.ts"
import * as ListItem from "./ListItem.ts"

/**
 * A wrong item.
 *
 * @example
 * import { InvalidItems, ListItem } from "@bulk-operations/lists"
 * import { Result, Schema } from "effect"
 *
 * // As plain data, for example for a JSON response.
 * const encode = Schema.encodeSync(Schema.Array(InvalidItems.InvalidItem))
 * Result.match(InvalidItems.check([ListItem.asn(0)]), { onFailure: ({ invalid }) => encode(invalid), onSuccess: () => [] })
 * // => [{ position: 0, item: "\"0\"", reason: "an AS number is a whole number from 1 to 4294967295" }]
 */
export const InvalidItem = Schema.Struct({
  /** Its position, counted from 0 as in Cloudflare's own messages. */
  position: Schema.Int,
  /** The item as people know it, at most 80 characters long. */
  item: Schema.String,
  /** Why Cloudflare refuses it. */
  reason: Schema.String
})
export type InvalidItem = typeof InvalidItem.Type

/**
 * How many wrong items are reported in full; the others are only counted.
 *
 * @example
 * import { InvalidItems, ListItem } from "@bulk-operations/lists"
 * import { Result } from "effect"
 *
 * const wrong = Array.from({ length: 30 }, (_, n) => ListItem.ip(`192.0.2.${300 + n}`))
 * const error = Result.getOrThrow(Result.flip(InvalidItems.check(wrong)))
 * error.count // => 30
 * error.invalid.length // => InvalidItems.maxReported
 */
export const maxReported = 20

/** Some items are wrong; nothing was sent. */
export class InvalidItems
  extends Schema.TaggedError<InvalidItems>("@bulk-operations/lists/InvalidItems")("InvalidItems", {
    /** The first 20 of the wrong items. */
    invalid: Schema.Array(InvalidItem),
    /** How many items are wrong in all. */
    count: Schema.Int,
    /** How many items were given. */
    total: Schema.Int
  })
{
  override get message(): string {
    const lines = this.invalid.map(({ item, position, reason }) => `\n  position ${position}, ${item}: ${reason}`)
    const rest = this.count - lines.length
    return `${this.count} of ${this.total} items ${this.count === 1 ? "is" : "are"} wrong, so nothing was sent:` +
      lines.join("") + (rest > 0 ? `\n  and ${rest} more` : "")
  }
}

/**
 * The items in Cloudflare's normalized form, or everything that is wrong with them: invalid items, mixed kinds, and
 * duplicates.
 *
 * @example
 * import { InvalidItems, ListItem } from "@bulk-operations/lists"
 * import { Result } from "effect"
 *
 * const items = [ListItem.ip("192.0.2.1"), ListItem.ip("192.0.2.300"), ListItem.ip("192.0.2.1/32")]
 * const [invalid, same] = Result.match(InvalidItems.check(items), {
 *   onFailure: ({ invalid }) => invalid.map(({ position, reason }) => `${position}: ${reason}`),
 *   onSuccess: () => []
 * })
 * invalid // => "1: not an IP address, such as 192.0.2.1, 192.0.2.0/24 or 2001:db8::/32"
 * same // => "2: the same as the item at position 0"
 */
export const check = (
  items: ReadonlyArray<ListItem.ListItem>,
  kind: ListItem.ListKind | undefined = items[0]?.kind
): Result.Result<ReadonlyArray<ListItem.ListItem>, InvalidItems> => {
  const valid: Array<ListItem.ListItem> = []
  const invalid: Array<InvalidItem> = []
  const seen = new Map<string, number>()
  let count = 0
  for (const [position, item] of items.entries()) {
    const checked = checkOne(item, kind, position, seen)
    if (Result.isSuccess(checked)) {
      valid.push(checked.success)
    } else if (++count <= maxReported) {
      invalid.push({ position, item: Excerpt.quoted(ListItem.show(item)), reason: checked.failure })
    }
  }
  return count === 0
    ? Result.succeed(valid)
    : Result.fail(new InvalidItems({ invalid, count, total: items.length }))
}

const checkOne = (
  item: ListItem.ListItem,
  kind: ListItem.ListKind | undefined,
  position: number,
  seen: Map<string, number>
): Result.Result<ListItem.ListItem, string> => {
  if (item.kind !== kind) return Result.fail(`of kind ${item.kind} among items of kind ${kind}`)
  return Result.flatMap(ListItem.normalize(item), (normal) => {
    const key = ListItem.key(normal)
    const first = seen.get(key)
    if (first !== undefined) return Result.fail(`the same as the item at position ${first}`)
    seen.set(key, position)
    return Result.succeed(normal)
  })
}
