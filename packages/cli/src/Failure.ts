/** Errors for the terminal: an exit code, a name for programs, and a message that names flags. */
import type { CloudflareError } from "@bulk-operations/core/CloudflareError"
import type { CursorExpired } from "@bulk-operations/lists/CursorExpired"
import type { InvalidItems } from "@bulk-operations/lists/InvalidItems"
import type { SyncIncomplete, SyncNotVisible, TooManyDeletions } from "@bulk-operations/lists/SyncError"
import type { AnotherOperationPending, NoItems, OutcomeUnknown } from "@bulk-operations/lists/WriteError"
import type { WaitError } from "@bulk-operations/poll/WaitError"
import type { CannotStart } from "@bulk-operations/simulator/node/SimulatorCommand"
import type { SimulatorError } from "@bulk-operations/simulator/SimulatorError"
import type * as Config from "effect/Config"
import * as Data from "effect/Data"
import type { PlatformError } from "effect/PlatformError"
import * as DurationText from "./DurationText.ts"
import { ExitCode } from "./ExitCode.ts"

/** Wrong arguments, or wrong content of a file or variable. Nothing was sent. */
export class UsageError extends Data.TaggedError("UsageError")<{ readonly message: string }> {}

/** There are no credentials. Nothing was sent. */
export class NoCredentials extends Data.TaggedError("NoCredentials")<{ readonly message: string }> {}

/** A required confirmation was not given. */
export class NotConfirmed extends Data.TaggedError("NotConfirmed")<{ readonly message: string }> {}

/** All errors of commands. */
export type CommandError =
  | WaitError
  | CloudflareError
  | CursorExpired
  | InvalidItems
  | NoItems
  | TooManyDeletions
  | SyncIncomplete
  | SyncNotVisible
  | AnotherOperationPending
  | OutcomeUnknown
  | SimulatorError
  | CannotStart
  | PlatformError
  | Config.ConfigError
  | UsageError
  | NoCredentials
  | NotConfirmed

export interface Failure {
  readonly code: ExitCode
  /** A stable name. */
  readonly error: string
  readonly message: string
}

const ofCloudflare = ({ reason }: CloudflareError): Failure => {
  const code = reason._tag === "Unauthorized" || reason._tag === "Forbidden"
    ? ExitCode.notAuthorized
    : reason._tag === "InvalidRequest" && reason.status === undefined
    ? ExitCode.usage
    : ExitCode.api
  return { code, error: reason._tag, message: reason.message }
}

const messageOf = (error: CommandError): string => {
  switch (error._tag) {
    case "PollTimeout":
      return `Bulk operation ${error.operationId} did not end within ${
        DurationText.format(error.timeout)
      }. It continues.`
    case "NoItems":
      return error.message.replace("set allowEmpty: true", "add --allow-empty")
    case "TooManyDeletions":
      return error.message.replaceAll("maxDeletions", "--max-deletions")
    case "OutcomeUnknown":
      return error.message.replace(": onLostAnswer: \"repeat\" does so.", ": --repeat does so.")
    case "ConfigError":
      return ofConfig(error)
    default:
      return error.message
  }
}

/** The text of `SchemaError(text\n  at ["NAME"])`, after the name of the variable. */
export const ofConfig = ({ message }: Config.ConfigError): string => {
  const [, text = message, path = ""] = /^SchemaError\(([^]*?)\n\s+at (.*)\)$/.exec(message) ?? []
  const name = Array.from(path.matchAll(/"([^"]+)"/g), ([, part]) => part).join("_")
  return text.includes(name) ? text : `${name}: ${text}`
}

const codeOf = (error: Exclude<CommandError, CloudflareError>): ExitCode => {
  switch (error._tag) {
    case "BulkOperationFailed":
      return ExitCode.failed
    case "PollTimeout":
      return ExitCode.timedOut
    case "NoCredentials":
      return ExitCode.notAuthorized
    case "TooManyDeletions":
    case "NotConfirmed":
      return ExitCode.refused
    case "NoItems":
      return error.action === "replace" || error.action === "sync" ? ExitCode.refused : ExitCode.usage
    case "SyncIncomplete":
      return of(error.cause).code
    case "AnotherOperationPending":
    case "OutcomeUnknown":
    case "SyncNotVisible":
    case "CursorExpired":
      return ExitCode.api
    case "InvalidItems":
    case "SimulatorError":
    case "CannotStart":
    case "PlatformError":
    case "ConfigError":
    case "UsageError":
      return ExitCode.usage
  }
}

/** The message and exit code of an error. */
export const of = (error: CommandError): Failure =>
  error._tag === "CloudflareError"
    ? ofCloudflare(error)
    : { code: codeOf(error), error: error._tag, message: messageOf(error) }
