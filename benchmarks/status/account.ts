/**
 * Who asks for what, in every contender.
 */
export const accountId = "023e105f4ecef8ad9ca31a8372d0c353"
export const operationId = "4da8780eeb215e6cb7f48dd981c4ea02"
export const apiToken = "v1.0-an-api-token-as-long-as-those-of-cloudflare"

export const urlOf = (baseUrl: string): string =>
  `${baseUrl}/accounts/${accountId}/rules/lists/bulk_operations/${operationId}`

/** Every contender has to come as far as this: the answer, parsed, about this operation, under way. */
export const check = (operation: { readonly id: string; readonly status: string } | undefined): void => {
  if (operation?.id !== operationId || operation.status !== "running") throw new Error("a wrong answer")
}
