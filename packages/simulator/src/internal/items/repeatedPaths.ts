/**
 * Limits how many redirects of an account have the same source path.
 *
 * Source: the page of error 10059, which has 16 "regardless of domain"; another page of the documentation has "same host
 * and path". Chosen: the former, over the items that are in the lists when the write is accepted.
 */
import * as Result from "effect/Result"
import * as Refusals from "../refusals.ts"
import type { Refusal } from "../reply.ts"
import type { NewItem } from "./newItem.ts"
import { sourcePath } from "./redirect.ts"

/** Checks a write together with all redirects that will remain. */
export const check = (
  limit: number,
  written: ReadonlyArray<NewItem>,
  others: Iterable<NewItem>
): Result.Result<ReadonlyArray<NewItem>, Refusal> => {
  const counts = new Map<string, number>()
  const count = (path: string) => counts.set(path, (counts.get(path) ?? 0) + 1)
  for (const { key } of written) count(sourcePath(key))
  for (const { key } of others) {
    const path = sourcePath(key)
    if (counts.has(path)) count(path)
  }
  return [...counts.values()].some((count) => count > limit)
    ? Result.fail(Refusals.repeatedPaths)
    : Result.succeed(written)
}
