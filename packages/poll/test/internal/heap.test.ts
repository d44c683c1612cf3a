import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as Heap from "../../src/internal/heap.ts"

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

describe("a heap", () => {
  const Step = Schema.Struct({ member: between(0, 7), at: between(0, 5), removes: Schema.Boolean })

  it.effect.prop(
    "returns its members by time, and those of the same time in the order of insertion",
    { steps: Schema.Array(Step).check(Schema.isMaxLength(40)) },
    ({ steps }) =>
      Effect.sync(() => {
        const members: ReadonlyArray<Heap.Node & { readonly name: number }> = Array.from({ length: 8 }, (_, name) => ({
          name,
          at: 0,
          order: 0,
          slot: -1
        }))
        const heap = Heap.make<typeof members[number]>()
        let model: Array<readonly [number, number]> = []
        const first = () => model.toSorted((a, b) => a[1] - b[1])[0]?.[0]
        for (const { at, member, removes } of steps) {
          const node = members[member] ?? assert.fail()
          model = model.filter(([name]) => name !== member)
          if (removes) heap.remove(node)
          else {
            heap.put(node, at)
            model.push([member, at])
          }
          assert.strictEqual(heap.size(), model.length)
          assert.strictEqual(heap.peek()?.name, first())
          for (const one of members) assert.strictEqual(heap.has(one), model.some(([name]) => name === one.name))
        }
        while (model.length > 0) {
          const head = heap.peek() ?? assert.fail()
          assert.strictEqual(head.name, first())
          heap.remove(head)
          model = model.filter(([name]) => name !== head.name)
        }
        assert.isUndefined(heap.peek())
      }),
    { arbitrary: { runs: 300 } }
  )

  it("does not mistake members of another heap for its own", () => {
    const node: Heap.Node = { at: 0, order: 0, slot: -1 }
    const [one, other] = [Heap.make(), Heap.make()]
    one.put(node, 1)
    other.remove(node)
    assert.isTrue(one.has(node))
    assert.isFalse(other.has(node))
  })
})
