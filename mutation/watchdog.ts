/**
 * Ends a process whose thread has been blocked for seconds: a loop that a mutant made endless.
 *
 * Stryker would wait for a multiple of the usual time, a minute where many tests reach the mutant. The note is for the
 * process in which it tries the mutant again.
 */
import { existsSync, writeFileSync } from "node:fs"
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads"

const mostSilentSeconds = 10

const note = (mutant: string) => `blocked-by-${mutant}`

/** Whether a process before this one was ended because of the mutant. */
export const hasBlocked = (mutant: string) => existsSync(note(mutant))

/** Watches this thread. What comes back is told which mutant is active, if any. */
export const start = () => {
  const beats = new Int32Array(new SharedArrayBuffer(4))
  setInterval(() => Atomics.add(beats, 0, 1), 500)
  const watchdog = new Worker(import.meta.filename, { workerData: beats })
  return (mutant: string | undefined) => watchdog.postMessage(mutant)
}

const watch = (beats: Int32Array) => {
  let active: string | undefined
  let last = 0
  let silentSeconds = 0
  parentPort?.on("message", (mutant: string | undefined) => {
    active = mutant
    silentSeconds = 0
  })
  setInterval(() => {
    const beat = Atomics.load(beats, 0)
    silentSeconds = beat === last ? silentSeconds + 1 : 0
    last = beat
    if (active === undefined || silentSeconds < mostSilentSeconds) return
    writeFileSync(note(active), "")
    process.kill(process.pid, "SIGKILL")
  }, 1000)
}

if (!isMainThread && workerData instanceof Int32Array) watch(workerData)
