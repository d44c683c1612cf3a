/**
 * The simulator's endpoints, with the names of the official client: those of Lists under `client.rules`, and the two
 * that verify a token under `client`.
 */
import * as Schema from "effect/Schema"

/**
 * The names of the endpoints, as a schema.
 *
 * @example
 * import { Endpoint } from "@bulk-operations/simulator"
 *
 * Endpoint.Endpoint.literals.includes("lists.bulkOperations.get") // => true
 */
export const Endpoint = Schema.Literals([
  "lists.list",
  "lists.create",
  "lists.get",
  "lists.update",
  "lists.delete",
  "lists.items.list",
  "lists.items.get",
  "lists.items.create",
  "lists.items.update",
  "lists.items.delete",
  "lists.bulkOperations.get",
  "user.tokens.verify",
  "accounts.tokens.verify"
])

/** One of the endpoints. `lists.items.update` is the `PUT` that replaces all items. */
export type Endpoint = typeof Endpoint.Type
