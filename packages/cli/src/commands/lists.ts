/**
 * `lists`: the lists themselves.
 */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import { root } from "../root.ts"

const listArgument = { list: Argument.String("list").pipe(Argument.withDescription("The list, by id or name")) }

const description = Flag.String("description").pipe(
  Flag.withAlias("d"),
  Flag.withMetavar("text"),
  Flag.withDescription("What it is for, at most 500 characters")
)

const load = Effect.promise(() => import("../run/lists.ts"))

const all = Command.make("list", {}, () =>
  Effect.gen(function*() {
    return yield* (yield* load).list(yield* root)
  })).pipe(Command.withDescription("The lists of the account: id, kind, number of items, name."))

const get = Command.make("get", listArgument, ({ list }) =>
  Effect.gen(function*() {
    return yield* (yield* load).get(yield* root, list)
  })).pipe(Command.withDescription("One list."))

const create = Command.make("create", {
  name: Argument.String("name").pipe(Argument.withDescription("Letters, digits and underscores")),
  kind: Flag.Literals("kind", ["ip", "redirect", "hostname", "asn"]).pipe(
    Flag.withMetavar("kind"),
    Flag.withDescription("ip, redirect, hostname or asn. Default: ip"),
    Flag.withDefault("ip")
  ),
  description: Flag.optional(description)
}, (flags) =>
  Effect.gen(function*() {
    return yield* (yield* load).create(yield* root, flags)
  })).pipe(
    Command.withDescription("A new, empty list. Its id is printed."),
    Command.withExamples([
      { command: "bulk-operations lists create blocklist --kind ip", description: "A list of addresses" }
    ])
  )

const update = Command.make(
  "update",
  { ...listArgument, description },
  ({ description, list }) =>
    Effect.gen(function*() {
      return yield* (yield* load).update(yield* root, list, description)
    })
).pipe(Command.withDescription("Change a list's description. Name and kind cannot change."))

const remove = Command.make("delete", {
  ...listArgument,
  yes: Flag.Boolean("yes").pipe(
    Flag.withoutNegation,
    Flag.withAlias("y"),
    Flag.withDescription("Do not ask"),
    Flag.withDefault(false)
  )
}, ({ list, yes }) =>
  Effect.gen(function*() {
    return yield* (yield* load).remove(yield* root, list, yes)
  })).pipe(
    Command.withShortDescription("Delete a list with all its items"),
    Command.withDescription(
      "Delete a list with all its items. Asks first. Without a terminal it requires\n--yes; otherwise the exit code is 6."
    )
  )

export const lists = Command.make("lists").pipe(
  Command.withShortDescription("Read, create and delete lists"),
  Command.withDescription("Read, create and delete lists."),
  Command.withSubcommands([all, get, create, update, remove])
)
