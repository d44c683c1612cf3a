/**
 * Where the time of a processor profile went, by who wrote the code.
 */
import type { Profiler } from "node:inspector/promises"

const owners: ReadonlyArray<readonly [pattern: RegExp, owner: string]> = [
  [/\/packages\/(core|poll)\//, "this library"],
  [/\/node_modules\/effect\/dist\/(Schema|internal\/schema)/, "Effect, Schema"],
  [/\/node_modules\/(effect\/dist\/http|@effect\/platform-node)\//, "Effect, HTTP"],
  [/\/node_modules\/effect\//, "Effect, runtime"],
  [/\/node_modules\/undici\/|^node:internal\/deps\/undici|^wasm:/, "undici, in fetch too"],
  [/\/benchmarks\//, "the benchmark"]
]

const ownerOf = ({ functionName, url }: { readonly functionName: string; readonly url: string }) =>
  functionName === "(garbage collector)"
    ? "garbage collection"
    : owners.find(([pattern]) => pattern.test(url))?.[1] ?? "Node"

// Waiting, and the profiler's own work.
const isNobodys = ({ functionName, url }: { readonly functionName: string; readonly url: string }) =>
  functionName === "(idle)" || url === "node:inspector"

/** Microseconds by owner. */
export const parts = ({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): Record<string, number> => {
  const frames = new Map(nodes.map(({ callFrame, id }) => [id, callFrame]))
  const times: Record<string, number> = {}
  for (const [at, id] of samples.entries()) {
    const frame = frames.get(id)
    if (frame === undefined || isNobodys(frame)) continue
    const owner = ownerOf(frame)
    times[owner] = (times[owner] ?? 0) + (timeDeltas[at] ?? 0)
  }
  return times
}
