export * as SimulatorServer from "./SimulatorServer.ts"
