/**
 * Why the file of durable waits cannot be used.
 */
import * as Schema from "effect/Schema"

/**
 * - `Locked`: another process has it open, or another layer of this one.
 * - `Foreign`: it is a SQLite database of something else. Nothing in it was changed.
 * - `Newer`: a later release of this package has written it.
 * - `NotADatabase`: it is no SQLite database, or a damaged one.
 * - `Full`: there is no room to write.
 * - `Unusable`: it cannot be opened or written for another reason, which the message says.
 *
 * @example
 * import { Reason } from "@bulk-operations/durable/sqlite"
 *
 * Reason.literals.includes("Locked") // => true
 */
export const Reason = Schema.Literals(["Locked", "Foreign", "Newer", "NotADatabase", "Full", "Unusable"])
export type Reason = typeof Reason.Type

const explain: Readonly<Record<Reason, string>> = {
  Locked:
    "it is in use. One process at a time can have it open: end the other one, or give this one a file of its own.",
  Foreign: "it is a database of something else. Give durable waits a file of their own.",
  Newer: "a later release of @bulk-operations/durable has written it. Use that release, or another file.",
  NotADatabase: "it is no SQLite database, or a damaged one. Give another file, or restore this one.",
  Full: "the disk is full. Make room and start again: nothing is lost.",
  Unusable: "check that the directory exists and that file and directory can be written."
}

/**
 * The file of durable waits cannot be used.
 *
 * @example
 * import { layerSqlite } from "@bulk-operations/durable/sqlite"
 * import { Effect, Layer } from "effect"
 *
 * // It is nobody's to mend at run time: the program ends with what has to be done.
 * export const Live = layerSqlite({ filename: "waits.db" }).pipe(
 *   Layer.catchTag("DatabaseError", (error) => Layer.effectContext(Effect.die(error)))
 * )
 */
export class DatabaseError extends Schema.TaggedError<DatabaseError>("@bulk-operations/durable/DatabaseError")(
  "DatabaseError",
  {
    filename: Schema.String,
    reason: Reason,
    /** What SQLite says, where it says something. */
    cause: Schema.optionalKey(Schema.Defect())
  }
) {
  override get message(): string {
    const said = this.cause instanceof Error ? ` (SQLite: ${this.cause.message})` : ""
    return `Durable waits cannot be kept in ${this.filename}: ${explain[this.reason]}${said}`
  }
}
