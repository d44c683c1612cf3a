/**
 * Processes that are told what to do by messages, one answer for each.
 */
import { type ChildProcess, fork } from "node:child_process"

/** Starts a module in a process of its own. */
export const start = (
  modulePath: string,
  args: ReadonlyArray<string> = [],
  nodeOptions: ReadonlyArray<string> = []
): ChildProcess =>
  fork(modulePath, args, {
    execArgv: ["--conditions=source", "--expose-gc", "--disable-warning=ExperimentalWarning", ...nodeOptions]
  })

/** The next message of a process. */
export const answer = <A>(child: ChildProcess): Promise<A> =>
  new Promise((resolve, reject) => {
    const onExit = (code: number | null) => reject(new Error(`${child.spawnargs.join(" ")} exited with ${code}`))
    child.once("exit", onExit)
    child.once("message", (message: A) => {
      child.off("exit", onExit)
      resolve(message)
    })
  })

export const ask = <A>(child: ChildProcess, question: object): Promise<A> => {
  child.send(question)
  return answer<A>(child)
}

export const stop = (child: ChildProcess): void => {
  child.disconnect()
}
