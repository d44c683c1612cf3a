/**
 * Carries out `items`.
 */
import type { Completed } from "@bulk-operations/core/BulkOperation"
import type { List } from "@bulk-operations/lists/List"
import * as ListItem from "@bulk-operations/lists/ListItem"
import { ListItems } from "@bulk-operations/lists/ListItems"
import type { PollTimeout } from "@bulk-operations/poll/WaitError"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { DeleteFlags, ListFlags, ReplaceFlags, SyncFlags, WriteFlags } from "../commands/items.ts"
import { Exit, ExitCode } from "../ExitCode.ts"
import * as Failure from "../Failure.ts"
import { Output } from "../Output.ts"
import type { SharedFlags } from "../root.ts"
import * as Cloudflare from "./cloudflare.ts"
import * as Interruption from "./interruption.ts"
import * as Operation from "./operation.ts"
import * as Resume from "./resume.ts"
import * as Source from "./source.ts"
import * as WaitOptions from "./waitOptions.ts"
import { Watch } from "./watch.ts"

type Common = Omit<WriteFlags, "noWait">

const plural = (n: number) => `${n} ${n === 1 ? "item" : "items"}`

// After a timeout or an interruption the operation continues, so both print how to resume.
const resumable = (shared: SharedFlags, flags: WaitOptions.WaitingFlags) => <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const output = yield* Output
    const watch = yield* Watch
    const began = yield* DateTime.now
    return yield* effect.pipe(
      Effect.tapError((error) => {
        if (!isPollTimeout(error)) return Effect.void
        const resume = Resume.command([error.operationId], error.startedAt, shared, flags)
        const { code, error: name, message } = Failure.of(error)
        return Effect.andThen(
          output.isJson
            ? output.event({
              type: "error",
              error: name,
              message,
              exitCode: code,
              operationId: error.operationId,
              resume
            })
            : output.note(`${message}\nTo resume waiting:\n  ${resume}`),
          Effect.fail(new Exit({ code: ExitCode.timedOut }))
        )
      }),
      Effect.onInterrupt(() =>
        Effect.flatMap(watch.active, (ids) => Interruption.report(ids, Resume.command(ids, began, shared, flags)))
      ),
      Effect.ensuring(watch.retried)
    )
  })

const isPollTimeout = (error: unknown): error is PollTimeout =>
  typeof error === "object" && error !== null && "_tag" in error && error._tag === "PollTimeout"

const writeOptions = Effect.fnUntraced(function*(flags: Common) {
  return {
    wait: yield* WaitOptions.of(flags),
    patience: Option.getOrUndefined(flags.patience),
    onLostAnswer: flags.repeat ? "repeat" as const : undefined,
    onRetry: (yield* Watch).retrying
  }
})

const did = { create: "Added", replace: "Replaced all by", delete: "Deleted" } as const

const printWritten = Effect.fnUntraced(function*(
  action: keyof typeof did,
  list: List,
  items: number,
  dryRun: boolean
) {
  const output = yield* Output
  const text = `${did[action]} ${plural(items)}: list ${list.name}`
  yield* output.result(dryRun ? `Dry run, nothing sent. ${text}` : text, {
    type: "written",
    listId: list.id,
    action,
    items,
    dryRun
  })
})

const printStarted = Effect.fnUntraced(function*(
  action: keyof typeof did,
  list: List,
  items: number,
  operationId: string
) {
  yield* (yield* Output).result(operationId, { type: "started", operationId, listId: list.id, action, items })
})

const printEnded = (...operations: ReadonlyArray<Completed>) =>
  Output.use((output) =>
    Effect.forEach(operations, (operation) => output.event(Operation.event(operation)), { discard: true })
  )

const write = Effect.fnUntraced(function*(
  action: "create" | "replace",
  shared: SharedFlags,
  flags: WriteFlags & { readonly allowEmpty?: boolean }
) {
  yield* Effect.gen(function*() {
    const lists = yield* ListItems
    const list = yield* Source.list(flags.list)
    const items = yield* Source.items(flags.file, flags.format, yield* Source.kindOf(list))
    const options = { ...(yield* writeOptions(flags)), allowEmpty: flags.allowEmpty }
    if (flags.dryRun) return yield* printWritten(action, list, items.length, true)
    if (flags.noWait) {
      return yield* printStarted(action, list, items.length, yield* lists[action](list.id, items, options))
    }
    yield* printEnded(yield* lists[action === "create" ? "createAndWait" : "replaceAndWait"](list.id, items, options))
    yield* printWritten(action, list, items.length, false)
  }).pipe(resumable(shared, flags), Effect.provide(Cloudflare.layer(shared, flags.history)))
})

export const create = (shared: SharedFlags, flags: WriteFlags) => write("create", shared, flags)
export const replace = (shared: SharedFlags, flags: ReplaceFlags) => write("replace", shared, flags)

// Ids of the items in the list that the file names.
const idsOf = Effect.fnUntraced(function*(list: List, flags: DeleteFlags) {
  if (flags.ids) return yield* Source.ids(flags.file)
  const output = yield* Output
  const items = yield* Source.items(flags.file, flags.format, yield* Source.kindOf(list))
  const wanted = new Map(items.map((item) => [ListItem.key(item), item]))
  const ids: Array<string> = []
  yield* Stream.runForEach((yield* ListItems).stream(list.id), (item) =>
    Effect.sync(() => {
      if (wanted.delete(ListItem.key(item))) ids.push(item.id)
    }))
  if (wanted.size > 0) {
    const some = Array.from(wanted.values()).slice(0, 5).map(ListItem.show).join(", ")
    yield* output.note(
      `note: not in list ${list.name}: ${some}${wanted.size > 5 ? ` and ${wanted.size - 5} more` : ""}`
    )
  }
  return ids
})

export const remove = Effect.fnUntraced(function*(shared: SharedFlags, flags: DeleteFlags) {
  yield* Effect.gen(function*() {
    const lists = yield* ListItems
    const list = yield* Source.list(flags.list)
    const ids = yield* idsOf(list, flags)
    const options = yield* writeOptions(flags)
    if (flags.dryRun || ids.length === 0) return yield* printWritten("delete", list, ids.length, flags.dryRun)
    if (flags.noWait) return yield* printStarted("delete", list, ids.length, yield* lists.delete(list.id, ids, options))
    yield* printEnded(yield* lists.deleteAndWait(list.id, ids, options))
    yield* printWritten("delete", list, ids.length, false)
  }).pipe(resumable(shared, flags), Effect.provide(Cloudflare.layer(shared, flags.history)))
})

export const sync = Effect.fnUntraced(function*(shared: SharedFlags, flags: SyncFlags) {
  yield* Effect.gen(function*() {
    const output = yield* Output
    const list = yield* Source.list(flags.list)
    const items = yield* Source.items(flags.file, flags.format, yield* Source.kindOf(list))
    const { added, changed, deleted, method, operations, unchanged } = yield* (yield* ListItems).sync(list.id, items, {
      ...(yield* writeOptions(flags)),
      dryRun: flags.dryRun,
      allowEmpty: flags.allowEmpty,
      maxDeletions: Option.getOrUndefined(flags.maxDeletions)
    })
    yield* printEnded(...operations)
    yield* output.result(
      `${flags.dryRun ? "Dry run, nothing sent. " : ""}List ${list.name}: ${added} added, ${changed} changed, ` +
        `${deleted} deleted, ${unchanged} unchanged`,
      { type: "sync", listId: list.id, dryRun: flags.dryRun, method, added, changed, deleted, unchanged }
    )
  }).pipe(resumable(shared, flags), Effect.provide(Cloudflare.layer(shared, flags.history)))
})

const cell = (text: string | number | boolean | undefined) => {
  const value = text === undefined ? "" : String(text)
  return /[",\r\n]/.test(value) ? `"${value.replaceAll("\"", "\"\"")}"` : value
}

/** An item in Cloudflare's CSV, which `create`, `replace` and `sync` read. Redirects have no comments there. */
export const lineOf = (item: ListItem.ListItem): string => {
  if (item.kind !== "redirect") {
    return item.comment === undefined ? ListItem.show(item) : `${ListItem.show(item)},${cell(item.comment)}`
  }
  const { redirect } = item
  return [
    redirect.source_url,
    redirect.target_url,
    redirect.status_code ?? 301,
    redirect.preserve_query_string ?? false,
    redirect.include_subdomains ?? false,
    redirect.subpath_matching ?? false,
    redirect.preserve_path_suffix ?? false
  ].map(cell).join(",")
}

const isJson = Schema.is(Schema.Json)

export const list = Effect.fnUntraced(function*(shared: SharedFlags, flags: ListFlags) {
  yield* Effect.gen(function*() {
    const output = yield* Output
    const { id } = yield* Source.list(flags.list)
    const pages = (yield* ListItems).pages(id, { search: Option.getOrUndefined(flags.search) })
    yield* Stream.runForEach(pages, ({ items }) =>
      output.isJson
        ? Effect.forEach(items, (item) => output.event({ type: "item", item: isJson(item) ? item : null }), {
          discard: true
        })
        : items.length === 0
        ? Effect.void
        : output.result(items.map(lineOf).join("\n"), { type: "item", item: null }))
  }).pipe(Effect.provide(Cloudflare.layer(shared)))
})
