import { Context, Layer, Logger, type LogLevel, References, Tracer } from "effect"

/** One JSON object a line, with the trace it belongs to; the request id stands among the annotations. */
const json = Logger.withConsoleLog(
  Logger.make((options) => {
    const { annotations, cause, level, message, timestamp } = Logger.formatStructured.log(options)
    const { context } = options.fiber
    // Where no trace is kept, spans are there all the same, and all have one id that says nothing.
    const span = Context.get(context, References.TracerEnabled)
      ? Context.getOrUndefined(context, Tracer.ParentSpan)
      : undefined
    return JSON.stringify({
      timestamp,
      level: level.toLowerCase(),
      message,
      ...annotations,
      ...(span === undefined ? {} : { trace_id: span.traceId, span_id: span.spanId }),
      ...(cause === undefined ? {} : { cause })
    })
  })
)

const loggers = { json, pretty: Logger.consolePretty() }

export const loggingLayer = (options: { readonly format: "json" | "pretty"; readonly level: LogLevel.LogLevel }) =>
  Layer.merge(Logger.layer([loggers[options.format]]), Layer.succeed(References.MinimumLogLevel, options.level))
