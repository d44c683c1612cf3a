/** The `.env` file of the current folder, if there is one. */
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import { UsageError } from "../Failure.ts"

/** The variables of the file; empty without a file. An unreadable file is an error. */
export const provider = ConfigProvider.fromDotEnv().pipe(
  Effect.catch((error) =>
    error.reason._tag === "NotFound"
      ? Effect.succeed(ConfigProvider.fromUnknown({}))
      : Effect.fail(new UsageError({ message: `Cannot read the file .env: ${error.reason._tag}` }))
  )
)
