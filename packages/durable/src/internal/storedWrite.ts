/** The stored form of a write with all its items, and the check whether a list shows its effect. */
import * as ListItem from "@bulk-operations/lists/ListItem"
import * as SyncPlan from "@bulk-operations/lists/SyncPlan"
import * as Digest from "effect/crypto/Digest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

const Content = Schema.Union([
  Schema.Struct({ action: Schema.Literal("create"), items: Schema.Array(ListItem.ListItem) }),
  Schema.Struct({ action: Schema.Literal("replace"), items: Schema.Array(ListItem.ListItem) }),
  Schema.Struct({ action: Schema.Literal("delete"), itemIds: Schema.Array(Schema.String) })
])

/** What is written. */
export type Content = typeof Content.Type

/** Version 1. Add a later version to the union, as for `StoredWait`. */
const Version1 = Schema.Struct({
  version: Schema.Literal(1),
  key: Schema.String,
  listId: Schema.String,
  accountId: Schema.optionalKey(Schema.String),
  content: Content,
  /** How long to wait for its operation after it was sent; if absent, without limit. */
  timeout: Schema.optionalKey(Schema.DurationFromMillis),
  requestCost: Schema.optionalKey(Schema.DurationFromMillis),
  tolerance: Schema.optionalKey(Schema.DurationFromMillis),
  notFoundGrace: Schema.optionalKey(Schema.DurationFromMillis)
})

/** Every version that can be in a store. */
export const StoredWrite = Schema.Union([Version1])
export type StoredWrite = typeof StoredWrite.Type

/** A write with the default options of waiting. */
export const make = (write: {
  readonly accountId: string | undefined
  readonly content: Content
  readonly key: string
  readonly listId: string
}): StoredWrite => {
  const { accountId, content, key, listId } = write
  return { version: 1, key, listId, content, ...(accountId !== undefined && { accountId }) }
}

/** Identifies a write. */
export const keyOf = ({ accountId, key, listId }: StoredWrite): string =>
  JSON.stringify([accountId ?? null, listId, key])

const encodeContent = Schema.encodeEffect(Schema.fromJsonString(Schema.toCodecJson(Content)))

/** Equal for two writes with the same content. */
export const fingerprint = (content: Content): Effect.Effect<string, never, Digest.Digest> =>
  Effect.gen(function*() {
    const digest = yield* Digest.Digest
    const text = yield* Effect.orDie(encodeContent(content))
    return yield* digest.digestHex(Digest.sha256, new TextEncoder().encode(text))
  })

/** The part of a write that a list with these items does not show; undefined if the write has taken effect. */
export const missing = (content: Content, held: ReadonlyArray<ListItem.StoredItem>): Content | undefined => {
  switch (content.action) {
    case "create": {
      const { added, changed } = SyncPlan.make(content.items, held)
      return added.length + changed.length === 0 ? undefined : content
    }
    case "replace":
      return SyncPlan.make(content.items, held).method === "none" ? undefined : content
    case "delete": {
      const ids = new Set(held.map(({ id }) => id))
      const itemIds = content.itemIds.filter((id) => ids.has(id))
      return itemIds.length === 0 ? undefined : { action: "delete", itemIds }
    }
  }
}
