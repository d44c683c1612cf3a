/**
 * What can be measured: something that is set up once, and then does a number of operations, so many of them at once.
 */
import { Effect, type ManagedRuntime } from "effect"

export interface Contender {
  readonly run: (count: number, concurrency: number) => Promise<void>
}

/** What the module of a contender exports as `make`. */
export type Make = (setup: Record<string, string>) => Contender | Promise<Contender>

/** Does a promise's work again and again. */
export const ofPromise = (operation: () => Promise<void>): Contender => ({
  run: async (count, concurrency) => {
    let left = count
    const worker = async () => {
      while (left-- > 0) await operation()
    }
    await Promise.all(Array.from({ length: concurrency }, worker))
  }
})

/** Does an effect's work again and again. */
export const ofEffect = <E, R>(
  runtime: ManagedRuntime.ManagedRuntime<R, never>,
  operation: () => Effect.Effect<void, E, R>
): Contender => ({
  run: (count, concurrency) => {
    let left = count
    const worker = Effect.whileLoop({ while: () => left-- > 0, body: operation, step: () => undefined })
    const workers = Array.from({ length: concurrency }, () => worker)
    return runtime.runPromise(Effect.all(workers, { concurrency: "unbounded", discard: true }))
  }
})
