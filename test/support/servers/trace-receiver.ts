import { startServer, type TestServer } from './http-server.ts'

/** A span as OTLP's JSON has it, its attributes as an object. */
export interface ReceivedSpan {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly service: string
  readonly facts: Readonly<Record<string, string | number>>
}

export interface TraceReceiver extends TestServer {
  spans(): ReceivedSpan[]
}

interface OtlpAttribute {
  readonly key: string
  readonly value: { readonly stringValue?: string; readonly intValue?: number }
}

interface OtlpBody {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly OtlpAttribute[] }
    readonly scopeSpans: readonly {
      readonly spans: readonly (Omit<ReceivedSpan, 'facts' | 'service'> & {
        readonly attributes: readonly OtlpAttribute[]
      })[]
    }[]
  }[]
}

/** A receiver of traces over OTLP/HTTP that remembers everything. */
export async function startTraceReceiver(): Promise<TraceReceiver> {
  const server = await startServer((_request, response) => response.writeHead(200).end('{}'))
  return {
    ...server,
    spans: () => server.requests.flatMap(({ body }) => spansIn(JSON.parse(body) as OtlpBody)),
  }
}

function spansIn({ resourceSpans }: OtlpBody): ReceivedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = String(factsOf(resource.attributes)['service.name'])
    return scopeSpans.flatMap(({ spans }) =>
      spans.map(({ attributes, ...span }) => ({ ...span, service, facts: factsOf(attributes) })),
    )
  })
}

function factsOf(attributes: readonly OtlpAttribute[]): Record<string, string | number> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [key, value.stringValue ?? value.intValue ?? '']),
  )
}
