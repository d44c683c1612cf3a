/** A simulator's accounts, and how their operations start. */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Semaphore from "effect/Semaphore"
import { type Draw, draw } from "../Draw.ts"
import type { OperationPlan } from "../OperationPlan.ts"
import * as Plan from "../OperationPlan.ts"
import * as Account from "./account.ts"
import type { Change, Instant } from "./items/itemSet.ts"
import * as OptionChecks from "./optionChecks.ts"
import * as Refusals from "./refusals.ts"
import type { Refusal } from "./reply.ts"

export interface State {
  /** The account, brought up to `now`. Any id is an account. */
  readonly account: (id: string, now: Instant) => Account.Account
  /** All accounts used so far, by id, brought up to `now`. */
  readonly accounts: (now: Instant) => ReadonlyMap<string, Account.Account>
  /** Plans the next operations, in order. */
  readonly planNext: (plans: ReadonlyArray<OperationPlan>) => void
  /** Accepts a write, unless too many operations of the account are pending. */
  readonly write: (
    account: Account.Account,
    now: Instant,
    id: string,
    listId: string,
    change: Change
  ) => Effect.Effect<Account.Operation, Refusal>
  /** Starts an operation that touches no list, whatever is pending. */
  readonly start: (
    account: Account.Account,
    now: Instant,
    id: string,
    plan: OperationPlan
  ) => Effect.Effect<Account.Operation>
}

const drawMillis = (option: keyof OperationPlan, duration: Draw<Duration.Input>): Effect.Effect<number> =>
  Effect.map(draw(duration), (drawn) => Math.round(OptionChecks.notNegative(option, drawn)))

const drawPlan = (plan: OperationPlan): Effect.Effect<Account.Plan> =>
  Effect.all({
    duration: drawMillis("duration", plan.duration ?? "3 seconds"),
    pendingFor: drawMillis("pendingFor", plan.pendingFor ?? "500 millis"),
    outcome: Effect.map(draw(plan.outcome ?? Plan.completed), OptionChecks.outcome),
    readableAfter: drawMillis("readableAfter", plan.readableAfter ?? 0)
  })

export const make = (options: {
  readonly plan: OperationPlan
  readonly pendingOperations: number
  readonly random: Random.Random
}): State => {
  const { pendingOperations, plan: usual, random } = options
  const accounts = new Map<string, Account.Account>()
  const planned: Array<OperationPlan> = []
  // Drawing a plan may suspend, and a second write must not pass the check meanwhile.
  const oneByOne = Semaphore.makeUnsafe(1).withPermits(1)

  const account = (id: string, now: Instant) => {
    const known = accounts.get(id) ?? Account.make()
    accounts.set(id, known)
    Account.settle(known, now)
    return known
  }

  const open = Effect.fnUntraced(function*(
    account: Account.Account,
    now: Instant,
    id: string,
    plan: OperationPlan,
    listId: string | undefined,
    change: Change | undefined
  ) {
    const operation: Account.Operation = {
      id,
      listId,
      plan: yield* Effect.provideService(drawPlan({ ...usual, ...plan }), Random.Random, random),
      change,
      acceptedAt: now,
      begunAt: undefined,
      end: undefined
    }
    Account.accept(account, operation)
    return operation
  })

  return {
    account,
    accounts: (now) => {
      for (const known of accounts.values()) Account.settle(known, now)
      return accounts
    },
    planNext: (plans) => {
      planned.push(...plans)
    },
    write: (account, now, id, listId, change) =>
      oneByOne(Effect.suspend(() =>
        account.open.size >= pendingOperations
          ? Effect.fail(Refusals.operationPending)
          : open(account, now, id, planned.shift() ?? {}, listId, change)
      )),
    start: (account, now, id, plan) => oneByOne(open(account, now, id, plan, undefined, undefined))
  }
}
