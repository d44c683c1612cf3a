/** Syncs a list: read it, plan, write, all in one turn of the write lane. */
import type { AccountId, Completed } from "@bulk-operations/core/BulkOperation"
import type { CloudflareApi } from "@bulk-operations/core/CloudflareApi"
import type { BulkOperationPoller } from "@bulk-operations/poll/BulkOperationPoller"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schedule from "effect/Schedule"
import type * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as InvalidItems from "../InvalidItems.ts"
import type { ListItem, StoredItem } from "../ListItem.ts"
import type { Waiting, WriteOptions } from "../ListItems.ts"
import { SyncIncomplete, SyncNotVisible, TooManyDeletions } from "../SyncError.ts"
import * as SyncPlan from "../SyncPlan.ts"
import type { Action } from "../WriteError.ts"
import type { Turn, WriteLane } from "../WriteLane.ts"
import type { Policy } from "../WritePolicy.ts"
import * as Call from "./call.ts"
import * as Durations from "./duration.ts"
import * as Reading from "./reading.ts"
import * as Wire from "./wire.ts"
import * as Writing from "./writing.ts"

/** Options of a sync. */
export interface SyncOptions extends WriteOptions, Waiting, SyncPlan.Options {
  /** Whether only to report what would be done. Default: no. */
  readonly dryRun?: boolean | undefined
  /** Whether an empty source may empty the list. Default: no. */
  readonly allowEmpty?: boolean | undefined
  /**
   * How many items may be deleted: a whole number, or, below 1, a share of the list's items. More fail with
   * `TooManyDeletions`, and nothing is written. An invalid value fails with `InvalidRequest`. Default: any.
   */
  readonly maxDeletions?: number | undefined
  /**
   * How long to read the list again after the last write until it shows the wanted items; then the sync fails with
   * `SyncNotVisible`. Written items can be unreadable for some seconds after their operation has completed. Default
   * zero: the sync ends with the operation.
   */
  readonly visibleWithin?: Duration.Input | undefined
}

/** What a sync has done, or would do. */
export interface SyncReport {
  readonly method: SyncPlan.SyncPlan["method"]
  /** Items that were not in the list. */
  readonly added: number
  /** Items that were in the list with another comment or other details. */
  readonly changed: number
  /** Items that were in the list but not wanted. */
  readonly deleted: number
  /** Items that were already as wanted. */
  readonly unchanged: number
  /** The operations, in order; empty in a dry run, or if nothing differs. */
  readonly operations: ReadonlyArray<Completed>
}

/** The list, and how to write to it. */
export interface Site {
  readonly api: CloudflareApi["Service"]
  readonly poller: BulkOperationPoller["Service"]
  readonly lane: WriteLane["Service"]
  readonly accountId: AccountId
  readonly listId: string
  readonly policy: Policy
  readonly options: SyncOptions
}

const read = ({ accountId, api, listId }: Site) =>
  Stream.runCollect(Reading.items({ api, accountId, listId, perPage: 500, search: undefined }))

const planFor = Effect.fnUntraced(function*(site: Site, wanted: ReadonlyArray<ListItem>) {
  const held = yield* read(site)
  // Cloudflare refuses other kinds (10058) too, but here each wrong item is named.
  const kind = held[0]?.kind
  if (kind !== undefined && wanted[0]?.kind !== kind) {
    yield* Effect.fromResult(InvalidItems.check(wanted, kind))
  }
  return { held, plan: SyncPlan.make(wanted, held, site.options) }
})

// A comparison with NaN would let everything pass.
const refusalOf = ({ maxDeletions = 0, replaceAbove = 0 }: SyncOptions): string | undefined => {
  const isWhole = Number.isInteger(maxDeletions) || maxDeletions === Number.POSITIVE_INFINITY
  if (!(maxDeletions >= 0 && (maxDeletions < 1 || isWhole))) {
    return `maxDeletions: expected a whole number, or a share below 1, got ${maxDeletions}`
  }
  return replaceAbove >= 0 && replaceAbove <= 1
    ? undefined
    : `replaceAbove: expected a share from 0 to 1, got ${replaceAbove}`
}

// 0.29 of 100 is 29, but `0.29 * 100` is slightly less.
const shareOf = (share: number, all: number) => {
  const some = Math.floor(share * all)
  return (some + 1) / all <= share ? some + 1 : some
}

const guard = (
  { listId, options: { maxDeletions = Number.POSITIVE_INFINITY } }: Site,
  held: ReadonlyArray<StoredItem>,
  { deleted }: SyncPlan.SyncPlan
) => {
  const allowed = maxDeletions < 1 ? shareOf(maxDeletions, held.length) : maxDeletions
  return deleted.length > allowed
    ? Effect.fail(new TooManyDeletions({ listId, deletions: deleted.length, held: held.length, allowed }))
    : Effect.void
}

const write = Effect.fnUntraced(function*(site: Site, turn: Turn, action: Action, body: Schema.Json) {
  const { accountId, api, listId, options, policy, poller } = site
  const write = yield* Writing.make(accountId, listId, action, body)
  return yield* Writing.andWait(poller, write, Effect.tap(Writing.send(api, write, policy), turn.started), {
    policy,
    waiting: options.wait,
    ended: turn.ended
  })
})

const carryOut = Effect.fnUntraced(function*(
  site: Site,
  turn: Turn,
  wanted: ReadonlyArray<ListItem>,
  { added, changed, deleted, method }: SyncPlan.SyncPlan
) {
  const written = [...added, ...changed]
  const create = write(site, turn, "create", written.map(Wire.write))
  const remove = write(site, turn, "delete", { items: deleted.map(({ id }) => ({ id })) })
  switch (method) {
    case "none":
      return []
    case "create":
      return [yield* create]
    case "delete":
      return [yield* remove]
    case "replace":
      return [yield* write(site, turn, "replace", wanted.map(Wire.write))]
    case "createAndDelete": {
      const first = yield* create
      const second = yield* Effect.mapError(remove, (cause) =>
        new SyncIncomplete({
          listId: site.listId,
          written: written.length,
          remaining: deleted.length,
          cause
        }))
      return [first, second]
    }
  }
})

const isShown = (seen: Result.Result<SyncPlan.SyncPlan, unknown>) =>
  Result.isSuccess(seen) && seen.success.method === "none"

// Reads until the list is as wanted.
const confirm = Effect.fnUntraced(function*(site: Site, wanted: ReadonlyArray<ListItem>, limit: Duration.Duration) {
  if (Duration.isZero(limit)) return
  const began = yield* Clock.monotonicTimeNanos
  const elapsed = Effect.map(Clock.monotonicTimeNanos, (now) => Duration.nanos(now - began))
  // Reading may also fail for a while. Everything is written already, so retrying does no harm.
  const comparison = Effect.result(Effect.map(read(site), (held) => SyncPlan.make(wanted, held)))
  const seen = yield* Effect.repeat(
    comparison,
    Schedule.exponential("1 second", 1.5).pipe(
      Schedule.setInputType<Effect.Success<typeof comparison>>(),
      Schedule.while(({ elapsed, input }) => !isShown(input) && elapsed < Duration.toMillis(limit)),
      Schedule.modifyDelay(({ duration, elapsed }) =>
        Effect.succeed(
          Duration.millis(Math.ceil(Math.min(Duration.toMillis(duration), Duration.toMillis(limit) - elapsed)))
        )
      ),
      Schedule.passthrough
    )
  )
  const last = yield* Effect.fromResult(seen)
  if (last.method === "none") return
  return yield* new SyncNotVisible({
    listId: site.listId,
    missing: last.added.length + last.changed.length,
    extra: last.deleted.length,
    waited: yield* elapsed
  })
})

const reportOf = (plan: SyncPlan.SyncPlan, operations: ReadonlyArray<Completed>): SyncReport => ({
  method: plan.method,
  added: plan.added.length,
  changed: plan.changed.length,
  deleted: plan.deleted.length,
  unchanged: plan.unchanged,
  operations
})

/** Makes the list hold exactly the wanted items. */
export const sync = Effect.fnUntraced(function*(site: Site, wanted: ReadonlyArray<ListItem>) {
  const refusal = refusalOf(site.options)
  if (refusal !== undefined) return yield* Call.refuse("PUT", refusal, Call.itemsPath)
  const visibleWithin = Durations.notNegative("visibleWithin", site.options.visibleWithin ?? Duration.zero)
  if (site.options.dryRun === true) {
    const { held, plan } = yield* planFor(site, wanted)
    yield* guard(site, held, plan)
    return reportOf(plan, [])
  }
  return yield* site.lane.turn(site.accountId, (turn) =>
    Effect.gen(function*() {
      const { held, plan } = yield* planFor(site, wanted)
      yield* guard(site, held, plan)
      const operations = yield* carryOut(site, turn, wanted, plan)
      if (operations.length > 0) yield* confirm(site, wanted, visibleWithin)
      return reportOf(plan, operations)
    }))
})
