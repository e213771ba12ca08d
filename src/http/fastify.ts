import 'fastify'

export { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify as Fastify } from 'fastify'

declare module 'fastify' {
  interface FastifyRequest {
    /** The body's bytes as they came. */
    rawBody?: Uint8Array
  }
  interface FastifyContextConfig {
    /** Asked by a load balancer: answered also when everything else is too much. */
    isProbe?: boolean
    /** Its body is a file, which takes its time to come. */
    takesFile?: boolean
  }
}
