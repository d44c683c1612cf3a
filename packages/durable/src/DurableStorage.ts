/**
 * Effect's storage of a cluster in a SQL database, which outlasts failures of the database.
 */
import type * as ClusterError from "effect/cluster/ClusterError"
import * as MessageStorage from "effect/cluster/MessageStorage"
import * as Snowflake from "effect/cluster/Snowflake"
import * as SqlMessageStorage from "effect/cluster/SqlMessageStorage"
import type { Digest } from "effect/crypto/Digest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { SqlClient } from "effect/sql/SqlClient"
import { isSqlError } from "effect/sql/SqlError"
import { outlasting } from "./internal/storeDefect.ts"

// An attempt may have been carried out though its answer was lost.
const isThereAlready = ({ cause }: ClusterError.PersistenceError) =>
  isSqlError(cause) && cause.reason._tag === "UniqueViolation"

const make = Effect.flatMap(SqlMessageStorage.makeEncoded(), (encoded) =>
  MessageStorage.makeEncoded({
    ...encoded,
    saveReply: (reply) =>
      encoded.saveReply(reply).pipe(
        Effect.catchIf(isThereAlready, () => Effect.void),
        Effect.orDie,
        outlasting("Storing the end of a wait")
      )
  }))

/**
 * `SqlMessageStorage.layer` of `effect/cluster`, but that the end of a wait is stored again until it is, with a warning
 * each time. With Effect's own, a wait that ends while the database is away for more than a second is not seen to end
 * until its process starts again.
 *
 * `layerSqlite` has it. For a cluster of your own give it as the storage, such as
 * `NodeClusterSocket.layer({ storage: "byo" })`.
 */
export const layer: Layer.Layer<MessageStorage.MessageStorage, never, SqlClient | Digest> = Layer
  .effect(MessageStorage.MessageStorage, make)
  .pipe(Layer.provide(Snowflake.layerGenerator))
