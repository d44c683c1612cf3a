/** The command without its subcommands: their common part. */
import * as Command from "effect/cli/Command"
import { shared } from "./Shared.ts"

export type SharedFlags = Command.Command.Config.Infer<typeof shared>

export const root = Command.make("bulk-operations").pipe(
  Command.withSharedFlags(shared),
  Command.withDescription(
    "Start Cloudflare Lists bulk operations, and know when they are done.\n\n" +
      "Settings come from flags, else from the environment, else from a file .env:\n" +
      "CLOUDFLARE_API_TOKEN, CLOUDFLARE_ACCOUNT_ID, CLOUDFLARE_BASE_URL.\n\n" +
      "Exit codes: 0 completed, 1 the operation failed, 2 wrong usage or input,\n" +
      "3 timed out, 4 not authorised, 5 API error, 6 a guard refused,\n" +
      "130 interrupted."
  ),
  Command.withExamples([
    { command: "bulk-operations wait 4da8780eeb215e6cb7f48dd981c4ea02", description: "Wait for an operation" },
    { command: "bulk-operations items sync blocklist ips.txt", description: "Make a list hold what a file holds" },
    { command: "bulk-operations demo", description: "See it work, without an account" }
  ])
)
