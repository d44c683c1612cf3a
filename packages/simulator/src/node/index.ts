export * as SimulatorCommand from "./SimulatorCommand.ts"
export * as SimulatorFlags from "./SimulatorFlags.ts"
export * as SimulatorServer from "./SimulatorServer.ts"
