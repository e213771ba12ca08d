import { type Context, ROOT_CONTEXT } from '@opentelemetry/api'
import type { Telemetry } from 'bullmq'
import { BullMQOtel } from 'bullmq-otel'

/**
 * bullmq-otel's telemetry, made safe: what a job says of its trace is whoever added the job's, and bullmq-otel throws on
 * what is no JSON, in the middle of the worker's loop.
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
