/**
 * Lets the packages in Stryker's copy of the repository find each other there, before what it was copied from.
 *
 * Everything else is found where it is installed, in a folder above.
 */
import { mkdirSync, readdirSync, symlinkSync } from "node:fs"

const scope = "node_modules/@bulk-operations"
mkdirSync(scope, { recursive: true })
for (const name of readdirSync("packages")) symlinkSync(`../../packages/${name}`, `${scope}/${name}`, "junction")
