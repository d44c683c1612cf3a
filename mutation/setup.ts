import { beforeEach } from "vitest"

// Tests of thousands of waits and of megabytes take up to seconds each, and would run for nearly every mutant.
beforeEach(({ skip, task }) => skip(/\d,000 |\d Mi?B/.test(task.name), "takes too long to run for each mutant"))
