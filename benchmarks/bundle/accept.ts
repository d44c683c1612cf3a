/**
 * `npx node benchmarks/bundle/accept.ts`: records the sizes as they are now in budget.json.
 */
import * as Budget from "./budget.ts"

const before = Budget.recorded()
const now = await Budget.measure()
Budget.record(now)
console.log(Budget.compare(before, now).join("\n") || "Everything is within 5 % of what was recorded before.")
