/**
 * What one simulator holds of its accounts, and how their operations start.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Semaphore from "effect/Semaphore"
import type { Draw, OperationPlan } from "../OperationPlan.ts"
import * as Plan from "../OperationPlan.ts"
import * as Account from "./account.ts"
import * as Randomness from "./randomness.ts"
import * as Refusals from "./refusals.ts"
import type { Refusal } from "./reply.ts"

export interface State {
  readonly accounts: ReadonlyMap<string, Account.Account>
  /** The account, settled up to now; any id is an account. */
  readonly account: (id: string, now: Account.Instant) => Account.Account
  readonly newId: () => string
  /** Lets the next operations, in order, differ from the plan of all. */
  readonly planNext: (plans: ReadonlyArray<OperationPlan>) => void
  /** Accepts a write, unless too many operations of the account are pending. */
  readonly write: (
    account: Account.Account,
    now: Account.Instant,
    listId: string,
    change: Account.Change
  ) => Effect.Effect<Account.Operation, Refusal>
  /** Starts an operation that touches no list, whatever is pending. */
  readonly start: (
    account: Account.Account,
    now: Account.Instant,
    plan: OperationPlan
  ) => Effect.Effect<Account.Operation>
}

const draw = <A>(value: Draw<A>): Effect.Effect<A> => Effect.isEffect(value) ? value : Effect.succeed(value)

const drawPlan = ({
  duration = "3 seconds",
  outcome = Plan.completed,
  pendingFor = "500 millis"
}: OperationPlan): Effect.Effect<Account.Plan> =>
  Effect.all({
    duration: Effect.map(draw(duration), Duration.toMillis),
    pendingFor: Effect.map(draw(pendingFor), Duration.toMillis),
    outcome: draw(outcome)
  })

export const make = (options: {
  readonly plan: OperationPlan
  readonly pendingOperations: number
  readonly randomness: Randomness.Randomness
}): State => {
  const { pendingOperations, plan: usual, randomness } = options
  const accounts = new Map<string, Account.Account>()
  const planned: Array<OperationPlan> = []
  // Drawing a plan may suspend; a second write must not pass the check meanwhile.
  const oneByOne = Semaphore.makeUnsafe(1).withPermits(1)
  const newId = () => Randomness.hex(randomness.ids, 32)

  const account = (id: string, now: Account.Instant) => {
    const known = accounts.get(id) ?? Account.make()
    accounts.set(id, known)
    Account.settle(known, now)
    return known
  }

  const open = Effect.fnUntraced(function*(
    account: Account.Account,
    now: Account.Instant,
    plan: OperationPlan,
    listId: string | undefined,
    change: Account.Change
  ) {
    const drawn = yield* Effect.provideService(drawPlan({ ...usual, ...plan }), Random.Random, randomness.plans)
    const operation: Account.Operation = {
      id: newId(),
      listId,
      plan: drawn,
      change,
      acceptedAt: now,
      begunAt: undefined,
      end: undefined
    }
    account.operations.set(operation.id, operation)
    account.open.add(operation.id)
    Account.settle(account, now)
    return operation
  })

  return {
    accounts,
    account,
    newId,
    planNext: (plans) => {
      planned.push(...plans)
    },
    write: (account, now, listId, change) =>
      oneByOne(Effect.suspend(() =>
        account.open.size >= pendingOperations
          ? Effect.fail(Refusals.operationPending)
          : open(account, now, planned.shift() ?? {}, listId, change)
      )),
    start: (account, now, plan) => oneByOne(open(account, now, plan, undefined, (items) => items))
  }
}
