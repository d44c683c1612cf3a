/** Builds a simulator: its application and its controls. */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Options } from "../SimulatorOptions.ts"
import * as Application from "./application.ts"
import * as Control from "./control.ts"
import * as Faults from "./faults.ts"
import * as OptionChecks from "./optionChecks.ts"
import * as Randomness from "./randomness.ts"
import * as RequestLimit from "./requestLimit.ts"
import * as RequestLog from "./requestLog.ts"
import * as State from "./state.ts"
import * as Timestamp from "./timestamp.ts"

export const make = Effect.fnUntraced(function*(options: Options) {
  OptionChecks.options(options)
  const { anyAccountId = false, cors = false, credentials, limits = {} } = options
  const { malformedCredentials = [], seed = "simulator", timestamps = {} } = options
  const clock = yield* Clock.Clock
  const random = yield* Randomness.make(seed)
  const newId = () => Randomness.uuid(random.ids)
  const faults = Faults.make(random.faults)
  const state = State.make({
    plan: options,
    pendingOperations: limits.pendingOperations ?? 1,
    random: random.plans
  })
  const requestLog = RequestLog.make({
    requests: options.keepRequests ?? 10_000,
    bytes: options.keepRequestBytes ?? 16 * 1024 * 1024
  })
  const application = Application.make({
    state,
    faults,
    clock,
    requestLimit: RequestLimit.make(limits.requests ?? 1200, Duration.fromInputUnsafe(limits.window ?? "5 minutes")),
    requestLog,
    credentials: { accepted: credentials, malformed: malformedCredentials },
    anyAccountId,
    cors,
    samePath: limits.samePath ?? 16,
    timestamps,
    newId,
    newRay: () => `${Randomness.hex(random.rays, 16)}-SIM`,
    newAuditLogId: (now) => Randomness.auditLogId(random.rays, now)
  })
  const control = Control.make({
    anyAccountId,
    state,
    faults,
    requestLog,
    clock,
    newId,
    timestamp: Timestamp.rfc3339(timestamps)
  })
  return { application, control }
})
