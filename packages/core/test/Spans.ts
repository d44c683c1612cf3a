/**
 * A tracer that keeps the spans it makes.
 */
import { Exit, Option, Tracer } from "effect"

export const record = (): { readonly spans: ReadonlyArray<Tracer.NativeSpan>; readonly tracer: Tracer.Tracer } => {
  const spans: Array<Tracer.NativeSpan> = []
  const tracer = Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      spans.push(span)
      return span
    }
  })
  return { spans, tracer }
}

/** The names of the span and of those it is in, from the inside out. */
export const names = (span: Tracer.AnySpan): ReadonlyArray<string> =>
  span._tag === "ExternalSpan"
    ? []
    : [span.name, ...Option.match(span.parent, { onNone: () => [], onSome: names })]

/** The error with which the span ended. */
export const failure = (span: Tracer.NativeSpan | undefined): unknown =>
  span?.status._tag === "Ended" ? Option.getOrUndefined(Exit.findErrorOption(span.status.exit)) : undefined
