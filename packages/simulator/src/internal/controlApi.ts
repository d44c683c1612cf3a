/** The simulator's own HTTP API, for programs that cannot call the `Simulator` service: the same functions, in JSON. */
import * as BulkOperation from "@bulk-operations/core/BulkOperation"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as FindMyWay from "effect/http/FindMyWay"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as String from "effect/String"
import type * as SimulatorError from "../SimulatorError.ts"
import type * as Control from "./control.ts"
import * as Input from "./controlInput.ts"
import * as Cors from "./cors.ts"
import type { Answer, Request } from "./exchange.ts"
import type { ReceivedRequest } from "./requestLog.ts"
import * as Spoil from "./spoil.ts"

type Service = ReturnType<typeof Control.make>

/** Its path, beside `/client/v4`. */
export const root = "/simulator"

export const isControl = (url: string): boolean => url === root || /^\/simulator[/?]/.test(url)

interface Said {
  readonly status: number
  readonly body?: Schema.Json | string
}

interface Call {
  readonly service: Service
  readonly id: string
  readonly body: string
}

type Handler = (call: Call) => Effect.Effect<Said, Said>

const done: Said = { status: 204 }
const refuse = (status: number, error: string): Said => ({ status, body: { error } })

const parseJson = (text: string) =>
  Result.try({ try: (): unknown => JSON.parse(text), catch: () => "The body has to be JSON." })

const input = <A>(read: (json: unknown) => Input.Read<A>, body: string): Effect.Effect<A, Said> =>
  Effect.fromResult(
    Result.mapError(Result.flatMap(parseJson(body), read), (message) => refuse(400, message))
  )

const statusOf = (reason: SimulatorError.SimulatorError["reason"]): number => {
  if (reason._tag === "IdRefused") return reason.why === "taken" ? 409 : 400
  if (reason._tag === "OperationNotOpen") return reason.state === "unknown" ? 404 : 409
  return 400
}

const refused = ({ message, reason }: SimulatorError.SimulatorError): Said => refuse(statusOf(reason), message)

const inject: Handler = ({ body, service }) =>
  Effect.flatMap(input(Input.readFault, body), ({ fault, when }) => Effect.as(service.inject(fault, when), done))

const clearFaults: Handler = ({ service }) => Effect.as(service.clearFaults, done)

const planNext: Handler = ({ body, service }) =>
  Effect.flatMap(input(Input.readPlans, body), (plans) => Effect.as(service.planNext(...plans), done))

const created = (id: Effect.Effect<string, SimulatorError.SimulatorError>) =>
  Effect.mapBoth(id, { onSuccess: (id): Said => ({ status: 201, body: { id } }), onFailure: refused })

const createList: Handler = ({ body, service }) =>
  Effect.flatMap(input(Input.readList, body), (list) => created(service.createList(list)))

const startOperation: Handler = ({ body, service }) =>
  Effect.flatMap(
    input(Input.readOperation, body === "" ? "{}" : body),
    (operation) => created(service.startOperation(operation))
  )

const moved = (effect: Effect.Effect<void, SimulatorError.SimulatorError>) =>
  Effect.mapBoth(effect, { onSuccess: () => done, onFailure: refused })

const begin: Handler = ({ id, service }) => moved(service.begin(id))
const complete: Handler = ({ id, service }) => moved(service.complete(id))
const fail: Handler = ({ body, id, service }) =>
  Effect.flatMap(input(Input.readFailure, body), ({ error }) => moved(service.fail(id, error)))

const requestJson = ({ body, endpoint, faults, headers, method, receivedAt, status, url }: ReceivedRequest) => ({
  receivedAt: DateTime.formatIso(receivedAt),
  method,
  url,
  endpoint: Option.getOrNull(endpoint),
  // A spread keeps the entries that headers hide from JSON.
  headers: Object.fromEntries(Object.entries(headers).map(([name, value = ""]) => [name, value])),
  body,
  faults: faults.map(({ _tag }) => String.uncapitalize(_tag)),
  status: Option.getOrNull(status)
})

const requests: Handler = ({ service }) =>
  Effect.map(service.requests, (all) => ({ status: 200, body: all.map(requestJson) }))

const encodeOperation = Schema.encodeSync(BulkOperation.BulkOperation)

const state: Handler = ({ service }) =>
  Effect.map(service.state, ({ lists, operations }) => ({
    status: 200,
    body: {
      lists: [...lists],
      operations: operations.map(({ acceptedAt, accountId, listId, operation }) => ({
        accountId,
        listId: Option.getOrNull(listId),
        acceptedAt: DateTime.formatIso(acceptedAt),
        operation: { ...encodeOperation(operation) }
      }))
    }
  }))

const help: Handler = () => Effect.succeed({ status: 200, body: usage })

const table: ReadonlyArray<readonly [string, FindMyWay.PathInput, Handler, string]> = [
  ["GET", root, help, "this page"],
  ["POST", `${root}/faults`, inject, `requests meet a fault: {"fault": "htmlError", "status": 502, "times": 3}`],
  ["DELETE", `${root}/faults`, clearFaults, "no faults any longer"],
  ["POST", `${root}/plans`, planNext, `how the next writes go: [{"duration": "10s", "outcome": {"failed": "full"}}]`],
  ["POST", `${root}/lists`, createList, `a list at once: {"name": "blocked", "kind": "ip", "items": []}`],
  ["POST", `${root}/operations`, startOperation, `an operation of someone else's: {"duration": "1m"}`],
  ["POST", `${root}/operations/:id/begin`, begin, "from pending to running"],
  ["POST", `${root}/operations/:id/complete`, complete, "ends it now"],
  ["POST", `${root}/operations/:id/fail`, fail, `ends it now, without effect: {"error": "list is full"}`],
  ["GET", `${root}/requests`, requests, "the requests received, without credentials"],
  ["GET", `${root}/state`, state, "all lists with their items, and all operations"]
]

const usage = [
  "Commands of the simulator. Bodies are JSON.",
  "",
  ...table.map(([method, path, , what]) => `${method.padEnd(7)}${path.padEnd(36)}${what}`),
  "",
  `Faults: ${Input.faultNames.join(", ")}.`,
  "With each: on (endpoints), after, times, probability.",
  ""
].join("\n")

const router = FindMyWay.make<Handler>({ caseSensitive: true, ignoreDuplicateSlashes: false, maxParamLength: 1000 })
for (const [method, path, handler] of table) router.on(method, path, handler)

const answer = ({ body, status }: Said, cors: boolean): Answer => ({
  status,
  headers: { server: "bulk-operations-simulator", ...(cors ? Cors.headers : {}) },
  contentType: typeof body === "string" ? "text/plain; charset=UTF-8" : "application/json; charset=UTF-8",
  body: body === undefined ? "" : typeof body === "string" ? body : `${JSON.stringify(body, undefined, 2)}\n`,
  delivery: Spoil.delivery(undefined)
})

/** A page of another origin may control the simulator only if it may call it. */
const fromElsewhere = refuse(403, "A page of another origin may drive the simulator only where `cors` is on.")

export const make =
  (service: Service, { cors }: { readonly cors: boolean }) => (request: Request): Effect.Effect<Answer> => {
    if (cors && Cors.isPreflight(request.method, request.headers)) return Effect.succeed(Cors.preflight(request))
    const found = router.find(request.method, request.url)
    const said = !cors && request.headers["origin"] !== undefined
      ? Effect.succeed(fromElsewhere)
      : found === undefined
      ? Effect.succeed(
        refuse(404, `There is nothing at ${request.method} ${request.url}. GET ${root} lists all commands.`)
      )
      : Effect.catch(
        found.handler({ service, id: found.params["id"] ?? "", body: request.body }),
        Effect.succeed
      )
    return Effect.map(said, (said) => answer(said, cors))
  }
