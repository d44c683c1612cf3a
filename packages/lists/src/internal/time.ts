/** The times of lists and items. They are parsed only on demand: a page of 500 items has a thousand of them. */
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"

/** The time, if it is present and readable. */
export const read = (text: string | undefined): Option.Option<DateTime.Utc> =>
  text !== undefined && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/i.test(text)
    ? Option.map(DateTime.make(text), DateTime.toUtc)
    : Option.none()
