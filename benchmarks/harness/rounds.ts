/**
 * Contenders side by side: each in a process of its own, round after round in a changing order, so that whatever else
 * the machine does meets all of them alike.
 */
import { fileURLToPath } from "node:url"
import type { Cost, Order } from "./child.ts"
import * as Processes from "./processes.ts"

/** Who is measured. */
export interface Entry {
  readonly name: string
  readonly module: string
  readonly setup: Record<string, string>
}

/** Microseconds per operation, one figure for each round. */
export interface Measured {
  readonly name: string
  readonly cpu: ReadonlyArray<number>
  readonly wall: ReadonlyArray<number>
}

const childModule = fileURLToPath(new URL("child.ts", import.meta.url))

const begin = async ({ module, setup }: Entry) => {
  const child = Processes.start(childModule, [module, JSON.stringify(setup)])
  await Processes.answer(child)
  return child
}

/** What an order costs in a fresh process. */
export const once = async (entry: Entry, order: Order): Promise<Cost> => {
  const child = await begin(entry)
  const cost = await Processes.ask<Cost>(child, order)
  Processes.stop(child)
  return cost
}

/** Measures every entry under every order, after a warm-up. The result has one list of entries for each order. */
export const measure = async (entries: ReadonlyArray<Entry>, options: {
  readonly warmUp: Order
  readonly orders: ReadonlyArray<Order>
  readonly rounds: number
}): Promise<ReadonlyArray<ReadonlyArray<Measured>>> => {
  const { orders, rounds, warmUp } = options
  const children = await Promise.all(entries.map(begin))
  for (const child of children) await Processes.ask<Cost>(child, warmUp)
  const costs = orders.map(() => entries.map(() => new Array<Cost>()))
  for (let round = 0; round < rounds; round++) {
    for (const [at, order] of orders.entries()) {
      for (let turn = 0; turn < entries.length; turn++) {
        const who = (turn + round) % entries.length
        const child = children[who]
        if (child !== undefined) costs[at]?.[who]?.push(await Processes.ask<Cost>(child, order))
      }
    }
  }
  children.forEach(Processes.stop)
  return costs.map((ofOrder, at) => {
    const count = orders[at]?.count ?? Number.NaN
    return ofOrder.map((rounds, who) => ({
      name: entries[who]?.name ?? "",
      cpu: rounds.map(({ cpu }) => cpu / count),
      wall: rounds.map(({ wall }) => wall / count)
    }))
  })
}
