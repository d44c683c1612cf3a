/**
 * The flags of every command that talks to Cloudflare, and those of every wait.
 */
import * as Flag from "effect/cli/Flag"
import * as Duration from "effect/Duration"
import * as DurationText from "./DurationText.ts"

/** A flag that takes `30s`, `10m` or `1h30m`. */
export const duration = (name: string, shortest: "zero" | "above zero" = "above zero") =>
  Flag.String(name).pipe(
    Flag.withMetavar("duration"),
    Flag.filterMap(DurationText.parse, () => `Expected ${DurationText.expected}`),
    Flag.filter(
      (duration) => shortest === "zero" || Duration.toMillis(duration) > 0,
      () => `Expected ${DurationText.expected}, longer than zero`
    )
  )

export const shared = {
  account: Flag.String("account").pipe(
    Flag.withAlias("a"),
    Flag.withMetavar("id"),
    Flag.withDescription("Account. Default: $CLOUDFLARE_ACCOUNT_ID"),
    Flag.optional
  ),
  tokenFile: Flag.String("token-file").pipe(
    Flag.withMetavar("path"),
    Flag.withDescription("File with the API token. Default: $CLOUDFLARE_API_TOKEN"),
    Flag.optional
  ),
  baseUrl: Flag.String("base-url").pipe(
    Flag.withMetavar("url"),
    Flag.withDescription("URL of the API. Default: $CLOUDFLARE_BASE_URL"),
    Flag.optional
  ),
  json: Flag.Boolean("json").pipe(
    Flag.withoutNegation,
    Flag.withDescription("Print NDJSON, errors included"),
    Flag.withDefault(false)
  )
}

export const waiting = {
  timeout: duration("timeout").pipe(
    Flag.withAlias("t"),
    Flag.withDescription("How long to wait at most. Default: 1h"),
    Flag.optional
  ),
  requestCost: duration("request-cost").pipe(
    Flag.withDescription("Lateness that a request is worth. Default: 250ms"),
    Flag.optional
  ),
  every: duration("every").pipe(
    Flag.withDescription("Poll at a fixed interval instead"),
    Flag.optional
  ),
  history: Flag.String("history").pipe(
    Flag.withMetavar("path"),
    Flag.withDescription("Learn how long operations take, in this file"),
    Flag.optional
  )
}
