/** A poller of the Cloudflare at a base URL, with the services that it needs itself. */
import * as BulkOperations from "@bulk-operations/core/BulkOperations"
import * as CloudflareApi from "@bulk-operations/core/CloudflareApi"
import * as Credentials from "@bulk-operations/core/Credentials"
import * as BulkOperationPoller from "@bulk-operations/poll/BulkOperationPoller"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"

export const layerPoller = (baseUrl: string, accountId: string) =>
  BulkOperationPoller.layer.pipe(
    Layer.provideMerge(BulkOperations.layer),
    Layer.provideMerge(
      CloudflareApi.layer({ credentials: Credentials.apiToken(Redacted.make("token")), accountId, baseUrl })
    )
  )
