import 'fastify'

export { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify as Fastify } from 'fastify'

declare module 'fastify' {
  interface FastifyRequest {
    /** The body's bytes as received. */
    rawBody?: Uint8Array
  }
  interface FastifyContextConfig {
    /** Asked by a load balancer: answered under overload too. */
    isProbe?: boolean
    /** The body is a file, which may take minutes to arrive. */
    takesFile?: boolean
  }
}
