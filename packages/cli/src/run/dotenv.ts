/**
 * The `.env` file of the folder one is in, where there is one.
 */
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import { UsageError } from "../Failure.ts"

/** What the file says. Nothing where there is no file; one that cannot be read is an error. */
export const provider = ConfigProvider.fromDotEnv().pipe(
  Effect.catch((error) =>
    error.reason._tag === "NotFound"
      ? Effect.succeed(ConfigProvider.fromUnknown({}))
      : Effect.fail(new UsageError({ message: `Cannot read the file .env: ${error.reason._tag}` }))
  )
)
