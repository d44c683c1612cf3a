import type { WorkflowWait } from "@bulk-operations/durable/cloudflare"
import type { CloudflareWorkersModule } from "@cloudflare/workers-types/index.ts"
import { assert, it } from "@effect/vitest"

it("the step that Cloudflare gives to `run` is one that a wait takes", () => {
  // Checked by the compiler.
  const taken = (step: CloudflareWorkersModule.WorkflowStep): WorkflowWait.WorkflowStep => step
  assert.isFunction(taken)
})
