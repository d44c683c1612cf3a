export * as WorkflowWait from "./WorkflowWait.ts"
