import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as Account from "../../src/internal/account.ts"
import type { Item } from "../../src/internal/items/itemSet.ts"
import * as OperationPlan from "../../src/OperationPlan.ts"

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

const Write = Schema.Struct({
  list: Schema.Literals(["a", "b"]),
  wait: between(0, 20),
  duration: between(0, 20),
  fails: Schema.Boolean,
  readableAfter: between(0, 20),
  observations: between(0, 3)
})
const Writes = Schema.Array(Write).check(Schema.isMaxLength(12))

const item = (name: string, at: number): Item => ({
  id: name,
  key: name,
  comment: undefined,
  value: { ip: name },
  createdOn: at,
  modifiedOn: at
})

const emptyList = (id: string): Account.List => ({
  id,
  name: id,
  kind: "ip",
  description: undefined,
  references: 0,
  createdOn: 0,
  modifiedOn: 0,
  items: []
})

/** Carries out the writes, each of which adds an item with its number, and observes the account in between or not. */
const carryOut = (writes: typeof Writes.Type, isObserved: boolean) => {
  const account = Account.make()
  for (const id of ["a", "b"]) account.lists.set(id, emptyList(id))
  let now = 0
  for (const [index, { duration, fails, list, observations, readableAfter, wait }] of writes.entries()) {
    for (const part of isObserved ? [0.25, 0.5, 0.75].slice(0, observations) : []) {
      Account.settle(account, now + wait * part)
    }
    now += wait
    const id = `${index}`
    Account.accept(account, {
      id,
      listId: list,
      plan: {
        pendingFor: 0,
        duration,
        outcome: fails ? OperationPlan.failed("") : OperationPlan.completed,
        readableAfter
      },
      change: (items, at) => [...items, item(id, at)],
      acceptedAt: now,
      begunAt: undefined,
      end: undefined
    })
  }
  Account.settle(account, now + 1000)
  return account
}

const operation = (id: string, duration: number): Account.Operation => ({
  id,
  listId: undefined,
  plan: { pendingFor: 0, duration, outcome: OperationPlan.completed, readableAfter: 0 },
  change: undefined,
  acceptedAt: 0,
  begunAt: undefined,
  end: undefined
})

const story = ({ lists, operations }: Account.Account) => ({
  lists: [...lists.values()],
  ends: [...operations.values()].map(({ begunAt, end }) => ({ begunAt, end }))
})

describe("the operations of a list", () => {
  it.prop(
    "take effect one after the other, in the order of their writes, however long each takes",
    [Writes],
    ([writes]) => {
      const { lists, open, operations } = carryOut(writes, false)
      assert.strictEqual(open.size, 0)
      for (const operation of operations.values()) assert.isUndefined(operation.change)
      for (const list of ["a", "b"]) {
        let free = 0
        const expected: Array<Array<string | number>> = []
        let now = 0
        for (const [index, write] of writes.entries()) {
          now += write.wait
          if (write.list !== list) continue
          free = Math.max(now, free) + write.duration
          assert.strictEqual(operations.get(`${index}`)?.end?.at, free)
          if (!write.fails) expected.push([`${index}`, free])
        }
        assert.deepStrictEqual(lists.get(list)?.items.map(({ createdOn, id }) => [id, createdOn]), expected)
      }
      return true
    }
  )

  it.prop("have the same history whether or not they are read meanwhile", [Writes], ([writes]) => {
    assert.deepStrictEqual(story(carryOut(writes, true)), story(carryOut(writes, false)))
    return true
  })
})

describe("an operation ended by hand", () => {
  it("does not end again at its planned time", () => {
    const account = Account.make()
    Account.accept(account, operation("one", 10))
    const one = account.operations.get("one")
    if (one !== undefined) Account.end(account, one, 5, OperationPlan.failed("no reason"))
    Account.settle(account, 20)
    assert.deepStrictEqual(account.operations.get("one")?.end, { at: 5, outcome: OperationPlan.failed("no reason") })
    assert.deepStrictEqual([account.open.size, account.lanes.size], [0, 0])
  })
})
