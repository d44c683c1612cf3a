/** `items`: the items of lists. */
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { root } from "../root.ts"
import { duration, waiting } from "../Shared.ts"

const list = Argument.String("list").pipe(Argument.withDescription("The list, by id or name"))

const file = Argument.String("file").pipe(
  Argument.withDescription("Items; - or nothing for stdin"),
  Argument.optional
)

const flag = (name: string, description: string) =>
  Flag.Boolean(name).pipe(Flag.withoutNegation, Flag.withDescription(description), Flag.withDefault(false))

const reading = {
  format: Flag.Literals("format", ["lines", "csv", "json", "ndjson"]).pipe(
    Flag.withMetavar("format"),
    Flag.withDescription("lines, csv, json, ndjson. Default: by the name"),
    Flag.optional
  )
}

const writing = {
  list,
  file,
  ...reading,
  dryRun: flag("dry-run", "Show what would be done, and write nothing"),
  repeat: flag("repeat", "Repeat a write if its answer was lost"),
  patience: duration("patience", "zero").pipe(
    Flag.withDescription("How long to retry while others write. Default: 15m"),
    Flag.optional
  ),
  ...waiting
}

const noWait = { noWait: flag("no-wait", "Print the operation's id, and do not wait") }
const allowEmpty = { allowEmpty: flag("allow-empty", "Let an empty file empty the list") }

const createFlags = { ...writing, ...noWait }
const replaceFlags = { ...writing, ...noWait, ...allowEmpty }
const deleteFlags = { ...writing, ...noWait, ids: flag("ids", "The file holds item ids, one a line") }

const maxDeletions = (text: string): Option.Option<number> => {
  const share = /^(\d+(?:\.\d+)?)%$/.exec(text)?.[1]
  if (share !== undefined) {
    return Number(share) <= 100
      ? Option.some(share === "100" ? Number.POSITIVE_INFINITY : Number(share) / 100)
      : Option.none()
  }
  return /^\d+$/.test(text) ? Option.some(Number(text)) : Option.none()
}

const syncFlags = {
  ...writing,
  ...allowEmpty,
  maxDeletions: Flag.String("max-deletions").pipe(
    Flag.withMetavar("n"),
    Flag.withDescription("How many items may be deleted: 25, or 10%"),
    Flag.filterMap(maxDeletions, () => "Expected a number such as 25, or a share such as 10%"),
    Flag.optional
  )
}

const listFlags = {
  list,
  search: Flag.String("search").pipe(
    Flag.withMetavar("text"),
    Flag.withDescription("Addresses that begin with this, names that contain it"),
    Flag.optional
  )
}

export type WriteFlags = Command.Command.Config.Infer<typeof createFlags>
export type ReplaceFlags = Command.Command.Config.Infer<typeof replaceFlags>
export type DeleteFlags = Command.Command.Config.Infer<typeof deleteFlags>
export type SyncFlags = Command.Command.Config.Infer<typeof syncFlags>
export type ListFlags = Command.Command.Config.Infer<typeof listFlags>

const load = Effect.promise(() => import("../run/items.ts"))

const files =
  "Files: one value a line, Cloudflare's CSV, JSON or NDJSON. If a line is wrong,\nnothing is sent; each wrong line is reported with its number."

const create = Command.make("create", createFlags, (flags) =>
  Effect.gen(function*() {
    return yield* (yield* load).create(yield* root, flags)
  })).pipe(
    Command.withShortDescription("Add items"),
    Command.withDescription(`Add items to a list, and wait until they are in it.\n\n${files}`),
    Command.withExamples([
      { command: "bulk-operations items create blocklist ips.txt", description: "Add what a file holds" }
    ])
  )

const replace = Command.make("replace", replaceFlags, (flags) =>
  Effect.gen(function*() {
    return yield* (yield* load).replace(yield* root, flags)
  })).pipe(
    Command.withShortDescription("Replace all items"),
    Command.withDescription(`Replace all items of a list, and wait until that is done.\n\n${files}`),
    Command.withExamples([
      { command: "curl -fsS $URL | bulk-operations items replace blocklist", description: "From a pipe" }
    ])
  )

const remove = Command.make("delete", deleteFlags, (flags) =>
  Effect.gen(function*() {
    return yield* (yield* load).remove(yield* root, flags)
  })).pipe(
    Command.withShortDescription("Delete items"),
    Command.withDescription(
      `Delete items from a list by value, and wait until they are gone. Items that\nare not in the list are noted, and are no error.\n\n${files}`
    ),
    Command.withExamples([
      { command: "echo 192.0.2.1 | bulk-operations items delete blocklist", description: "Delete one address" }
    ])
  )

const sync = Command.make("sync", syncFlags, (flags) =>
  Effect.gen(function*() {
    return yield* (yield* load).sync(yield* root, flags)
  })).pipe(
    Command.withShortDescription("Make a list hold what a file holds"),
    Command.withDescription(
      `Make a list hold what a file holds, with as few writes as possible: none if\nnothing differs.\n\n${files}`
    ),
    Command.withExamples([
      { command: "bulk-operations items sync blocklist ips.txt --dry-run", description: "What would change" },
      {
        command: "bulk-operations items sync blocklist ips.txt --max-deletions 10%",
        description: "Refuse, with exit code 6, to delete more than a tenth"
      }
    ])
  )

const all = Command.make("list", listFlags, (flags) =>
  Effect.gen(function*() {
    return yield* (yield* load).list(yield* root, flags)
  })).pipe(
    Command.withShortDescription("The items of a list"),
    Command.withDescription(
      "The items of a list as Cloudflare's CSV, which create, replace and sync read:\none value a line, with its comment. --json gives all fields."
    ),
    Command.withExamples([
      { command: "bulk-operations items list blocklist > ips.csv", description: "A copy" }
    ])
  )

export const items = Command.make("items").pipe(
  Command.withShortDescription("Read and write the items of lists"),
  Command.withDescription("Read and write the items of lists. Writes wait for the end of their operation."),
  Command.withSubcommands([create, replace, remove, sync, all])
)
