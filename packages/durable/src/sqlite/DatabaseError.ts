/** Errors of the file of durable waits. */
import * as Schema from "effect/Schema"

/**
 * - `Locked`: another process has it open, or another layer of this one.
 * - `Foreign`: it is another program's SQLite database. Nothing in it was changed.
 * - `Newer`: a later release of this package has written it.
 * - `NotADatabase`: it is not a SQLite database, or it is damaged.
 * - `Full`: the disk is full.
 * - `Unusable`: it cannot be opened or written for another reason, which the message gives.
 *
 * @example
 * import { Reason } from "@bulk-operations/durable/sqlite"
 *
 * Reason.literals.includes("Locked") // => true
 */
export const Reason = Schema.Literals(["Locked", "Foreign", "Newer", "NotADatabase", "Full", "Unusable"])
export type Reason = typeof Reason.Type

const explain: Readonly<Record<Reason, string>> = {
  Locked: "it is in use. One process at a time can have it open: end the other one, or use another file for this one.",
  Foreign: "it is another program's database. Use a separate file for durable waits.",
  Newer: "a later release of @bulk-operations/durable has written it. Use that release, or another file.",
  NotADatabase: "it is not a SQLite database, or it is damaged. Use another file, or restore this one.",
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
 * // The program cannot fix this at run time: it ends with a message that says what to do.
 * export const Live = layerSqlite({ filename: "waits.db" }).pipe(
 *   Layer.catchTag("DatabaseError", (error) => Layer.effectContext(Effect.die(error)))
 * )
 */
export class DatabaseError extends Schema.TaggedError<DatabaseError>("@bulk-operations/durable/DatabaseError")(
  "DatabaseError",
  {
    filename: Schema.String,
    reason: Reason,
    /** SQLite's error, if there is one. */
    cause: Schema.optionalKey(Schema.Defect())
  }
) {
  override get message(): string {
    const said = this.cause instanceof Error ? ` (SQLite: ${this.cause.message})` : ""
    return `Durable waits cannot be kept in ${this.filename}: ${explain[this.reason]}${said}`
  }
}
