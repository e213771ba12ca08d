// Imported before a program: OpenTelemetry is as if it were not installed. Its API is: prom-client cannot do without.
import { Module, register } from 'node:module'

const deny = `
const REFUSED = /^(@opentelemetry\\/(?!api$)|bullmq-otel)/
export async function resolve(specifier, context, next) {
  if (REFUSED.test(specifier)) throw new Error('refused: ' + specifier)
  return await next(specifier, context)
}`
register(`data:text/javascript,${encodeURIComponent(deny)}`)

const load = Module._load
Module._load = function (specifier, ...others) {
  if (/^(@opentelemetry\/(?!api$)|bullmq-otel)/.test(specifier)) throw new Error(`refused: ${specifier}`)
  return load.call(this, specifier, ...others)
}
