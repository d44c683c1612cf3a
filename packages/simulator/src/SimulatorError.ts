/** Errors for the test that controls a simulator. Its clients never see them: they get Cloudflare's refusals. */
import * as Schema from "effect/Schema"

/** The server's host is not loopback. */
export class NotLoopback extends Schema.TaggedError<NotLoopback>()("NotLoopback", { host: Schema.String }) {
  override get message() {
    return `The simulator accepts any credential, so it listens on loopback only, and ${this.host} is not loopback. ` +
      `Leave out \`host\`, or set \`allowRemote: true\` if other machines should reach it.`
  }
}

/** The address is in use, or not one of this machine. */
export class CannotListen extends Schema.TaggedError<CannotListen>()("CannotListen", {
  host: Schema.String,
  port: Schema.Int,
  cause: Schema.Defect()
}) {
  override get message() {
    return `The simulator cannot listen on ${this.host}, port ${this.port}: ${this.cause}. ` +
      (this.port === 0 ? "Is the host an address of this machine?" : "Leave out `port` to get one that is free.")
  }
}

/** Cloudflare would refuse the list. */
export class ListRefused extends Schema.TaggedError<ListRefused>()("ListRefused", { refusal: Schema.String }) {
  override get message() {
    return `The list cannot be created, Cloudflare would refuse it: ${this.refusal}`
  }
}

/** Clients cannot use the account's id. */
export class AccountIdRefused extends Schema.TaggedError<AccountIdRefused>()("AccountIdRefused", {
  accountId: Schema.String
}) {
  override get message() {
    return `An account id has 32 characters, and ${JSON.stringify(this.accountId)} has ${this.accountId.length}: ` +
      `Cloudflare would not find it. Use one of 32, or set \`anyAccountId: true\`.`
  }
}

/** The given id is unusable or taken. */
export class IdRefused extends Schema.TaggedError<IdRefused>()("IdRefused", {
  of: Schema.Literals(["list", "item", "operation"]),
  id: Schema.String,
  why: Schema.Literals(["unusable", "taken"])
}) {
  override get message() {
    return this.why === "unusable"
      ? `No client could request this ${this.of} by the id ${
        JSON.stringify(this.id)
      }: an id has one or more characters, ` +
        `no spaces, slashes or control characters, and is not "." or "..". Leave it out to get a new one.`
      : `Another ${this.of} has the id ${this.id} already. Give a different one, or leave it out to get a new one.`
  }
}

/** Tried to advance an operation that is not running. */
export class OperationNotOpen extends Schema.TaggedError<OperationNotOpen>()("OperationNotOpen", {
  operationId: Schema.String,
  state: Schema.Literals(["unknown", "ended", "waiting"])
}) {
  override get message() {
    return `Operation ${this.operationId} cannot be advanced by hand: ${explanation[this.state]}.`
  }
}

const explanation = {
  unknown: "no operation has this id",
  ended: "it has ended already",
  waiting: "it waits behind another operation of its list, which comes first"
}

/**
 * Why the simulator did not do what a test asked of it.
 *
 * @example
 * import { Simulator, type SimulatorError } from "@bulk-operations/simulator"
 * import { Effect } from "effect"
 *
 * const whatToDo = ({ reason }: SimulatorError.SimulatorError) => {
 *   switch (reason._tag) {
 *     case "NotLoopback":
 *     case "CannotListen":
 *       return "choose another address"
 *     case "ListRefused":
 *       return "choose another list"
 *     case "AccountIdRefused":
 *     case "IdRefused":
 *       return "choose another id"
 *     case "OperationNotOpen":
 *       return "begin it first"
 *   }
 * }
 * const program = Simulator.Simulator.use(({ complete }) => complete("no-such-operation")).pipe(
 *   Effect.catchTag("SimulatorError", (error) => Effect.succeed(whatToDo(error)))
 * )
 * await Effect.runPromise(Effect.provide(program, Simulator.layerHttpClient())) // => "begin it first"
 */
export class SimulatorError extends Schema.TaggedError<SimulatorError>()("SimulatorError", {
  reason: Schema.Union([NotLoopback, CannotListen, ListRefused, AccountIdRefused, IdRefused, OperationNotOpen])
}) {
  override get message() {
    return this.reason.message
  }
}
