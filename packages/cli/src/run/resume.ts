/** The command that resumes waiting for operations, ready to paste. */
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import type { SharedFlags } from "../root.ts"
import * as WaitOptions from "./waitOptions.ts"

const quoted = (word: string) => /^[A-Za-z0-9_./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`

// npx sets this for the programs that it runs.
const program = () => process.env["npm_command"] === "exec" ? ["npx", "@bulk-operations/cli"] : ["bulk-operations"]

const given = (name: string, value: Option.Option<string>) =>
  Option.match(value, { onNone: () => [], onSome: (value) => [`--${name}`, value] })

export const command = (
  ids: ReadonlyArray<string>,
  startedAt: DateTime.DateTime,
  shared: SharedFlags,
  flags: WaitOptions.WaitingFlags,
  more: ReadonlyArray<string> = []
): string => {
  return [
    ...program(),
    "wait",
    ...ids,
    "--started-at",
    DateTime.formatIso(startedAt),
    ...WaitOptions.asArguments(flags),
    ...more,
    ...given("account", shared.account),
    ...given("token-file", shared.tokenFile),
    ...given("base-url", shared.baseUrl),
    ...(shared.json ? ["--json"] : [])
  ].map(quoted).join(" ")
}
