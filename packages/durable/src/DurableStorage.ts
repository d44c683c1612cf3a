/** Effect's cluster storage in a SQL database, with retries while the database fails. */
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

// An earlier attempt may have succeeded although its answer was lost.
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
 * `SqlMessageStorage.layer` of `effect/cluster`, but storing the end of a wait is retried until it succeeds, with a
 * warning each time. With Effect's own, a wait that ends while the database is away for more than a second seems under
 * way until its process restarts.
 *
 * `layerSqlite` includes it. For your own cluster, provide it as the storage, for example to
 * `NodeClusterSocket.layer({ storage: "byo" })`.
 */
export const layer: Layer.Layer<MessageStorage.MessageStorage, never, SqlClient | Digest> = Layer
  .effect(MessageStorage.MessageStorage, make)
  .pipe(Layer.provide(Snowflake.layerGenerator))
