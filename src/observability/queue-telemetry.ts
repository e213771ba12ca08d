import { type Context, ROOT_CONTEXT } from '@opentelemetry/api'
import type { Telemetry } from 'bullmq'
import { BullMQOtel } from 'bullmq-otel'

/**
 * The telemetry of bullmq-otel, which ignores malformed trace data. Whoever adds a job sets them, and bullmq-otel would throw
 * on invalid JSON inside the worker's loop.
 */
export function queueTelemetry(): Telemetry<Context> {
  const { tracer, contextManager } = new BullMQOtel({ tracerName: 'bullmq' })
  return {
    tracer,
    contextManager: {
      with: (context, work) => contextManager.with(context, work),
      active: () => contextManager.active(),
      root: () => ROOT_CONTEXT,
      getMetadata: (context) => contextManager.getMetadata(context),
      fromMetadata(context, metadata) {
        try {
          return contextManager.fromMetadata(context, metadata)
        } catch {
          return context
        }
      },
    },
  }
}
