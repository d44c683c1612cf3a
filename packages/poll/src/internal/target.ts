/** One of several operations to wait for: merges the common options and its own. */
import type { Options } from "./request.ts"

/** An operation's id, or its id with its own options. */
export type Target = string | (Options & { readonly operationId: string })

interface Whole extends Required<Options> {
  readonly operationId: string
}

/** Several targets. A string is one id, and not its characters. */
export const all = <A>(targets: Iterable<A> | string): Iterable<A | string> =>
  typeof targets === "string" ? [targets] : targets

/** A target with all its options. Those left out or `undefined` come from the common options. */
export const whole = (target: Target, common: Options = {}): Whole => {
  const own: Exclude<Target, string> = typeof target === "string" ? { operationId: target } : target
  return {
    operationId: own.operationId,
    accountId: own.accountId ?? common.accountId,
    startedAt: own.startedAt ?? common.startedAt,
    schedule: own.schedule ?? common.schedule,
    timeout: own.timeout ?? common.timeout,
    transientSchedule: own.transientSchedule ?? common.transientSchedule,
    tolerance: own.tolerance ?? common.tolerance,
    notFoundGrace: own.notFoundGrace ?? common.notFoundGrace,
    forbiddenGrace: own.forbiddenGrace ?? common.forbiddenGrace,
    history: own.history ?? common.history,
    expected: own.expected ?? common.expected
  }
}
