/**
 * The endpoints that the simulator answers, named as the official client names them under `client.rules`.
 */
import * as Schema from "effect/Schema"

/** One of the eleven endpoints. `lists.items.update` is the `PUT` that replaces all items. */
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
  "lists.bulkOperations.get"
])
export type Endpoint = typeof Endpoint.Type
