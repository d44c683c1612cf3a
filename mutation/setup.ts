import { beforeEach } from "vitest"

// Tests of thousands of waits take seconds each, and would run for nearly every mutant.
beforeEach(({ skip, task }) => skip(/\d,000 /.test(task.name), "too slow to run for each mutant"))
