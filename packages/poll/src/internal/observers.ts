/** Protects polls from observers: if a logger, tracer, metric or `AnswerObserver` throws, only its output is lost. */
import * as CloudflareApi from "@bulk-operations/core/CloudflareApi"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as Result from "effect/Result"
import * as Tracer from "effect/Tracer"

/** Wraps a function so that it does not throw. */
export const harmless =
  <Args extends ReadonlyArray<unknown>>(watch: (...args: Args) => unknown) => (...args: Args): void => {
    Result.try(() => watch(...args))
  }

/** A context whose observers do not throw. */
export const guard = (context: Context.Context<never>): Context.Context<never> => {
  const observe = Context.get(context, CloudflareApi.AnswerObserver)
  const loggers = Array.from(
    Context.get(context, Logger.CurrentLoggers),
    (logger) => Logger.make<unknown, void>(harmless((options) => logger.log(options)))
  )
  const guarded = context.pipe(
    Context.add(CloudflareApi.AnswerObserver, (head) => Effect.ignoreCause(Effect.suspend(() => observe(head)))),
    Context.add(Logger.CurrentLoggers, new Set(loggers))
  )
  const tracer = Context.get(context, Tracer.Tracer)
  // Effect does less work without a tracer.
  return tracer === Tracer.nativeTracer ? guarded : Context.add(guarded, Tracer.Tracer, guardTracer(tracer))
}

const guardTracer = (tracer: Tracer.Tracer): Tracer.Tracer =>
  Tracer.make({
    span: (options) =>
      Result.match(Result.try(() => tracer.span(options)), {
        onFailure: () => new Tracer.NativeSpan(options),
        onSuccess: guardSpan
      }),
    context: tracer.context
  })

// The span itself is kept, because its tracer may recognize it.
const guardSpan = (span: Tracer.Span): Tracer.Span =>
  Object.assign(span, {
    end: harmless(span.end.bind(span)),
    attribute: harmless(span.attribute.bind(span)),
    event: harmless(span.event.bind(span)),
    addLinks: harmless(span.addLinks.bind(span))
  })
