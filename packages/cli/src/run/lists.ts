/**
 * Carries out `lists`.
 */
import type { List } from "@bulk-operations/lists/List"
import type { ListKind } from "@bulk-operations/lists/ListItem"
import { Lists } from "@bulk-operations/lists/Lists"
import * as Prompt from "effect/cli/Prompt"
import * as TerminalCapabilities from "effect/cli/TerminalCapabilities"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { NotConfirmed } from "../Failure.ts"
import { Output } from "../Output.ts"
import type { SharedFlags } from "../root.ts"
import * as Cloudflare from "./cloudflare.ts"
import * as Source from "./source.ts"

const textOf = ({ description, id, kind, name, num_items }: List) =>
  `${id}  ${kind.padEnd(8)}  ${String(num_items ?? "?").padStart(7)}  ${name}${description ? `  ${description}` : ""}`

const print = (list: List, text = textOf(list)) =>
  Output.use((output) => output.result(text, { type: "list", list: { ...list } }))

export const list = (shared: SharedFlags) =>
  Effect.gen(function*() {
    yield* Effect.forEach(yield* (yield* Lists).list(), (list) => print(list), { discard: true })
  }).pipe(Effect.provide(Cloudflare.layer(shared)))

export const get = (shared: SharedFlags, text: string) =>
  Effect.gen(function*() {
    yield* print(yield* Source.list(text))
  }).pipe(Effect.provide(Cloudflare.layer(shared)))

export const create = (
  shared: SharedFlags,
  { description, kind, name }: {
    readonly name: string
    readonly kind: ListKind
    readonly description: Option.Option<string>
  }
) =>
  Effect.gen(function*() {
    const list = yield* (yield* Lists).create({
      name,
      kind,
      ...(Option.isSome(description) && { description: description.value })
    })
    yield* print(list, list.id)
  }).pipe(Effect.provide(Cloudflare.layer(shared)))

export const update = (shared: SharedFlags, text: string, description: string) =>
  Effect.gen(function*() {
    const { id } = yield* Source.list(text)
    yield* print(yield* (yield* Lists).update(id, { description }))
  }).pipe(Effect.provide(Cloudflare.layer(shared)))

const confirm = Effect.fnUntraced(function*({ name, num_items }: List) {
  const { canPrompt } = yield* TerminalCapabilities.TerminalCapabilities
  if (!canPrompt) {
    return yield* new NotConfirmed({
      message: `List ${name} was not deleted: there is no terminal to confirm on. Add --yes.`
    })
  }
  const yes = yield* Prompt.run(
    Prompt.Confirm({
      message: `Delete list ${name} with its ${num_items ?? "unknown number of"} items?`,
      initial: false
    })
  ).pipe(Effect.catchTag("QuitError", () => Effect.interrupt))
  if (!yes) return yield* new NotConfirmed({ message: `List ${name} was not deleted.` })
})

export const remove = (shared: SharedFlags, text: string, yes: boolean) =>
  Effect.gen(function*() {
    const list = yield* Source.list(text)
    if (!yes) yield* confirm(list)
    yield* (yield* Lists).delete(list.id)
    yield* (yield* Output).result(`Deleted list ${list.name}`, { type: "listDeleted", listId: list.id })
  }).pipe(Effect.provide(Cloudflare.layer(shared)))
