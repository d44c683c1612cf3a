/**
 * The items of a write, or why it is refused as a whole.
 *
 * Chosen: of several mistakes only the first is reported, kinds before values and values before duplicates.
 */
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Refusals from "../refusals.ts"
import type { Refusal } from "../reply.ts"
import * as Asn from "./asn.ts"
import * as Hostname from "./hostname.ts"
import * as Ip from "./ip.ts"
import { type Kind, name, type NewItem, type Read } from "./newItem.ts"
import * as Redirect from "./redirect.ts"

type Reading = Result.Result<ReadonlyArray<NewItem>, Refusal>

const longestComment = 500

const reader = <A extends { readonly comment?: string }>(schema: Schema.Decoder<A>, read: Read<A>) => {
  const decode = Schema.decodeUnknownResult(Schema.Array(schema), { onExcessProperty: "error" })
  const readOne = (item: A, position: number) =>
    (item.comment ?? "").length > longestComment
      ? Result.fail(
        Refusals.invalidValue("comment", position, `comments should have at most ${longestComment} characters`)
      )
      : read(item, position)
  return (body: unknown): Reading =>
    Result.flatMap(Result.mapError(decode(body), () => Refusals.invalidJson), (items) => Result.all(items.map(readOne)))
}

const readers = {
  ip: reader(Ip.Ip, Ip.read),
  redirect: reader(Redirect.Redirect, Redirect.read),
  hostname: reader(Hostname.Hostname, Hostname.read),
  asn: reader(Asn.Asn, Asn.read)
}

const kinds: ReadonlyArray<Kind> = ["ip", "redirect", "hostname", "asn"]

const kindOf = (item: unknown) => Predicate.isObject(item) ? kinds.find((kind) => kind in item) : undefined

const checkKinds = (kind: Kind, body: unknown): Result.Result<unknown, Refusal> => {
  const found = new Set(Array.isArray(body) ? body.map(kindOf) : [])
  if (found.has(undefined)) return Result.fail(Refusals.invalidJson)
  if (found.size > 1) return Result.fail(Refusals.mixedKinds)
  return found.size === 1 && !found.has(kind) ? Result.fail(Refusals.otherKind) : Result.succeed(body)
}

const checkDuplicates = (kind: Kind, items: ReadonlyArray<NewItem>): Reading => {
  const seen = new Set<string>()
  for (const item of items) {
    if (seen.has(item.key)) return Result.fail(Refusals.duplicateItem(kind, name(item.value)))
    seen.add(item.key)
  }
  return Result.succeed(items)
}

export const read = (kind: Kind, body: unknown): Reading =>
  checkKinds(kind, body).pipe(
    Result.flatMap(readers[kind]),
    Result.flatMap((items) => checkDuplicates(kind, items))
  )
