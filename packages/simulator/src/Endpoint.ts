/**
 * The endpoints that the simulator answers, named as the official client names them under `client.rules`.
 */

/** One of the eleven endpoints. `lists.items.update` is the `PUT` that replaces all items. */
export type Endpoint =
  | "lists.list"
  | "lists.create"
  | "lists.get"
  | "lists.update"
  | "lists.delete"
  | "lists.items.list"
  | "lists.items.get"
  | "lists.items.create"
  | "lists.items.update"
  | "lists.items.delete"
  | "lists.bulkOperations.get"
