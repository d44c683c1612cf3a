/** The exit codes of the process. */
import * as Data from "effect/Data"
import * as Runtime from "effect/Runtime"

/** Exit codes by meaning. */
export const ExitCode = {
  completed: 0,
  failed: 1,
  usage: 2,
  timedOut: 3,
  notAuthorized: 4,
  api: 5,
  refused: 6,
  /** A bug in this program (`EX_SOFTWARE` of sysexits.h). */
  bug: 70,
  interrupted: 130,
  /** The reader of the output has closed it: 128 plus the number of SIGPIPE, as in other programs. */
  readerGone: 141
} as const
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode]

// The codes of waits, most serious first: what must be fixed before any other attempt.
const gravity: ReadonlyArray<ExitCode> = [4, 2, 5, 3, 1, 0]

/** The most serious of several exit codes; `completed` only if all have completed. */
export const gravest = (codes: Iterable<ExitCode>): ExitCode => {
  const all = Array.from(codes)
  // A code that no wait should end with is the most serious, so that it never counts as completed.
  return all.find((code) => !gravity.includes(code)) ?? gravity.find((code) => all.includes(code)) ??
    ExitCode.completed
}

/** For `--any`: one completed operation is enough. */
export const any = (codes: Iterable<ExitCode>): ExitCode => {
  const all = new Set(codes)
  return all.has(ExitCode.completed) ? ExitCode.completed : gravest(all)
}

/** Ends the program with a code, after all output has been written. */
export class Exit extends Data.TaggedError("Exit")<{ readonly code: ExitCode }> {
  override get [Runtime.errorExitCode](): number {
    return this.code
  }
  override readonly [Runtime.errorReported] = false
}
