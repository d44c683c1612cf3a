import { bundle } from "../../build.ts"

/** The tests run what users run: the bundle. */
export const setup = () => bundle(new URL("../../dist", import.meta.url).pathname)
