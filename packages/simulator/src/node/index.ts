export * as SimulatorCommand from "./SimulatorCommand.ts"
export * as SimulatorServer from "./SimulatorServer.ts"
