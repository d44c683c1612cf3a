/**
 * What can be measured: something that is set up once, and then does a number of operations, so many of them at once.
 */
import { Effect, type ManagedRuntime } from "effect"

/** Whose operation is asked for. */
export const accountId = "023e105f4ecef8ad9ca31a8372d0c353"
export const operationId = "4da8780eeb215e6cb7f48dd981c4ea02"
export const apiToken = "v1.0-an-api-token-as-long-as-those-of-cloudflare"

export interface Contender {
  readonly run: (count: number, concurrency: number) => Promise<void>
}

export type Make = (setup: Readonly<Record<string, string>>) => Contender | Promise<Contender>

/** What a module of contenders exports as `contenders`, by their names. */
export type Contenders = Readonly<Record<string, Make>>

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
