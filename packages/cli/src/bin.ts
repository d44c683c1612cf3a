#!/usr/bin/env node
/**
 * The `bulk-operations` command. The cache of compiled code must be on before anything else is loaded.
 */
import { enableCompileCache } from "node:module"

enableCompileCache()
await import("./main.ts")
