/**
 * Processes that are told what to do by messages, one answer for each.
 */
import { type ChildProcess, fork } from "node:child_process"

/** Starts a module in a process of its own. */
export const start = (modulePath: string, args: ReadonlyArray<string> = []): ChildProcess =>
  fork(modulePath, args, {
    execArgv: ["--conditions=@bulk-operations/source", "--expose-gc", "--disable-warning=ExperimentalWarning"]
  })

// Longer than anything that is measured takes: a process that hangs must not keep the others waiting for ever.
const patience = 5 * 60_000

/** The next message of a process. */
export const answer = <A>(child: ChildProcess): Promise<A> =>
  new Promise((resolve, reject) => {
    const fail = (how: string) => {
      child.kill("SIGKILL")
      reject(new Error(`${child.spawnargs.slice(1).join(" ")} ${how}`))
    }
    const onExit = (code: number | null) => fail(`exited with ${code}`)
    const timer = setTimeout(() => fail(`has said nothing for ${patience / 60_000} minutes`), patience)
    child.once("exit", onExit)
    child.once("message", (message: A) => {
      clearTimeout(timer)
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
