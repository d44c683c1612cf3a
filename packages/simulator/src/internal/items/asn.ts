/**
 * Numbers of autonomous systems.
 */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Refusals from "../refusals.ts"
import { comment, type Read } from "./newItem.ts"

export const Asn = Schema.Struct({ asn: Schema.Int, ...comment })

// Source: 32 bits by the OpenAPI schema; "ASN 0 is not valid" in Cloudflare's Terraform provider.
export const read: Read<typeof Asn.Type> = ({ asn, comment }, position) =>
  asn < 1 || asn > 0xffff_ffff
    ? Result.fail(Refusals.invalidValue("asn", position, "ASNs should be from 1 to 4294967295 inclusive"))
    : Result.succeed({ value: { asn }, comment, key: String(asn).padStart(10, "0") })
