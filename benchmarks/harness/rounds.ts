/**
 * Contenders side by side: each in a process of its own, round after round in a changing order, so that whatever else
 * the machine does meets all of them alike.
 */
import { fileURLToPath } from "node:url"
import type { Cost, Order, Parts, ProfileOrder } from "./child.ts"
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

const begin = async (entries: ReadonlyArray<Entry>, warmUp: Order) => {
  const children = entries.map(({ module, setup }) => Processes.start(childModule, [module, JSON.stringify(setup)]))
  await Promise.all(children.map((child) => Processes.answer(child)))
  for (const child of children) await Processes.ask<Cost>(child, warmUp)
  return children
}

/** Measures every entry under every order, after a warm-up. The result has one list of entries for each order. */
export const measure = async (entries: ReadonlyArray<Entry>, options: {
  readonly warmUp: Order
  readonly orders: ReadonlyArray<Order>
  readonly rounds: number
}): Promise<ReadonlyArray<ReadonlyArray<Measured>>> => {
  const { orders, rounds, warmUp } = options
  const children = await begin(entries, warmUp)
  const costs = orders.map(() => entries.map(() => new Array<Cost>()))
  for (let round = 0; round < rounds; round++) {
    for (const [at, order] of orders.entries()) {
      for (let turn = 0; turn < entries.length; turn++) {
        const who = (turn + round) % entries.length
        const child = children[who]
        if (child === undefined) continue
        const { cpu, wall } = await Processes.ask<Cost>(child, order)
        costs[at]?.[who]?.push({ cpu: cpu / order.count, wall: wall / order.count })
      }
    }
  }
  children.forEach(Processes.stop)
  return costs.map((ofOrder) =>
    ofOrder.map((rounds, who) => ({
      name: entries[who]?.name ?? "",
      cpu: rounds.map(({ cpu }) => cpu),
      wall: rounds.map(({ wall }) => wall)
    }))
  )
}

/** Where each entry spends its time: microseconds per operation, one after the other. */
export const profile = async (
  entries: ReadonlyArray<Entry>,
  warmUp: Order,
  order: ProfileOrder
): Promise<ReadonlyArray<Parts>> => {
  const children = await begin(entries, warmUp)
  const profiles: Array<Parts> = []
  for (const child of children) {
    const parts = await Processes.ask<Parts>(child, order)
    profiles.push(Object.fromEntries(Object.entries(parts).map(([owner, micros]) => [owner, micros / order.count])))
  }
  children.forEach(Processes.stop)
  return profiles
}
