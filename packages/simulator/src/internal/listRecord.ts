/** A list without its items: creating one, and its JSON. */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Account from "./account.ts"
import type { Instant } from "./items/itemSet.ts"
import { Kind } from "./items/newItem.ts"
import * as Refusals from "./refusals.ts"
import type { Refusal } from "./reply.ts"

export const Description = Schema.String.check(Schema.isMaxLength(500))

/** The documentation's pages allow only lower case in a name, but the schema allows both: this follows the schema. */
export const NewList = Schema.Struct({
  name: Schema.String.check(Schema.isPattern(/^[a-zA-Z0-9_]{1,50}$/)),
  kind: Kind,
  description: Schema.optionalKey(Description)
})

/** Adds an empty list. */
export const add = (
  account: Account.Account,
  { description, kind, name }: typeof NewList.Type,
  id: string,
  now: Instant
): Result.Result<Account.List, Refusal> => {
  if ([...account.lists.values()].some((list) => list.name === name)) return Result.fail(Refusals.nameTaken)
  const list: Account.List = {
    id,
    kind,
    name,
    description,
    references: 0,
    createdOn: now,
    modifiedOn: now,
    items: []
  }
  account.lists.set(id, list)
  return Result.succeed(list)
}

export const view = (list: Account.List, timestamp: (at: Instant) => string): Schema.JsonObject => ({
  id: list.id,
  name: list.name,
  // Recorded answers have no key for a description that was never given.
  ...(list.description === undefined ? {} : { description: list.description }),
  kind: list.kind,
  num_items: list.items.length,
  num_referencing_filters: list.references,
  created_on: timestamp(list.createdOn),
  modified_on: timestamp(list.modifiedOn)
})
