// In your own project, `wrangler types` generates this.
declare module "cloudflare:workers" {
  type Module = typeof import("@cloudflare/workers-types/index.ts").CloudflareWorkersModule
  export type WorkflowEvent<T> = import("@cloudflare/workers-types/index.ts").CloudflareWorkersModule.WorkflowEvent<T>
  export type WorkflowStep = import("@cloudflare/workers-types/index.ts").CloudflareWorkersModule.WorkflowStep
  export const WorkflowEntrypoint: Module["WorkflowEntrypoint"]
}
