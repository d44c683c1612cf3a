/** Which tests run for a mutant. */

/** How the names of files end that are left out. */
export const leftOutFiles = [
  // A minute of everything at once.
  ".soak.test.ts",
  // Processes of their own, and a bundler, load the sources as they are.
  "/Program.test.ts",
  "/Stopped.test.ts",
  "/TwoProcesses.test.ts",
  "/redis.test.ts",
  "/bundling.test.ts"
]

/** Tests of thousands of waits and of megabytes take up to many seconds: they are left out. */
export const leftOut = /\d,000 |\d Mi?B/

/** Each of these takes a second or more, and runs only for mutants of the file that its own file is named after. */
export const slow = new RegExp(
  [
    "a clock that is set",
    "cannot carry what is started",
    "cannot starve the polls",
    "cost the requests of one",
    "goes back when the poller closes",
    "is replaced by a budget of",
    "is shared by two pollers",
    "keep to their share",
    "keeps all of them together",
    "leave every second turn",
    "makes no difference to a hundred",
    "may have its time of day set",
    "one for two pollers",
    "share one where the settings",
    "starve no long",
    "stays bounded",
    "whatever was observed, its gaps"
  ].join("|")
)
