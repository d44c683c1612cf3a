/** JSON input of the control API: faults, plans, lists and operations. */
import * as Duration from "effect/Duration"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { Draw } from "../Draw.ts"
import { Endpoint } from "../Endpoint.ts"
import * as Fault from "../Fault.ts"
import * as OperationPlan from "../OperationPlan.ts"
import type { NewOperation } from "../SimulatorState.ts"
import { DurationText, NotNegative } from "./durationText.ts"
import { Kind } from "./items/newItem.ts"

/** The decoded input, or a message about what is wrong with it. */
export type Read<A> = Result.Result<A, string>

const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))

const reader = <A>(what: string, schema: Schema.Decoder<A>) => {
  const decode = Schema.decodeUnknownResult(schema, { onExcessProperty: "error" })
  return (json: unknown): Read<A> =>
    Result.mapError(decode(json), ({ message }) => `Expected a ${what}: ${message.replace(/\s+at /g, " at ")}`)
}

const When = Schema.Struct({
  on: Schema.optionalKey(Schema.Union([Endpoint, Schema.Array(Endpoint)])),
  after: Schema.optionalKey(Count),
  times: Schema.optionalKey(Count),
  probability: Schema.optionalKey(Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1 })))
})

// `Retry-After` is a number.
const Seconds = NotNegative.check(Schema.makeFilter(Duration.isFinite, { expected: "a duration that ends" }))

// The resulting date must be valid.
const Skew = DurationText.check(
  Schema.makeFilter((by) => Math.abs(Duration.toDays(by)) <= 36_500, { expected: "no more than 36500 days" })
)

const carriedOut = { carriedOut: Schema.optionalKey(Schema.Boolean) }

const fault = <A>(name: string, schema: Schema.Decoder<A>, make: (input: A) => Draw<Fault.Fault>) => {
  const read = reader(`fault ${name}`, schema)
  return (json: unknown): Read<Draw<Fault.Fault>> => Result.map(read(json), make)
}

// An empty struct would accept anything.
const Nothing = Schema.Record(Schema.String, Schema.Never)

const plain = (name: string, made: Draw<Fault.Fault>) => fault(name, Nothing, () => made)

// The names of the functions of `Fault`, with their arguments beside the name.
const faults: Readonly<Record<string, (json: unknown) => Read<Draw<Fault.Fault>>>> = {
  latency: fault("latency", Schema.Struct({ by: NotNegative }), ({ by }) => Fault.latency(by)),
  stall: fault(
    "stall",
    Schema.Struct({ at: Schema.optionalKey(Schema.Literals(["before", "in"])), ...carriedOut }),
    Fault.stall
  ),
  reset: fault(
    "reset",
    Schema.Struct({ at: Schema.Literals(["before", "in", "after"]), ...carriedOut }),
    ({ at, ...options }) => Fault.reset(at, options)
  ),
  truncatedJson: plain("truncatedJson", Fault.truncatedJson),
  htmlError: fault(
    "htmlError",
    Schema.Struct({ status: Schema.Literals([502, 503, 504, 520]), ...carriedOut }),
    ({ status, ...options }) => Fault.htmlError(status, options)
  ),
  wrongShape: fault(
    "wrongShape",
    Schema.Struct({ body: Schema.optionalKey(Schema.Json) }),
    ({ body }) => Fault.wrongShape(body)
  ),
  editedOperation: fault(
    "editedOperation",
    Schema.Struct({
      edit: Schema.optionalKey(Schema.Record(Schema.String, Schema.Json)),
      without: Schema.optionalKey(Schema.Array(Schema.String))
    }),
    ({ edit, without = [] }) =>
      Fault.editedOperation({ ...edit, ...Object.fromEntries(without.map((key) => [key, undefined])) })
  ),
  unknownStatus: fault(
    "unknownStatus",
    Schema.Struct({ status: Schema.optionalKey(Schema.String) }),
    ({ status }) => Fault.unknownStatus(status)
  ),
  otherOperation: fault(
    "otherOperation",
    Schema.Struct({ id: Schema.optionalKey(Schema.String) }),
    ({ id }) => Fault.otherOperation(id)
  ),
  unauthorized: plain("unauthorized", Fault.unauthorized),
  malformedCredentials: plain("malformedCredentials", Fault.malformedCredentials),
  forbidden: plain("forbidden", Fault.forbidden),
  notFound: plain("notFound", Fault.notFound),
  rateLimited: fault(
    "rateLimited",
    Schema.Struct({ retryAfter: Schema.optionalKey(Seconds) }),
    Fault.rateLimited
  ),
  clockSkew: fault("clockSkew", Schema.Struct({ by: Skew }), ({ by }) => Fault.clockSkew(by)),
  passing: plain("passing", Fault.anyOf(Fault.passing)),
  everyKind: plain("everyKind", Fault.anyOf(Fault.everyKind))
}

export const faultNames: ReadonlyArray<string> = Object.keys(faults)

export interface Injection {
  readonly fault: Draw<Fault.Fault>
  readonly when: Fault.When
}

const readWhen = reader("choice of requests", When)

/** `{ "fault": "htmlError", "status": 502, "times": 3 }` */
export const readFault = (json: unknown): Read<Injection> => {
  const { after, fault: name, on, probability, times, ...rest } = Predicate.isObject(json) ? fields(json) : fields({})
  const read = typeof name === "string" && Object.hasOwn(faults, name) ? faults[name] : undefined
  if (read === undefined) return Result.fail(`Expected a fault: one of ${faultNames.join(", ")}`)
  const when = Object.entries({ after, on, probability, times }).filter(([, value]) => value !== undefined)
  return Result.gen(function*() {
    return { fault: yield* read(rest), when: yield* readWhen(Object.fromEntries(when)) }
  })
}

const fields = (json: object): Readonly<Record<string, unknown>> => ({ ...json })

const Outcome = Schema.Union([Schema.Literal("completed"), Schema.Struct({ failed: Schema.String })])

const plan = {
  duration: Schema.optionalKey(NotNegative),
  pendingFor: Schema.optionalKey(NotNegative),
  readableAfter: Schema.optionalKey(NotNegative),
  outcome: Schema.optionalKey(Outcome)
}

const withOutcome = <A extends object>(
  { outcome, ...rest }: A & { readonly outcome?: typeof Outcome.Type }
): Omit<A, "outcome"> & { readonly outcome?: OperationPlan.Outcome } => ({
  ...rest,
  ...(outcome === undefined
    ? {}
    : { outcome: outcome === "completed" ? OperationPlan.completed : OperationPlan.failed(outcome.failed) })
})

/** `[{ "duration": "10s", "outcome": { "failed": "list is full" } }]` */
export const readPlans = (json: unknown): Read<ReadonlyArray<OperationPlan.OperationPlan>> =>
  Result.map(decodePlans(json), (plans) => plans.map(withOutcome))

const decodePlans = reader("list of plans", Schema.Array(Schema.Struct(plan)))

/** `{ "duration": "10s", "id": "an-operation" }` */
export const readOperation = (json: unknown): Read<NewOperation> => Result.map(decodeOperation(json), withOutcome)

const decodeOperation = reader(
  "plan of an operation",
  Schema.Struct({
    ...plan,
    id: Schema.optionalKey(Schema.String),
    accountId: Schema.optionalKey(Schema.String)
  })
)

/** `{ "name": "blocked", "kind": "ip", "items": [{ "ip": "192.0.2.1" }] }` */
export const readList = reader(
  "list",
  Schema.Struct({
    name: Schema.String,
    kind: Kind,
    id: Schema.optionalKey(Schema.String),
    description: Schema.optionalKey(Schema.String),
    items: Schema.optionalKey(Schema.Array(Schema.Record(Schema.String, Schema.Json))),
    references: Schema.optionalKey(Count),
    accountId: Schema.optionalKey(Schema.String)
  })
)

/** `{ "error": "list is full" }` */
export const readFailure = reader("reason to fail", Schema.Struct({ error: Schema.String }))
