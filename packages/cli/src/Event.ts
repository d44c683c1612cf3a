/**
 * What `--json` prints: one JSON object a line, told apart by `type`.
 *
 * Times are RFC 3339 in UTC, durations are seconds. Keys may be added later; those that are here stay.
 */
import * as Schema from "effect/Schema"

const Status = Schema.Literals(["pending", "running", "completed", "failed"])

/** An operation as Cloudflare knows it; where it was waited for, with what that took. */
export const Operation = Schema.Struct({
  type: Schema.tag("operation"),
  id: Schema.String,
  status: Status,
  completed: Schema.optionalKey(Schema.String),
  error: Schema.optionalKey(Schema.String),
  elapsedSeconds: Schema.optionalKey(Schema.Finite),
  polls: Schema.optionalKey(Schema.Int)
})

/** A wait has seen something new: another status, a transient error or its end, the request budget being short. */
export const Progress = Schema.Struct({
  type: Schema.tag("progress"),
  id: Schema.String,
  status: Schema.optionalKey(Status),
  polls: Schema.Int,
  elapsedSeconds: Schema.Finite,
  nextPollAt: Schema.optionalKey(Schema.String),
  deadline: Schema.optionalKey(Schema.String),
  transientError: Schema.optionalKey(Schema.String),
  isThrottled: Schema.Boolean
})

/** What has gone wrong. With an `operationId` it is about that operation alone, and the others go on. */
export const Error = Schema.Struct({
  type: Schema.tag("error"),
  error: Schema.String,
  message: Schema.String,
  exitCode: Schema.Int,
  operationId: Schema.optionalKey(Schema.String),
  /** The command that goes on. */
  resume: Schema.optionalKey(Schema.String)
})

/** How several waits ended. */
export const Summary = Schema.Struct({
  type: Schema.tag("summary"),
  exitCode: Schema.Int,
  completed: Schema.Int,
  failed: Schema.Int,
  timedOut: Schema.Int,
  errors: Schema.Int,
  /** Not waited for any more: another one has completed, and `--any` was given. */
  left: Schema.Int,
  elapsedSeconds: Schema.Finite
})

/** A write has been accepted, and is not waited for (`--no-wait`). */
export const Started = Schema.Struct({
  type: Schema.tag("started"),
  operationId: Schema.String,
  listId: Schema.String,
  action: Schema.Literals(["create", "replace", "delete"]),
  items: Schema.Int
})

/** A write would be sent (`--dry-run`), or has taken effect. */
export const Written = Schema.Struct({
  type: Schema.tag("written"),
  listId: Schema.String,
  action: Schema.Literals(["create", "replace", "delete"]),
  items: Schema.Int,
  dryRun: Schema.Boolean
})

/** What a sync has done, or would do. */
export const Sync = Schema.Struct({
  type: Schema.tag("sync"),
  listId: Schema.String,
  dryRun: Schema.Boolean,
  method: Schema.Literals(["none", "create", "delete", "createAndDelete", "replace"]),
  added: Schema.Int,
  changed: Schema.Int,
  deleted: Schema.Int,
  unchanged: Schema.Int
})

/** An item of a list, as Cloudflare's API has it. */
export const Item = Schema.Struct({ type: Schema.tag("item"), item: Schema.Json })

/** A list, as Cloudflare's API has it. */
export const List = Schema.Struct({ type: Schema.tag("list"), list: Schema.Json })

/** A list is gone. */
export const ListDeleted = Schema.Struct({ type: Schema.tag("listDeleted"), listId: Schema.String })

/** What a schedule costs for an operation of about this duration. Lateness is absent where the end is never seen. */
export const Explanation = Schema.Struct({
  type: Schema.tag("explanation"),
  durationSeconds: Schema.Finite,
  polls: Schema.Finite,
  meanLatenessSeconds: Schema.optionalKey(Schema.Finite),
  worstLatenessSeconds: Schema.optionalKey(Schema.Finite),
  /** From how many operations the schedule has learned. */
  operations: Schema.Int
})

/** The simulator is listening. */
export const Simulator = Schema.Struct({
  type: Schema.tag("simulator"),
  baseUrl: Schema.String,
  accountId: Schema.String
})

/** Any line of `--json`. */
export const Event = Schema.Union([
  Operation,
  Progress,
  Error,
  Summary,
  Started,
  Written,
  Sync,
  Item,
  List,
  ListDeleted,
  Explanation,
  Simulator
]).pipe(Schema.toTaggedUnion("type"))
export type Event = typeof Event.Type
