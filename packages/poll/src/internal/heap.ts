/** A priority queue by time whose members can be removed from anywhere, so that an ended wait leaves nothing behind. */

/** A member; it is in one heap at a time. */
export interface Node {
  /** The sort key. */
  at: number
  /** Breaks ties of `at`: the member that was put in first comes first. */
  order: number
  /** Its index in the heap; -1 outside. */
  slot: number
}

/** The members, the one with the smallest `at` first. */
export interface Heap<N extends Node> {
  readonly size: () => number
  readonly peek: () => N | undefined
  readonly has: (node: N) => boolean
  /** All members, in no order; valid until the heap changes. */
  readonly members: () => ReadonlyArray<N>
  /** Puts a member in at `at`, or moves it there. */
  readonly put: (node: N, at: number) => void
  /** Removes a member, if it is in. */
  readonly remove: (node: N) => void
}

const before = (left: Node, right: Node) => left.at < right.at || (left.at === right.at && left.order < right.order)

/** An empty heap. */
export const make = <N extends Node>(): Heap<N> => {
  const nodes: Array<N> = []
  let puts = 0

  const place = (node: N, slot: number) => {
    nodes[slot] = node
    node.slot = slot
  }

  const rise = (node: N, from: number) => {
    let slot = from
    for (let parent = nodes[(slot - 1) >> 1]; parent !== undefined && before(node, parent);) {
      place(parent, slot)
      slot = (slot - 1) >> 1
      parent = nodes[(slot - 1) >> 1]
    }
    place(node, slot)
  }

  const sink = (node: N, from: number) => {
    let slot = from
    for (;;) {
      const left = nodes[2 * slot + 1]
      const right = nodes[2 * slot + 2]
      const child = right !== undefined && left !== undefined && before(right, left) ? right : left
      if (child === undefined || !before(child, node)) break
      const next = child.slot
      place(child, slot)
      slot = next
    }
    place(node, slot)
  }

  const remove = (node: N) => {
    const { slot } = node
    if (nodes[slot] !== node) return
    node.slot = -1
    const last = nodes.pop()
    if (last === undefined || last === node) return
    rise(last, slot)
    sink(last, last.slot)
  }

  return {
    size: () => nodes.length,
    peek: () => nodes[0],
    has: (node) => nodes[node.slot] === node,
    members: () => nodes,
    put: (node, at) => {
      remove(node)
      node.at = at
      node.order = puts++
      nodes.push(node)
      rise(node, nodes.length - 1)
    },
    remove
  }
}
