/**
 * What the process says to the one that started it.
 */
import * as Data from "effect/Data"
import * as Runtime from "effect/Runtime"

/** Every exit code, by what it means. */
export const ExitCode = {
  completed: 0,
  failed: 1,
  usage: 2,
  timedOut: 3,
  notAuthorized: 4,
  api: 5,
  refused: 6,
  /** This program is wrong (`EX_SOFTWARE` of sysexits.h). */
  bug: 70,
  interrupted: 130,
  /** The reader of the output has gone: 128 and the number of SIGPIPE, as other programs have it. */
  readerGone: 141
} as const
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode]

// What a person must mend before any other attempt comes first.
const gravity: ReadonlyArray<ExitCode> = [4, 5, 3, 1]

/** Of the ends of several operations the gravest; `completed` where all have completed. */
export const gravest = (codes: Iterable<ExitCode>): ExitCode => {
  const all = new Set(codes)
  return gravity.find((code) => all.has(code)) ?? ExitCode.completed
}

/** With `--any`: one that has completed is enough. */
export const any = (codes: Iterable<ExitCode>): ExitCode => {
  const all = new Set(codes)
  return all.has(ExitCode.completed) ? ExitCode.completed : gravest(all)
}

/** Ends the program with a code, once everything has been said. */
export class Exit extends Data.TaggedError("Exit")<{ readonly code: ExitCode }> {
  override get [Runtime.errorExitCode](): number {
    return this.code
  }
  override readonly [Runtime.errorReported] = false
}
