/**
 * The output of `--json`: one JSON object a line, discriminated by `type`.
 *
 * Times are RFC 3339 in UTC, durations are seconds. Keys may be added later, but none will be removed.
 */
import * as Schema from "effect/Schema"

const Status = Schema.Literals(["pending", "running", "completed", "failed"])

/** An operation in Cloudflare's form; after a wait, with its polls and elapsed time. */
export const Operation = Schema.Struct({
  type: Schema.tag("operation"),
  id: Schema.String,
  status: Status,
  completed: Schema.optionalKey(Schema.String),
  error: Schema.optionalKey(Schema.String),
  elapsedSeconds: Schema.optionalKey(Schema.Finite),
  polls: Schema.optionalKey(Schema.Int)
})

/** Something new in a wait: another status, a transient error, recovery from it, or a short request budget. */
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

/**
 * An error. With an `operationId` it concerns only that operation, and the others continue. An interruption is the
 * error `Interrupted`.
 */
export const Error = Schema.Struct({
  type: Schema.tag("error"),
  error: Schema.String,
  message: Schema.String,
  exitCode: Schema.Int,
  operationId: Schema.optionalKey(Schema.String),
  /** The command to resume with. */
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
  /** No longer waited for: another one has completed and `--any` was given, or the wait was interrupted. */
  left: Schema.Int,
  elapsedSeconds: Schema.Finite
})

/** A write is to be retried, until this time at most. Printed when that begins, and if the reason changes. */
export const Retry = Schema.Struct({
  type: Schema.tag("retry"),
  listId: Schema.String,
  action: Schema.Literals(["create", "replace", "delete"]),
  reason: Schema.Literals(["operationPending", "writeLimit", "requestLimit", "answerLost"]),
  /** Absent if there is no limit. */
  until: Schema.optionalKey(Schema.String)
})

/** A write has been accepted, without waiting for it (`--no-wait`). */
export const Started = Schema.Struct({
  type: Schema.tag("started"),
  operationId: Schema.String,
  listId: Schema.String,
  action: Schema.Literals(["create", "replace", "delete"]),
  items: Schema.Int
})

/** A write that would be sent (`--dry-run`), or has taken effect. */
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

/** An item of a list, in the form of Cloudflare's API. */
export const Item = Schema.Struct({ type: Schema.tag("item"), item: Schema.Json })

/** A list, in the form of Cloudflare's API. */
export const List = Schema.Struct({ type: Schema.tag("list"), list: Schema.Json })

/** A list was deleted. */
export const ListDeleted = Schema.Struct({ type: Schema.tag("listDeleted"), listId: Schema.String })

/** The cost of a schedule for an operation of about this duration. Lateness is absent if the end is never detected. */
export const Explanation = Schema.Struct({
  type: Schema.tag("explanation"),
  durationSeconds: Schema.Finite,
  polls: Schema.Finite,
  meanLatenessSeconds: Schema.optionalKey(Schema.Finite),
  worstLatenessSeconds: Schema.optionalKey(Schema.Finite),
  /** How many operations the schedule has learned from. */
  operations: Schema.Int
})

/** The simulator is listening. */
export const Simulator = Schema.Struct({
  type: Schema.tag("simulator"),
  baseUrl: Schema.String,
  apiToken: Schema.String,
  accountId: Schema.String
})

/** Any line of `--json`. */
export const Event = Schema.Union([
  Operation,
  Progress,
  Error,
  Summary,
  Retry,
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
