import type { WorkflowWait } from "@bulk-operations/durable/cloudflare"
import type { CloudflareWorkersModule } from "@cloudflare/workers-types/index.ts"
import { assert, it } from "@effect/vitest"

// Checked by the compiler.
const taken = (step: CloudflareWorkersModule.WorkflowStep): WorkflowWait.WorkflowStep => step

it("a wait accepts the step that Cloudflare passes to `run`", () => {
  assert.isFunction(taken)
})
