/**
 * What is bundled: a module that exports `run`, which polls one operation, or waits for it.
 */

/** Which operation of which account, and where to ask about it as whom. */
export interface Order {
  readonly baseUrl: string
  readonly apiToken: string
  readonly accountId: string
  readonly operationId: string
}

/** What a program exports as `run`. */
export type Run = (order: Order) => Promise<{ readonly status: string }>
