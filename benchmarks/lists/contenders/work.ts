/**
 * What this library does with items in memory: checks them, writes them as JSON, compares them with what a list holds.
 */
import { InvalidItems, ListItem, SyncPlan } from "@bulk-operations/lists"
import { Result } from "effect"
import { HttpClientRequest } from "effect/http"
import type { Make } from "../../harness/contender.ts"
import { check } from "../account.ts"

const item = (n: number) =>
  ListItem.ip(
    n % 2 === 0
      ? `10.${n >>> 16}.${(n >>> 8) & 255}.${n & 255}`
      : `2001:db8:${(n >>> 16).toString(16)}::${(n & 0xffff).toString(16)}`,
    { comment: `seen scanning, report ${n}` }
  )

const items = (from: number, count: number) => Array.from({ length: count }, (_, n) => item(from + n))

const works: Readonly<Record<string, (count: number) => void>> = {
  // As the body of a write is made.
  write: (count) => {
    const { body } = HttpClientRequest.bodyJsonUnsafe(
      HttpClientRequest.post("/items"),
      Result.getOrThrow(InvalidItems.check(items(0, count))).map((
        item
      ) => (item.kind === "ip" ? { ip: item.ip, comment: item.comment } : {}))
    )
    check(body._tag === "Uint8Array" ? 1 : 0, 1)
  },
  sync: (count) => {
    const held = items(0, count).map((item, n) => ({ ...item, id: String(n) }))
    const wanted = Result.getOrThrow(InvalidItems.check(items(count / 100, count)))
    const { added, deleted } = SyncPlan.make(wanted, held)
    check(added.length + deleted.length, count / 50)
  }
}

export const make: Make = ({ work = "" }) => ({
  run: (count) => Promise.resolve(works[work]?.(count))
})
