export * as Endpoint from "./Endpoint.ts"
export * as OperationPlan from "./OperationPlan.ts"
export * as Simulator from "./Simulator.ts"
